"""Room for the hand: less where something is nearer, and none where hand or fingers would touch."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridctl.data.experts.clearance import ENOUGH, Footprint, footprints, room_for_hand
from hybridctl.data.experts.hands import tool_pose
from hybridctl.sim.fixtures import BIN_HALF, BIN_HEIGHT, BOWL_RADIUS, Fixture
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import SimWorld

BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.5, 0.0, 0.0, (0.8, 0.1, 0.1))
places = st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
shapes = st.builds(
    Footprint,
    x=st.floats(-0.2, 0.2), y=st.floats(-0.2, 0.2), yaw=st.floats(-3, 3),
    half=st.tuples(st.floats(0.005, 0.1), st.floats(0.005, 0.1)), top=st.floats(0.0, 0.2),
    round=st.booleans(),
)  # fmt: skip
poses = st.builds(
    lambda x, y, z, yaw: tool_pose(np.array([x, y, z]), yaw),
    st.floats(-0.15, 0.15), st.floats(-0.15, 0.15), st.floats(0.01, 0.1), st.floats(-3, 3),
)  # fmt: skip
widths = st.floats(0.0, 0.08)


@settings(max_examples=100, deadline=None)
@given(shapes, places)
def test_the_distance_is_that_of_the_nearest_point_of_the_outline(
    foot: Footprint, at: tuple[float, float]
) -> None:
    angles = np.linspace(0, 2 * math.pi, 721)
    if foot.round:
        outline = foot.half[0] * np.column_stack([np.cos(angles), np.sin(angles)])
    else:
        edge = np.linspace(-1, 1, 201)
        ones = np.ones_like(edge)
        sides = [(edge, ones), (edge, -ones), (ones, edge), (-ones, edge)]
        outline = np.concatenate([np.column_stack(side) for side in sides]) * foot.half
    c, s = math.cos(foot.yaw), math.sin(foot.yaw)
    outline = outline @ np.array([[c, s], [-s, c]]) + (foot.x, foot.y)
    nearest = float(np.hypot(*(outline - at).T).min())
    assert abs(foot.distance(*at)) == pytest.approx(nearest, abs=0.0012)
    if nearest > 0.002:
        local = np.array([[c, s], [-s, c]]) @ np.subtract(at, (foot.x, foot.y))
        inside = np.hypot(*local) < foot.half[0] if foot.round else bool((np.abs(local) < foot.half).all())
        assert (foot.distance(*at) < 0) == inside


@settings(max_examples=100, deadline=None)
@given(poses, widths, st.lists(shapes, max_size=4), shapes)
def test_something_more_on_the_table_never_gives_more_room(
    T: np.ndarray, width: float, around: list[Footprint], one: Footprint
) -> None:
    room = room_for_hand(T, width, around)
    assert room_for_hand(T, width, [*around, one]) <= room <= ENOUGH
    assert room_for_hand(T, width, []) == ENOUGH
    taller = [replace(foot, top=foot.top + 0.05) for foot in around]
    assert room_for_hand(T, width, taller) <= room


@settings(max_examples=100, deadline=None)
@given(st.floats(-3, 3), st.floats(0.01, 0.1), widths, st.lists(shapes, max_size=3))
def test_a_hand_turned_by_half_a_turn_has_the_same_room(
    yaw: float, z: float, width: float, around: list[Footprint]
) -> None:
    one, other = (
        room_for_hand(tool_pose(np.array([0.0, 0.0, z]), y), width, around) for y in (yaw, yaw + math.pi)
    )
    assert one == pytest.approx(other, abs=1e-9)


def test_fingers_mind_what_is_beside_them_and_the_hand_what_is_tall() -> None:
    T = tool_pose(np.array([0.0, 0.0, 0.02]), 0.0)  # the fingers open along y
    beside = Footprint(0.0, 0.06, 0.0, (0.02, 0.02), top=0.04, round=True)
    assert room_for_hand(T, 0.05, [beside]) < 0.0
    assert room_for_hand(T, 0.05, [replace(beside, x=0.06, y=0.0)]) > 0.0, "along x it is free"
    assert room_for_hand(T, 0.05, [replace(beside, top=0.008)]) == ENOUGH, "they pass over what is low"
    across = Footprint(0.05, 0.0, 0.0, (0.02, 0.02), top=0.04, round=True)
    assert room_for_hand(T, 0.03, [replace(across, top=0.09)]) < room_for_hand(T, 0.03, [across])
    nearer = [
        room_for_hand(T, 0.03, [replace(across, y=y, x=0.0, top=0.2)]) for y in (0.14, 0.13, 0.12, 0.11)
    ]
    assert nearer == sorted(nearer, reverse=True)
    assert nearer[0] > nearer[-1]


def test_footprints_are_of_everything_but_what_is_left_out(lay: Callable[..., SimWorld]) -> None:
    other = replace(BLOCK, x=0.6)
    world = lay(Fixture("bowl", 0.4, 0.2), Fixture("bin", 0.5, -0.2, 0.3), things=(BLOCK, other))
    everything = footprints(world, without=frozenset())
    kept = footprints(world, without=frozenset({"object0", "bin"}))
    assert min(foot.distance(0.5, 0.0) for foot in everything) < -0.02
    assert min(foot.distance(0.5, 0.0) for foot in kept) > 0.05
    assert len(everything) == len(kept) + 1 + 4, "a bin is four walls"


def test_containers_are_walls_with_room_between(lay: Callable[..., SimWorld]) -> None:
    world = lay(Fixture("bowl", 0.4, 0.2), Fixture("bin", 0.5, -0.2))
    around = footprints(world, without=frozenset())
    assert min(foot.distance(0.4, 0.2) for foot in around) > BOWL_RADIUS - 0.03
    assert min(foot.distance(0.4 + BOWL_RADIUS - 0.003, 0.2) for foot in around) < 0.0
    assert min(foot.distance(0.5, -0.2) for foot in around) > BIN_HALF - 0.01
    wall = min(around, key=lambda foot: foot.distance(0.5 + BIN_HALF, -0.2))
    assert wall.distance(0.5 + BIN_HALF, -0.2) <= 0.0
    assert wall.top == BIN_HEIGHT


def test_an_open_drawer_takes_more_room_than_a_shut_one(lay: Callable[..., SimWorld]) -> None:
    before = (0.5, 0.315 - 0.19)
    rooms = []
    for opening in (0.0, 0.16):
        world = lay(Fixture("cabinet", 0.5, 0.315, -math.pi / 2, opening=opening))
        rooms.append(min(foot.distance(*before) for foot in footprints(world, without=frozenset())))
    assert rooms[1] < 0.0 < rooms[0], "the front and its handle have come out"
    inside = min(foot.distance(0.5, 0.315 - 0.08) for foot in footprints(world, without=frozenset()))
    assert inside > 0.05, "and it is hollow"
