"""A kit is complete when each thing lies in its own compartment."""

from hybridctl.sim.fixtures import COMPARTMENTS
from hybridctl.sim.tasks.kitting import sample


def test_each_thing_has_a_compartment_of_its_own() -> None:
    counts = set()
    for seed in range(12):
        task = sample(seed)
        places = [c.object for c in task.goal]
        counts.add(len(places))
        assert len(set(places)) == len(places)
        assert set(places) <= set(COMPARTMENTS)
        assert all(c.subject in task.instruction for c in task.goal)
    assert counts == {2, 3}


def test_swapped_things_are_no_kit(begin, put) -> None:
    for seed in range(3):
        task = sample(seed)
        world = begin(task)
        for condition in task.goal:
            put(condition.subject, condition.object)
        assert task.score(world).success
        begin(task)
        for condition, other in zip(task.goal, (*task.goal[1:], task.goal[0]), strict=True):
            put(condition.subject, other.object)
        assert not task.score(world).success
