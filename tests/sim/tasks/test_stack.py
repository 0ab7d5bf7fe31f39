"""Stacking scores one named thing upon the other, and not the other way about."""

import pytest

from hybridctl.sim.tasks.stack import sample


@pytest.mark.parametrize("seed", range(4))
def test_the_order_counts(seed: int, begin, put) -> None:
    task = sample(seed)
    world, (top, base) = begin(task), (o.phrase for o in task.scene.objects[:2])
    put(base, top)
    assert not task.score(world).success
    begin(task)
    put(top, base)
    assert task.score(world).success
    begin(task)
    put(task.scene.objects[2].phrase, base)
    assert not task.score(world).success
