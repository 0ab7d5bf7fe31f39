"""A pick ends with the thing in the hand, taken where there is room for the hand."""

import math
from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hybridctl.data.experts.clearance import footprints, room_for_hand
from hybridctl.data.experts.grasp import _heading, choose_grasp, pick
from hybridctl.data.experts.hands import ExpertError, tool_pose, tool_yaw
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.sim.fixtures import BIN_HALF, CABINET_HALF, Fixture
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.things import CAN_DIAMETER, CAN_HEIGHT, CUP_HEIGHT, CUP_RADIUS, ObjectSpec
from hybridctl.sim.world import SimWorld

BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.5, 0.0, 0.5, (0.8, 0.1, 0.1))
CUP = replace(BLOCK, shape="cup", label="cup", size=2 * CUP_RADIUS, height=CUP_HEIGHT, yaw=1.0)
PICKS = {
    "a turned block": (BLOCK, ""),
    "a can that has fallen over": (
        replace(BLOCK, shape="can", label="can", size=CAN_DIAMETER, height=CAN_HEIGHT), "",
    ),
    "a cup by its rim": (CUP, "rim"),
    "a cup by its handle": (CUP, "handle"),
}  # fmt: skip


@pytest.mark.parametrize("name", PICKS)
def test_after_a_pick_the_thing_is_held(lay: Callable[..., SimWorld], do, name: str) -> None:
    thing, part = PICKS[name]
    world = lay(things=(thing, replace(BLOCK, shape="ball", colour="blue", x=0.5, y=0.15)))
    if "fallen" in name:
        at = int(world.model.joint("object0").qposadr[0])
        world.data.qpos[at + 2 : at + 7] = (CAN_DIAMETER / 2, 0.653, 0.653, 0.271, 0.271)
        mujoco.mj_forward(world.model, world.data)
    done = do(lambda hands: pick(world, hands, thing.phrase, part))
    assert done.ok, done.outcome.cause
    truth = TruthOf(world)
    assert truth.holds(Condition(Predicate.HOLDING, thing.phrase))
    assert not part or truth.holds(Condition(Predicate.HELD_BY, thing.phrase, part))
    assert truth.thing("blue ball").position[1] == pytest.approx(0.15, abs=0.01), "its neighbour stays"
    assert done.path.places[-1][2] > done.hands.transit - 0.02


@pytest.mark.parametrize("side", [0.0, math.pi / 2])
def test_of_the_sides_of_a_block_those_are_taken_that_are_free(
    lay: Callable[..., SimWorld], hands_of, side: float
) -> None:
    step = 0.062 * np.array([math.cos(side), math.sin(side)])
    block = replace(BLOCK, yaw=0.0)
    neighbours = tuple(
        replace(block, colour=colour, x=0.5 + sign * step[0], y=sign * step[1])
        for colour, sign in (("blue", 1), ("green", -1))
    )
    world = lay(things=(block, *neighbours))
    hands, _ = hands_of(world)
    thing = hands.truth.thing("red block")
    grasp, width = choose_grasp(world, hands, thing, "")
    opens_along = grasp[:2, 1]
    assert abs(opens_along @ step) < 0.1 * np.linalg.norm(step), "the fingers go where no neighbour is"
    T = grasp.copy()
    T[:3, 3] += thing.position
    assert room_for_hand(T, width, footprints(world, without=frozenset({"object0"}))) > 0.0


BESIDE_A_WALL = {
    # Their ways to be taken have the hand's side, or its end, over the wall.
    "a small block against a bin": (
        replace(BLOCK, size=0.030, height=0.030, yaw=0.0), Fixture("bin", 0.5, -BIN_HALF - 0.0195),
    ),
    "a block against a cabinet": (
        replace(BLOCK, yaw=0.0, x=0.42 + CABINET_HALF + 0.026, y=0.28),
        Fixture("cabinet", 0.42, 0.22, -math.pi / 2),
    ),
    "a dumbbell along a bin": (
        replace(BLOCK, shape="dumbbell", colour="white", size=0.029, height=0.029, yaw=0.0),
        Fixture("bin", 0.5, -BIN_HALF - 0.077),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE_A_WALL)
def test_beside_a_wall_that_it_would_come_down_on_the_hand_leans_and_takes_the_thing(
    lay: Callable[..., SimWorld], do, hands_of, name: str
) -> None:
    thing, fixture = BESIDE_A_WALL[name]
    world = lay(fixture, things=(thing,))
    around = footprints(world, without=frozenset({"object0"}))
    hands, _ = hands_of(world)
    truth = hands.truth.thing(thing.phrase)
    grasp, width = choose_grasp(world, hands, truth, "")
    T = _heading(truth) @ grasp
    straight = tool_pose(T[:3, 3], tool_yaw(T))
    assert room_for_hand(straight, width, around) < 0.0 < room_for_hand(T, width, around)
    done = do(lambda hands: pick(world, hands, thing.phrase))
    assert done.ok, done.outcome.cause
    assert done.hands.truth.holds(Condition(Predicate.HOLDING, thing.phrase))
    assert not np.allclose(done.hands.lean, np.eye(3))


def test_a_hand_with_room_points_straight_down(lay: Callable[..., SimWorld], do) -> None:
    world = lay(Fixture("bin", 0.5, -0.2), things=(BLOCK,))
    done = do(lambda hands: pick(world, hands, "red block"))
    assert done.ok, done.outcome.cause
    assert np.allclose(done.hands.lean, np.eye(3))


@pytest.mark.parametrize("heading", [0.0, 1.2, -0.9])
def test_a_can_that_has_fallen_over_is_taken_across_its_axis(
    lay: Callable[..., SimWorld], hands_of, heading: float
) -> None:
    can, _ = PICKS["a can that has fallen over"]
    world = lay(things=(can,))
    at = int(world.model.joint("object0").qposadr[0])
    turned, over = (
        np.array([np.cos(heading / 2), 0, 0, np.sin(heading / 2)]),
        np.array([0.5**0.5, 0.5**0.5, 0, 0]),
    )
    quat = np.zeros(4)
    mujoco.mju_mulQuat(quat, turned, over)
    world.data.qpos[at + 2 : at + 7] = (CAN_DIAMETER / 2, *quat)
    mujoco.mj_forward(world.model, world.data)
    hands, _ = hands_of(world)
    thing = hands.truth.thing("can")
    grasp, width = choose_grasp(world, hands, thing, "")
    closed_on = _heading(thing)[:3, :3] @ grasp[:3, 1]
    assert abs(closed_on @ thing.T_base_object[:3, 2]) < 0.05
    assert CAN_DIAMETER < width <= 0.08


def test_what_is_out_of_reach_is_said_at_once(lay: Callable[..., SimWorld], hands_of) -> None:
    world = lay(things=(replace(BLOCK, x=0.95),))
    hands, _ = hands_of(world)
    with pytest.raises(ExpertError, match=r"no grasp of the red block at .* is in reach"):
        choose_grasp(world, hands, hands.truth.thing("red block"), "")


class Snatcher:
    """Takes a thing away while the fingers close on it."""

    def reset(self, world: SimWorld) -> None: ...

    def act(self, world: SimWorld) -> None:
        if world.data.ctrl[world.gripper_actuator] < 0.01:
            at = int(world.model.joint("object0").qposadr[0])
            world.data.qpos[at : at + 2] = (0.45, 0.25)


def test_a_hand_that_closes_beside_the_thing_says_so_and_goes_up_again(
    lay: Callable[..., SimWorld], do
) -> None:
    world = lay(Fixture("plate", 0.6, -0.2), things=(BLOCK,), actors=(Snatcher(),))
    done = do(lambda hands: pick(world, hands, "red block"))
    assert done.outcome.status == "FAILURE"
    assert done.outcome.cause == "the fingers closed beside the red block"
    assert done.path.places[-1][2] > done.hands.transit - 0.04
