"""What is free on the table: no lane where something stands in it, or where the hand has no room behind."""

from dataclasses import replace

import numpy as np
import pytest

from hybridctl.sim.layout import AREA
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.tasks.lanes import free_place, free_way, has_lane
from hybridctl.sim.workshop import SceneBuilder


@pytest.fixture
def scene() -> SceneSpec:
    builder = SceneBuilder(1)
    builder.thing("block")
    builder.thing("cylinder")
    made = builder.build()
    first, second = made.objects
    return replace(made, objects=(replace(first, x=0.45, y=0.0), replace(second, x=0.60, y=0.2)))


def test_a_lane_is_free_until_something_stands_in_it(scene: SceneSpec) -> None:
    assert has_lane(scene, 0, (0.45, 0.2))
    between = replace(scene.objects[1], x=0.46, y=0.1)
    assert not has_lane(replace(scene, objects=(scene.objects[0], between)), 0, (0.45, 0.2))


def test_the_hand_needs_room_behind_the_thing(scene: SceneSpec) -> None:
    behind = replace(scene.objects[1], x=0.45, y=-0.08)
    assert not has_lane(replace(scene, objects=(scene.objects[0], behind)), 0, (0.45, 0.2))
    at_the_base = replace(scene.objects[0], x=0.36)
    assert not has_lane(replace(scene, objects=(at_the_base, scene.objects[1])), 0, (0.55, 0.0))


def test_another_place_is_on_the_table_and_free(scene: SceneSpec) -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        x, y = free_place(scene, rng, farther=0.14, room=0.03)
        assert np.hypot(x - 0.45, y) > 0.14
        assert np.hypot(x - 0.60, y - 0.2) > 0.07
        assert all(low < value < high for value, (low, high) in zip((x, y), AREA, strict=True))
    with pytest.raises(SceneError, match="no other place"):
        free_place(scene, rng, farther=2.0, room=0.03)


def test_a_way_keeps_off_what_stands_beside_it(scene: SceneSpec) -> None:
    rng = np.random.default_rng(0)
    other = np.array([0.60, 0.2])
    for _ in range(30):
        start, end = np.array(free_way(scene, rng, shortest=0.1, longest=0.3)), np.array([0.45, 0.0])
        along = np.linspace(0.0, 1.0, 50)[:, None]
        points = start + along * (end - start)
        assert np.linalg.norm(points - other, axis=1).min() > 0.06
