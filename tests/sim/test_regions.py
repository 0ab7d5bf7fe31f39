"""Every phrase that names a place leads to its region, and the region is where the body is hollow or flat."""

from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridctl.sim.fixtures import COMPARTMENTS, Fixture
from hybridctl.sim.regions import Region, regions_of
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import SimWorld

BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.0, 0.5, 0.3, (0.8, 0.1, 0.1))
FIXTURES = (
    Fixture("bowl", 2.0, 0.0, label="white bowl"),
    Fixture("bin", 0.5, 0.0, 0.2),
    Fixture("cabinet", 1.0, 0.0, -1.5),
    Fixture("tray", 1.5, 0.0),
    Fixture("socket", 0.0, -0.5, label="hole"),
    Fixture("palm", 0.5, -0.5, 1.5),
    Fixture("plate", 1.0, -0.5),
    Fixture("book", 1.5, -0.5),
    Fixture("card", 2.0, -0.5, symbol="7"),
)
"""Far apart, so that none is over another."""
KINDS = {
    "white bowl": "in", "bin": "in", "drawer": "in", **dict.fromkeys(COMPARTMENTS, "in"), "hole": "hole",
    "person": "hand", "plate": "on", "book": "on", "7": "on", "red block": "on", "cup": "in",
}  # fmt: skip
CUP = replace(BLOCK, shape="cup", label="cup", size=0.072, height=0.075, x=0.5)


def test_each_place_is_found_by_its_phrase(stage: Callable[..., SimWorld]) -> None:
    regions = regions_of(stage(*FIXTURES, things=(BLOCK, CUP)).scene)
    assert {phrase: region.kind for phrase, region in regions.items()} == KINDS


def test_of_two_things_called_the_same_the_second_goes_by_its_body(stage: Callable[..., SimWorld]) -> None:
    regions = regions_of(stage(things=(BLOCK, replace(BLOCK, y=-0.2))).scene)
    assert regions["red block"].body == "object0"
    assert regions["object1"].body == "object1"


@pytest.mark.parametrize("phrase", KINDS)
def test_the_floor_is_where_a_ray_from_above_meets_it(stage: Callable[..., SimWorld], phrase: str) -> None:
    """And just beyond its walls there is something as high as the rim, or nothing of that body."""
    world = stage(*(replace(p, opening=0.16) for p in FIXTURES), things=(BLOCK, CUP))
    region = regions_of(world.scene)[phrase]
    middle = region.centre[0] + (0.02 if phrase == "drawer" else 0.0), region.centre[1]
    assert height(world, region, middle) == pytest.approx(region.floor, abs=0.002)
    for share in (0.9, -0.9):  # most of the region is as deep
        x = middle[0] + share * region.half[0] * (0.6 if phrase == "drawer" else 1.0)
        assert height(world, region, (x, middle[1])) == pytest.approx(region.floor, abs=0.002)
    beyond = (middle[0], region.centre[1] + region.half[1] + 0.002)
    if region.rim > region.floor:
        assert height(world, region, beyond) > region.floor + 0.9 * (region.rim - region.floor)


def height(world: SimWorld, region: Region, place: tuple[float, float]) -> float:
    """Height of the first surface that a ray from above meets, in the frame of the region's body [m]."""
    body = world.data.body(region.body)
    start = body.xpos + body.xmat.reshape(3, 3) @ (*place, 0.0)
    start = np.array([start[0], start[1], 1.0])
    seen = np.array([1, 1, 1, 1, 1, 0], np.uint8)
    geom = np.zeros(1, np.int32)
    body_of_arm = -1
    distance = mujoco.mj_ray(
        world.model, world.data, start, np.array([0.0, 0.0, -1.0]), seen, 1, body_of_arm, geom
    )
    return 1.0 - distance - float(body.xpos[2])


places = st.floats(-0.1, 0.1)


@settings(max_examples=200, deadline=None)
@given(places, places, st.booleans(), st.floats(0.0, 0.03))
def test_a_region_holds_what_is_within_its_border_by_the_margin(
    x: float, y: float, is_round: bool, margin: float
) -> None:
    region = Region("body", "in", (0.06, 0.06 if is_round else 0.04), 0.0, 0.02, (0.01, -0.02), is_round)
    dx, dy = x - 0.01, y + 0.02
    inside = 0.06 - np.hypot(dx, dy) if is_round else min(0.06 - abs(dx), 0.04 - abs(dy))
    if abs(inside - margin) > 1e-9:
        assert region.holds(x, y, margin=margin) == (inside > margin)
