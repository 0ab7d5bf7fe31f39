"""The full table holds twenty things of different names, as close as the physics lets them stand."""

import numpy as np
import pytest

from hybridctl.bench.memory_scene import ROOM_FOR_FINGERS, SPACING, THINGS, crowded_scene
from hybridctl.sim.truth import true_objects
from hybridctl.sim.world import SimWorld


def centres(seed: int, graspable: int) -> np.ndarray:
    scene = crowded_scene(seed, graspable=graspable)
    return np.array([(thing.x, thing.y) for thing in scene.objects])


@pytest.mark.parametrize("seed", range(12))
def test_things_keep_their_distance_and_those_for_the_hand_keep_more(seed: int) -> None:
    places = centres(seed, 2)
    gaps = np.linalg.norm(places[:, None] - places, axis=2) + np.eye(THINGS)
    assert gaps.min() > SPACING - 2e-4
    assert gaps[:2].min() > ROOM_FOR_FINGERS - 2e-4


def test_every_thing_has_a_look_alike_and_a_name_of_its_own() -> None:
    phrases = [thing.phrase for thing in crowded_scene(3).objects]
    assert len(set(phrases)) == THINGS
    for phrase in phrases:
        colour, shape = phrase.split()
        others = [other.split() for other in phrases if other != phrase]
        assert any(colour == c for c, _ in others)
        assert any(shape == s for _, s in others)


def test_the_same_seed_gives_the_same_table() -> None:
    assert crowded_scene(5, graspable=2) == crowded_scene(5, graspable=2)
    assert crowded_scene(5) != crowded_scene(6)


def test_on_a_full_table_nothing_moves() -> None:
    world = SimWorld(crowded_scene(7))
    before = np.array([thing.position for thing in true_objects(world)])
    world.sleep_until(1.0)
    after = np.array([thing.position for thing in true_objects(world)])
    assert len(after) == THINGS
    assert np.abs(after - before).max() < 1e-3
