"""Room for the hand: less where something is nearer, and none where hand or fingers would touch."""

import math
from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridctl.data.experts.clearance import ENOUGH, Footprint, footprints, room_for_hand
from hybridctl.data.experts.hands import tool_pose
from hybridctl.messages.action import rotation_from_rpy
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


def rpy(roll: float, pitch: float) -> np.ndarray:
    return rotation_from_rpy(roll, pitch, 0.0)


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


@pytest.mark.parametrize("yaw", [0.0, 0.7, -2.0])
def test_a_hand_that_leans_away_from_a_wall_has_the_room_that_a_straight_one_lacks(yaw: float) -> None:
    # The fingers open along the wall, whose edge the hand's side would come down on.
    at, away = np.array([0.0, 0.0, 0.016]), np.array([math.cos(yaw), math.sin(yaw)])
    wall = Footprint(*(0.028 * away), yaw, (0.003, 0.075), BIN_HEIGHT)
    rooms = [room_for_hand(tool_pose(at, yaw, rpy(0.0, lean)), 0.05, [wall]) for lean in (-0.4, 0.0, 0.4)]
    assert rooms[0] < rooms[1] < 0.0 < rooms[2]


def test_a_hand_that_raises_one_end_passes_over_a_wall_that_its_end_would_come_down_on() -> None:
    at = np.array([0.0, 0.0, 0.020])
    wall = Footprint(0.0, 0.076, 0.0, (0.075, 0.003), BIN_HEIGHT)
    straight, raised, lowered = (
        room_for_hand(tool_pose(at, 0.0, rpy(turn, 0.0)), 0.05, [wall]) for turn in (0.0, 0.2, -0.2)
    )
    assert lowered < straight < 0.0 < raised


def test_where_there_is_room_the_true_shape_of_a_leaning_hand_touches_no_wall(
    lay: Callable[..., SimWorld],
) -> None:
    rng = np.random.default_rng(0)
    clear = 0
    world = lay(Fixture("bin", 0.5, 0.0, 0.3))
    around = footprints(world, without=frozenset())
    for _ in range(300):
        at = np.array([*rng.uniform((0.35, -0.15), (0.65, 0.15)), rng.uniform(0.016, 0.04)])
        lean = rpy(*((rng.uniform(-0.2, 0.2), 0.0) if rng.random() < 0.5 else (0.0, rng.uniform(-0.5, 0.5))))
        T = tool_pose(at, rng.uniform(-3, 3), lean)
        if room_for_hand(T, 0.05, around) > 0.0:
            clear += 1
            assert _true_distance(world, T, 0.05) > 0.0
    assert 50 < clear < 250


def _true_distance(world: SimWorld, T_base_tool: np.ndarray, width: float) -> float:
    """Return how far the simulator's hand and fingers, put at a pose, are from the bin [m]."""
    model, data = world.model, mujoco.MjData(world.model)
    data.qpos[:] = world.data.qpos
    mujoco.mj_kinematics(model, data)
    hand = np.array(data.body("panda/hand").xpos), np.array(data.body("panda/hand").xmat).reshape(3, 3)
    tool = data.site("panda/tool")
    moved = T_base_tool[:3, :3] @ np.array(tool.xmat).reshape(3, 3).T
    origin = T_base_tool[:3, 3] - moved @ (tool.xpos - hand[0])
    opened = {"panda/hand": 0.0}
    for side in ("left", "right"):
        opened[f"panda/{side}_finger"] = width / 2 - float(data.joint(f"panda/{side}_finger_joint").qpos[0])
    solid = [g for g in range(model.ngeom) if model.geom_contype[g]]
    walls = [g for g in solid if model.body(model.geom_bodyid[g]).name == "bin"]
    nearest = 1.0
    for geom in solid:
        name = model.body(model.geom_bodyid[geom]).name
        if name not in opened:
            continue
        outward = {"left": 1.0, "right": -1.0}.get(name.removeprefix("panda/").split("_")[0], 0.0)
        shift = outward * opened[name] * hand[1][:, 1]
        data.geom_xpos[geom] = origin + moved @ (data.geom_xpos[geom] + shift - hand[0])
        data.geom_xmat[geom] = (moved @ data.geom_xmat[geom].reshape(3, 3)).ravel()
        nearest = min(nearest, *(mujoco.mj_geomDistance(model, data, geom, w, 1.0, None) for w in walls))
    return nearest


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
