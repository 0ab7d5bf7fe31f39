"""Tidying scores all that was meant in the bin, and nothing else there."""

from hybridctl.messages.condition import Predicate
from hybridctl.sim.tasks.tidy import sample


def kind_of(task) -> str:
    words = task.instruction
    return "toys" if "toys" in words else "rubbish" if "rubbish" in words else "everything"


def test_toys_rubbish_and_everything_are_told_apart() -> None:
    tasks = [sample(seed) for seed in range(30)]
    assert {kind_of(t) for t in tasks} == {"toys", "rubbish", "everything"}
    for task in tasks:
        wanted = {c.subject for c in task.goal if not c.negated}
        kept = {c.subject for c in task.goal if c.negated}
        assert wanted | kept == {o.phrase for o in task.scene.objects}
        fruit = {o.phrase for o in task.scene.objects if o.is_fruit}
        if kind_of(task) == "rubbish":
            assert wanted == {"soda can"}
        elif kind_of(task) == "toys":
            assert fruit == kept
        else:
            assert not kept
            assert fruit


def test_what_should_have_stayed_spoils_it(begin, put) -> None:
    task = next(t for t in map(sample, range(20)) if kind_of(t) == "rubbish")
    world = begin(task)
    put("soda can", "bin")
    assert task.score(world).success
    begin(task)
    put(next(c.subject for c in task.goal if c.negated), "bin")
    assert not task.score(world).success
    assert all(c.predicate is Predicate.IN for c in task.goal)
