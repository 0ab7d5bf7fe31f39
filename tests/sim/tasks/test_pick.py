"""Picking scores the thing that was named, held off the table."""

from hybridctl.messages.plan import Skill
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.pick import sample


def test_the_thing_named_is_the_one_to_hold() -> None:
    for seed in range(10):
        task = sample(seed)
        (subgoal,) = task.plan.subgoals
        assert subgoal.skill is Skill.PICK
        assert subgoal.target == task.goal[0].subject == task.scene.target.phrase
        assert subgoal.target in task.instruction


def test_other_things_look_like_it_where_scenes_are_hard() -> None:
    for seed in range(10):
        target, *others = sample(seed, split=Split("seen", "hard")).scene.objects
        assert any(o.shape == target.shape or o.colour == target.colour for o in others)
        assert all(o.phrase != target.phrase for o in others)


def test_the_expert_holds_it_in_the_end(carried_out) -> None:
    score = carried_out(sample(1))
    assert score.success
    assert score.disturbed == 0
