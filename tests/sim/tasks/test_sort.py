"""Sorting scores every thing in the bin of its colour."""

from collections import Counter

from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sort import sample


def test_two_things_of_each_colour_belong_in_its_bin() -> None:
    for seed in range(8):
        task = sample(seed, split=Split(("seen", "unseen-objects")[seed % 2]))
        assert sorted(Counter(o.colour for o in task.scene.objects).values()) == [2, 2]
        assert {c.subject for c in task.goal} == {o.phrase for o in task.scene.objects}
        for condition in task.goal:
            assert condition.subject.split()[0] == condition.object.split()[0]


def test_one_in_the_wrong_bin_spoils_it(begin, put) -> None:
    """Each is scored by itself: all but the last right, then the last wrong, then right."""
    task = sample(0)
    world = begin(task)
    *most, last = task.goal
    wrong = next(c.object for c in most if c.object != last.object)
    for condition in most:
        put(condition.subject, condition.object)
    # Two in the middle of one bin push each other aside and may pile up; they stay inside.
    put(last.subject, wrong)
    met = task.score(world).met
    assert not met[str(last)]
    assert not task.score(world).success
