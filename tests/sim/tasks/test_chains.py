"""Chains: as many steps as asked for, all of which count in the end."""

import pytest

from hybridctl.messages.plan import Skill
from hybridctl.sim.scene import SceneError
from hybridctl.sim.tasks.chains import LENGTHS, sample


@pytest.mark.parametrize("steps", LENGTHS)
def test_one_step_is_one_skill_of_the_plan(steps: int) -> None:
    for seed in range(12):
        task = sample(seed, steps=steps)
        assert len(task.plan.subgoals) == steps
        carried = sum(s.skill in (Skill.PLACE_IN, Skill.PLACE_ON) for s in task.plan.subgoals)
        assert task.instruction.count("then") == steps - carried - 1


def test_ten_steps_put_four_things_away_and_shut_the_drawer() -> None:
    for seed in range(12):
        task = sample(seed, steps=10)
        skills = [s.skill for s in task.plan.subgoals]
        assert skills[0] is Skill.OPEN
        assert skills[-1] is Skill.CLOSE
        assert skills.count(Skill.PICK) == 4
        places = [c.object for c in task.goal if c.object]
        assert "drawer" in places
        assert len(set(places)) >= 3


def test_all_but_one_step_is_not_done(begin, put) -> None:
    task = next(t for t in (sample(s, steps=5) for s in range(20))
                if sum(bool(c.object) for c in t.goal) == 2 and not t.scene.fixtures[0].opening)  # fmt: skip
    world = begin(task)
    first = next(c for c in task.goal if c.object not in ("", "drawer"))
    put(first.subject, first.object)
    score = task.score(world)
    assert score.met[str(first)]
    assert not score.success


def test_a_length_that_is_not_made_is_answered_with_those_that_are() -> None:
    with pytest.raises(SceneError, match=r"4 steps.*1, 2, 3, 5, 10"):
        sample(0, steps=4)


def test_the_expert_carries_a_chain_out(carried_out) -> None:
    assert carried_out(sample(0, steps=2)).success
