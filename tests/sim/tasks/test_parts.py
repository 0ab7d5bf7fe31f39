"""A cup by the part that is named: judged by where the fingers touch."""

from dataclasses import replace

import pytest

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.tasks.conditions import TruthError, TruthOf
from hybridctl.sim.tasks.parts import sample


def test_only_the_part_that_is_named_counts(carried_out) -> None:
    task = next(t for t in map(sample, range(20)) if t.plan.subgoals[0].part == "handle")
    assert carried_out(task).success
    both = (*task.goal, Condition(Predicate.HELD_BY, "cup", "rim"))
    by_rim = carried_out(replace(task, plan=parse_plan("pick cup by rim"), goal=both))
    assert by_rim.met == {"holding(cup)": True, "held_by(cup, handle)": False, "held_by(cup, rim)": True}


def test_a_thing_without_such_a_part_is_an_error(begin) -> None:
    world = begin(sample(0))
    other = next(spec.phrase for spec in world.scene.objects if spec.shape != "cup")
    with pytest.raises(TruthError, match="handle"):
        TruthOf(world).taken_by(other, "handle")
