"""Each predicate that the physics can answer: where it holds, where it does not, and where it nearly does."""

from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from controllers.inverse_kinematics import solve_ik
from controllers.robot_model import RobotModel
from hybridctl.messages.condition import PLACES, Condition, Predicate
from hybridctl.sim import fixtures as f
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.tasks.conditions import TruthError, TruthOf, lowest_point
from hybridctl.sim.things import CAN_DIAMETER, CAN_HEIGHT, CUP_HANDLE, CUP_HEIGHT, CUP_RADIUS, ObjectSpec
from hybridctl.sim.truth import true_objects
from hybridctl.sim.world import HOME_Q, SimWorld

P = Predicate
Stage = Callable[..., SimWorld]
BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.5, 0.0, 0.0, (0.8, 0.1, 0.1))
OTHER = replace(BLOCK, colour="blue")
BALL = replace(BLOCK, shape="ball")
CAN = replace(BLOCK, shape="can", size=CAN_DIAMETER, height=CAN_HEIGHT, label="can")
PEG = replace(BLOCK, shape="peg", size=0.030, height=0.080, label="peg")
CUP = replace(BLOCK, shape="cup", size=2 * CUP_RADIUS, height=CUP_HEIGHT, label="cup")
BOWL, BIN, PLATE = Fixture("bowl", 0.5, 0.0), Fixture("bin", 0.5, 0.0, 0.4), Fixture("plate", 0.5, 0.0)
SOCKET = Fixture("socket", 0.5, 0.0, label="hole")
TRAY, CARD, PALM = Fixture("tray", 0.5, 0.0), Fixture("card", 0.5, 0.0, symbol="7"), Fixture("palm", 0.5, 0.0)
CABINET = Fixture("cabinet", 0.5, 0.3, -np.pi / 2, opening=0.16)
RIM = f.BOWL_RADIUS - f.BOWL_WALL / 2
LYING = (np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0)


def holds(world: SimWorld, predicate: Predicate, a: str = "", b: str = "") -> bool:
    condition = Condition(predicate, a, b)
    truth = TruthOf(world)
    assert truth.holds(~condition) != truth.holds(condition)
    return truth.holds(condition)


def turn(world: SimWorld, body: str, quat: tuple[float, ...]) -> None:
    at = int(world.model.joint(body).qposadr[0])
    world.data.qpos[at + 3 : at + 7] = quat
    mujoco.mj_forward(world.model, world.data)


def take(
    world: SimWorld, robot: RobotModel, at: tuple[float, float, float], width: float, *, floats: bool = True
) -> None:
    """Put the hand at a place, pointing down, and close it on what is between its fingers (and `floats`)."""
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = np.diag([1.0, -1.0, -1.0]), at
    q = solve_ik(robot, T, np.array(HOME_Q))
    assert q is not None
    gravity = world.model.opt.gravity.copy()
    world.model.opt.gravity[:] = 0.0 if floats else gravity
    world.set_arm(q, width)
    world.data.ctrl[world.gripper_actuator] = 0.0
    world.sleep_until(world.now() + 0.2)
    world.model.opt.gravity[:] = gravity
    world.sleep_until(world.now() + 0.1)


IN = [
    ("a ball in the middle of the bowl", BOWL, replace(BALL, z=0.028), "bowl", True),
    ("one that leans on its wall from inside", BOWL, replace(BALL, x=0.545, z=0.028), "bowl", True),
    ("one that lies on its rim", BOWL, replace(BALL, x=0.5 + RIM, z=0.062), "bowl", False),
    ("one that hovers over it", BOWL, replace(BALL, z=0.075), "bowl", False),
    ("one that stands beside it", BOWL, replace(BALL, x=0.6), "bowl", False),
    ("a can that stands in a bin, higher than its wall", BIN, replace(CAN, z=0.048), "bin", True),
    ("a can that stands in a bowl, much higher than its wall", BOWL, replace(CAN, z=0.049), "bowl", True),
    ("a can that stands on the wall of a bin", BIN, replace(CAN, x=0.571, y=0.03, z=0.108), "bin", False),
    ("a block across a bin's wall", BIN, replace(BLOCK, x=0.565, y=0.028, z=0.080), "bin", False),
    ("a block in the corner of a bin", Fixture("bin", 0.5, 0.0), replace(BLOCK, x=0.548, y=0.048, z=0.027),
     "bin", True),
    ("a block in the middle compartment", TRAY, replace(BLOCK, z=0.026), "second compartment", True),
    ("and not in the first", TRAY, replace(BLOCK, z=0.026), "first compartment", False),
    ("the first compartment is at +y", TRAY, replace(BLOCK, y=0.09, z=0.026), "first compartment", True),
    ("a block on the divider of two", TRAY, replace(BLOCK, y=0.045, z=0.044), "second compartment", False),
    ("a block in the open drawer", CABINET, replace(BLOCK, y=0.22, z=0.047), "drawer", True),
    ("a block on top of the cabinet", CABINET, replace(BLOCK, y=0.37, z=0.117), "drawer", False),
    ("a block before the drawer", CABINET, replace(BLOCK, y=0.08), "drawer", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fixture", "thing", "place", "expected"), [c[1:] for c in IN], ids=[c[0] for c in IN]
)
def test_in(stage: Stage, fixture: Fixture, thing: ObjectSpec, place: str, expected: bool) -> None:
    assert holds(stage(fixture, things=(thing,)), P.IN, thing.phrase, place) == expected


def test_a_can_that_lies_in_a_bin_is_in_it_too(stage: Stage) -> None:
    world = stage(Fixture("bin", 0.5, 0.0), things=(replace(CAN, z=0.031),))
    turn(world, "object0", LYING)
    assert holds(world, P.IN, "can", "bin")


def test_what_lies_in_a_cup_is_in_it_and_goes_with_it(stage: Stage) -> None:
    marble = replace(BALL, size=0.026, height=0.026, z=0.018)
    assert holds(stage(things=(CUP, marble)), P.IN, "red ball", "cup")
    assert not holds(stage(things=(CUP, replace(marble, x=0.56, z=None))), P.IN, "red ball", "cup")


def test_what_falls_through_is_not_in(stage: Stage) -> None:
    world = stage(BOWL, things=(replace(BALL, z=0.030),))
    dof = int(world.model.joint("object0").dofadr[0])
    world.data.qvel[dof + 2] = -0.2
    mujoco.mj_forward(world.model, world.data)
    assert not holds(world, P.IN, "red ball", "bowl")


def test_what_is_held_is_neither_in_nor_on_nor_with(stage: Stage, robot: RobotModel) -> None:
    for fixture, predicate, place, z in (
        (BOWL, P.IN, "bowl", 0.029), (PLATE, P.ON, "plate", 0.031), (PALM, P.WITH, "person", 0.138),
    ):  # fmt: skip
        world = stage(fixture, things=(replace(BLOCK, z=z),))
        assert holds(world, predicate, "red block", place)
        take(world, robot, (0.5, 0.0, z + 0.012), 0.045)
        assert not holds(world, predicate, "red block", place)
        assert not holds(world, P.HAND_EMPTY)


ON = [
    ("a block on a plate", PLATE, replace(BLOCK, z=0.030), "plate", True),
    ("one whose middle is beyond the plate's edge", PLATE, replace(BLOCK, x=0.575, z=0.030), "plate", False),
    ("one that hovers over it", PLATE, replace(BLOCK, z=0.050), "plate", False),
    ("one beside it", PLATE, replace(BLOCK, x=0.62), "plate", False),
    ("a block on a card", CARD, BLOCK, "7", True),
    ("a block beside a card", CARD, replace(BLOCK, x=0.54), "7", False),
    ("a block on a book", Fixture("book", 0.5, 0.0), replace(BLOCK, y=0.06, z=0.038), "book", True),
    ("a block beyond the short side of a book", Fixture("book", 0.5, 0.0), replace(BLOCK, x=0.555, z=0.038),
     "book", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fixture", "thing", "place", "expected"), [c[1:] for c in ON], ids=[c[0] for c in ON]
)
def test_on(stage: Stage, fixture: Fixture, thing: ObjectSpec, place: str, expected: bool) -> None:
    assert holds(stage(fixture, things=(thing,)), P.ON, thing.phrase, place) == expected


def test_a_block_on_another_is_on_it_and_not_under_it(stage: Stage) -> None:
    world = stage(things=(replace(BLOCK, z=0.066), OTHER))
    assert holds(world, P.ON, "red block", "blue block")
    assert not holds(world, P.ON, "blue block", "red block")
    world = stage(things=(replace(BLOCK, x=0.525, z=0.066), OTHER))
    assert not holds(world, P.ON, "red block", "blue block"), "its middle is beyond the edge"


@pytest.mark.parametrize(
    ("above_floor", "expected"),
    [(0.001, True), (0.015, True), (0.020, False), (0.038, False)],
)
def test_inserted_is_what_is_in_by_more_than_half_of_the_holes_depth(
    stage: Stage, above_floor: float, expected: bool
) -> None:
    world = stage(SOCKET, things=(replace(PEG, z=f.SOCKET_FLOOR + above_floor + 0.040),))
    assert holds(world, P.INSERTED, "peg", "hole") == expected


def test_a_peg_that_leans_or_stands_beside_the_hole_is_not_inserted(stage: Stage) -> None:
    world = stage(SOCKET, things=(replace(PEG, z=0.046),))
    turn(world, "object0", (np.cos(0.15), np.sin(0.15), 0.0, 0.0))
    assert not holds(world, P.INSERTED, "peg", "hole")
    assert not holds(stage(SOCKET, things=(replace(PEG, x=0.58),)), P.INSERTED, "peg", "hole")


def test_a_thing_is_with_a_person_when_it_lies_on_the_open_hand(stage: Stage) -> None:
    on_hand = replace(BLOCK, z=f.PALM_TOP + 0.023)
    assert holds(stage(PALM, things=(on_hand,)), P.WITH, "red block", "person")
    assert not holds(stage(PALM, things=(replace(on_hand, x=0.38),)), P.WITH, "red block", "person"), (
        "on the arm"
    )
    assert not holds(stage(PALM, things=(BLOCK,)), P.WITH, "red block", "person"), "under the hand"


def test_at_is_within_2_cm_of_the_outline(stage: Stage) -> None:
    edge = 0.5 + f.CARD_HALF + 0.022
    for x, expected in ((0.5, True), (edge + 0.018, True), (edge + 0.022, False)):
        assert holds(stage(CARD, things=(replace(BLOCK, x=x),)), P.AT, "red block", "7") == expected
    for gap, expected in ((0.001, True), (0.019, True), (0.021, False)):
        world = stage(things=(replace(BLOCK, x=0.5 + 0.044 + gap), OTHER))
        assert holds(world, P.AT, "red block", "blue block") == expected


def test_next_to_is_near_and_nearest_of_its_kind(stage: Stage) -> None:
    def placed(near: float, other: float) -> SimWorld:
        things = (replace(BLOCK, x=0.57 + 0.022 + near), replace(OTHER, x=0.43 - 0.022 - other))
        return stage(PLATE, things=things)

    assert holds(placed(0.03, 0.05), P.NEXT_TO, "red block", "plate")
    assert not holds(placed(0.03, 0.02), P.NEXT_TO, "red block", "plate"), "another is nearer"
    assert not holds(placed(0.085, 0.12), P.NEXT_TO, "red block", "plate"), "the nearest is far"
    ball = replace(BALL, x=0.43 - 0.022 - 0.01)
    world = stage(PLATE, things=(replace(BLOCK, x=0.57 + 0.052), ball))
    assert holds(world, P.NEXT_TO, "red block", "plate"), "what is of another kind does not count"


def test_holding_is_between_the_fingers_and_off_everything_else(stage: Stage, robot: RobotModel) -> None:
    world = stage(things=(replace(BLOCK, z=0.2), replace(OTHER, x=0.6)))
    take(world, robot, (0.5, 0.0, 0.2), 0.045)
    assert holds(world, P.HOLDING, "red block")
    assert not holds(world, P.HOLDING, "blue block")
    assert not holds(world, P.HAND_EMPTY)


def test_what_is_held_but_stands_on_the_table_or_another_is_not_holding(
    stage: Stage, robot: RobotModel
) -> None:
    world = stage(things=(BLOCK,))
    take(world, robot, (0.5, 0.0, 0.030), 0.045, floats=False)
    assert not holds(world, P.HOLDING, "red block")
    assert not holds(world, P.HAND_EMPTY), "but the hand is not empty"
    world = stage(things=(replace(BLOCK, z=0.066), OTHER))
    take(world, robot, (0.5, 0.0, 0.074), 0.045, floats=False)
    assert not holds(world, P.HOLDING, "red block")


def test_one_finger_alone_holds_nothing(stage: Stage, robot: RobotModel) -> None:
    world = stage(things=(replace(BLOCK, y=0.034),))
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = np.diag([1.0, -1.0, -1.0]), (0.5, 0.0, 0.03)
    q = solve_ik(robot, T, np.array(HOME_Q))
    assert q is not None
    world.set_arm(q, 0.005)  # the closed fingers' side just reaches the block
    assert not holds(world, P.HOLDING, "red block")
    assert holds(world, P.HAND_EMPTY)


@pytest.mark.parametrize(
    ("offset", "width", "rim", "handle"),
    [
        ((-CUP_HANDLE, 0.0, -0.010), 0.011, False, True),
        ((0.0, CUP_RADIUS - 0.002, -0.022), 0.006, True, False),
    ],
)
def test_a_cup_is_held_by_the_part_that_the_fingers_touch(
    stage: Stage, robot: RobotModel, offset: tuple[float, float, float], width: float, rim: bool, handle: bool
) -> None:
    x, y, z = np.add((0.5, 0.0, 0.25), offset)
    world = stage(things=(replace(CUP, x=float(x), y=float(y), z=float(z)),))
    take(world, robot, (0.5, 0.0, 0.25), width)
    assert holds(world, P.HOLDING, "cup")
    assert holds(world, P.HELD_BY, "cup", "rim") == rim
    assert holds(world, P.HELD_BY, "cup", "handle") == handle


@pytest.mark.parametrize(
    ("share", "is_open", "is_closed"),
    [(0.0, False, True), (0.04, False, True), (0.06, False, False), (0.69, False, False), (0.71, True, False),
     (1.0, True, False)],
)  # fmt: skip
def test_open_and_closed_leave_room_between_them(
    stage: Stage, share: float, is_open: bool, is_closed: bool
) -> None:
    world = stage(replace(CABINET, opening=share * f.DRAWER_TRAVEL))
    assert holds(world, P.OPEN, "drawer") == is_open
    assert holds(world, P.CLOSED, "drawer") == is_closed


def test_home_and_rest_are_the_arms(stage: Stage) -> None:
    world = stage()
    assert holds(world, P.AT_HOME)
    assert holds(world, P.AT_REST)
    world.data.qvel[world.arm_dofs[3]] = 0.1
    mujoco.mj_forward(world.model, world.data)
    assert not holds(world, P.AT_REST)
    world.set_arm(np.add(HOME_Q, (0.3, 0, 0, 0, 0, 0, 0)), 0.08)
    assert not holds(world, P.AT_HOME)
    assert holds(world, P.AT_REST)


@pytest.mark.parametrize("predicate", Predicate)
def test_every_predicate_is_answered_or_refused_with_a_reason(stage: Stage, predicate: Predicate) -> None:
    world = stage(BOWL, SOCKET, CABINET, PALM, things=(BLOCK, replace(CUP, x=0.6)))
    place = {P.INSERTED: "hole", P.WITH: "person", P.HELD_BY: "rim"}.get(predicate, "bowl")
    subject = {P.OPEN: "drawer", P.CLOSED: "drawer", P.HELD_BY: "cup"}.get(predicate, "red block")
    phrases = (subject, place)[: PLACES[predicate]]
    if predicate in (P.SEEN, P.KNOWN):
        with pytest.raises(TruthError, match="only a memory can say whether"):
            holds(world, predicate, *phrases)
    else:
        assert isinstance(holds(world, predicate, *phrases), bool)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition(P.HOLDING, "green block"), "'green block' names 0 things"),
        (Condition(P.HOLDING, "blue block"), "'blue block' names 2 things"),
        (Condition(P.IN, "red block", "basket"), "'basket' names no place of the scene, known are bowl"),
        (Condition(P.AT, "red block", "basket"), "'basket' names no place"),
        (Condition(P.NEXT_TO, "red block", "basket"), "'basket' names no place"),
        (Condition(P.IN, "teapot", "bowl"), "'teapot' names 0 things"),
        (Condition(P.OPEN, "drawer"), "'drawer' names no place"),
        (Condition(P.CLOSED, "drawer"), "'drawer' names no place"),
        (Condition(P.CLOSED, "bowl"), "the bowl neither opens nor closes"),
    ],
)
def test_what_is_not_there_is_an_error_and_not_an_answer(
    stage: Stage, condition: Condition, words: str
) -> None:
    world = stage(BOWL, things=(BLOCK, replace(OTHER, x=0.6), replace(OTHER, x=0.4)))
    with pytest.raises(TruthError, match=words):
        TruthOf(world).holds(condition)


def test_only_cups_have_parts_and_only_two(stage: Stage) -> None:
    truth = TruthOf(stage(things=(BLOCK, replace(CUP, x=0.6))))
    for phrase, part in (("red block", "handle"), ("cup", "spout")):
        with pytest.raises(TruthError, match=f"the {phrase} has no '{part}'; a cup has rim and handle"):
            truth.taken_by(phrase, part)


def test_referents_tell_things_apart_that_are_called_the_same(stage: Stage) -> None:
    world = stage(BOWL, things=(replace(BLOCK, z=0.028), replace(BLOCK, x=0.65)))
    truth = TruthOf(world, {"left one": "object0", "right one": "object1"})
    assert truth.holds(Condition(P.IN, "left one", "bowl"))
    assert not truth.holds(Condition(P.IN, "right one", "bowl"))
    np.testing.assert_allclose(truth.pose("right one")[:3, 3], (0.65, 0.0, 0.022))


@pytest.mark.parametrize(
    ("thing", "quat"),
    [
        (thing, quat)
        for thing in (BLOCK, BALL, CAN, replace(BLOCK, shape="bar", size=0.028, height=0.028))
        for quat in ((1, 0, 0, 0), LYING, (0.924, 0.383, 0, 0))
        if thing is not CAN or quat != (0.924, 0.383, 0, 0)
    ],
)
def test_the_lowest_point_is_how_far_the_table_is_below_the_middle(
    stage: Stage, thing: ObjectSpec, quat: tuple[float, ...]
) -> None:
    world = stage(things=(replace(thing, z=0.3),))
    turn(world, "object0", quat)
    geoms = (world.model.geom("table").id, world.model.geom("object0").id)
    gap = mujoco.mj_geomDistance(world.model, world.data, *geoms, 1.0, None)
    assert lowest_point(true_objects(world)[0]) == pytest.approx(0.3 - gap, abs=0.001)
