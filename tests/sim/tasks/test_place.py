"""Placing scores the thing that was named, in or on the place that was named."""

import pytest

from hybridctl.messages.condition import Predicate
from hybridctl.sim.tasks.place import RECYCLING, sample


def test_every_kind_of_place_is_asked_for() -> None:
    places = {sample(seed).goal[0].object for seed in range(60)}
    assert {"bowl", "bin", "plate", "book", f"{RECYCLING} bin"} <= places
    assert any("compartment" in place for place in places)
    assert any(place.isdigit() or place in ("heart", "star") for place in places)


@pytest.mark.parametrize("seed", range(6))
def test_the_named_thing_there_is_success_and_another_is_not(seed: int, begin, put) -> None:
    task = sample(seed)
    world, place = begin(task), task.goal[0].object
    put(task.scene.objects[1].phrase, place)
    assert not task.score(world).success
    begin(task)
    put(task.scene.target.phrase, place)
    assert task.score(world).success


def test_the_wrong_place_is_no_success(begin, put) -> None:
    seen = 0
    for seed in range(30):
        task = sample(seed)
        others = [f.phrase for f in task.scene.fixtures if f.phrase not in (task.goal[0].object, "tray")]
        if others:
            world = begin(task)
            put(task.scene.target.phrase, others[0])
            assert not task.score(world).success
            seen += 1
    assert seen > 5


def test_a_can_to_be_recycled_goes_into_the_blue_bin() -> None:
    recycling = [t for t in map(sample, range(80)) if "recycl" in t.instruction]
    assert recycling
    for task in recycling:
        assert task.goal[0].predicate is Predicate.IN
        assert (task.goal[0].subject, task.goal[0].object) == ("soda can", "blue bin")
