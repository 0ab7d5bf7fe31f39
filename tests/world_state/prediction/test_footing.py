"""What things offer others to rest on or in."""

import numpy as np
import pytest

from world_state.beliefs import Beliefs
from world_state.prediction.footing import DRAWER_FLOOR, FLOOR, WALL, footings_of


@pytest.mark.parametrize(
    ("phrase", "kind", "height"),
    [("blue bowl", "in", FLOOR), ("bin", "in", FLOOR), ("plate", "on", 0.04), ("red block", "on", 0.04)],
)
def test_containers_offer_their_floor_and_other_things_their_top(put, phrase, kind, height):
    beliefs, slot = put(Beliefs(), phrase, 0.5, 0.0, extent=(0.1, 0.1, 0.04))
    (footing,) = footings_of(beliefs, slot)
    assert (footing.kind, footing.to) == (kind, slot.id)
    assert footing.height == pytest.approx(height)
    assert footing.probability == slot.p_exists


def test_a_drawer_offers_its_floor_as_far_as_it_is_open_and_its_top_for_the_rest(put, drawer):
    beliefs, slot = put(Beliefs(), "drawer", 0.5, 0.0, extent=(0.2, 0.2, 0.095))
    floor, top = footings_of(beliefs.with_articulation(drawer(0.9)), slot)
    assert (floor.kind, top.kind) == ("in", "on")
    assert floor.probability == pytest.approx(slot.p_exists, abs=0.01)
    assert floor.probability + top.probability == pytest.approx(slot.p_exists)
    assert floor.height == pytest.approx(DRAWER_FLOOR)
    assert top.height == pytest.approx(0.095)


def test_the_outline_turns_with_the_thing(put):
    beliefs, slot = put(Beliefs(), "book", 0.5, 0.0, extent=(0.2, 0.04, 0.016), yaw=np.pi / 6)
    (footing,) = footings_of(beliefs, slot)
    along = np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    across = np.array([-along[1], along[0]])
    offsets = np.array([0.09 * along, 0.03 * across, 0.015 * across])
    assert footing.holds(offsets).tolist() == [True, False, True]


@pytest.mark.parametrize(("phrase", "yaw"), [("bowl", None), ("bin", 0.4)])
def test_walls_keep_a_thing_inside(put, phrase, yaw):
    beliefs, slot = put(Beliefs(), phrase, 0.5, 0.0, extent=(0.14, 0.14, 0.06), yaw=yaw)
    (footing,) = footings_of(beliefs, slot)
    offsets = np.random.default_rng(0).uniform(-0.2, 0.2, (200, 2))
    kept = footing.kept(offsets, radius=0.02)
    assert footing.holds(kept).all()
    inner = footing.kept(offsets, radius=0.0)
    np.testing.assert_allclose(footing.kept(inner / 10, radius=0.02), inner / 10, atol=1e-12)
    if yaw is None:
        assert np.linalg.norm(kept, axis=1).max() == pytest.approx(0.07 - WALL - 0.02)
    assert not footing.kept(offsets, radius=0.2).any()


def test_the_area_is_that_within_the_walls(put):
    beliefs, bowl = put(Beliefs(), "bowl", 0.5, 0.0, extent=(0.14, 0.14, 0.06))
    assert footings_of(beliefs, bowl)[0].area == pytest.approx(np.pi * 0.065**2)
    beliefs, tray = put(beliefs, "tray", 0.5, 0.3, extent=(0.09, 0.27, 0.02), yaw=0.0)
    assert footings_of(beliefs, tray)[0].area == pytest.approx(0.08 * 0.26)
