"""Pushing scores the named thing at the place, and leaves room for the hand on the way."""

import math

import pytest

from hybridctl.sim.tasks.lanes import has_lane
from hybridctl.sim.tasks.push import sample


def place_of(task) -> tuple[float, float]:
    named = task.goal[0].object
    return next((p.x, p.y) for p in (*task.scene.fixtures, *task.scene.objects) if p.phrase == named)


def test_cards_and_things_are_pushed_to_over_a_free_way() -> None:
    tasks = [sample(seed) for seed in range(20)]
    to_card = [any(f.phrase == t.goal[0].object for f in t.scene.fixtures) for t in tasks]
    assert any(to_card)
    assert not all(to_card)
    for task in tasks:
        assert has_lane(task.scene, 0, place_of(task))
        assert 0.05 < math.dist(place_of(task), (task.scene.target.x, task.scene.target.y)) < 0.25
        assert task.scene.target.shape in ("block", "cylinder")


@pytest.mark.parametrize("seed", [s for s in range(12) if sample(s).scene.fixtures][:3])
def test_another_thing_on_the_card_is_no_success(seed: int, begin, put) -> None:
    task = sample(seed)
    world, card = begin(task), task.goal[0].object
    put(task.scene.objects[1].phrase, card)
    assert not task.score(world).success
    begin(task)
    put(task.scene.target.phrase, card)
    assert task.score(world).success


def test_the_expert_pushes_it_there(carried_out) -> None:
    assert carried_out(sample(1)).success
