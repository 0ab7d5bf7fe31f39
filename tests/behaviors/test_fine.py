"""The fine phase follows the belief, corrects it by close looks, and refuses one that it cannot trust."""

import math
from dataclasses import replace

import numpy as np
import pytest
from py_trees.common import Status

from behaviors import FailureKind
from behaviors.fine import JUMP, STALE, FineMove, LookClose
from behaviors.poses import grasp_pose
from hybridctl.messages.policy import LocateRequest
from hybridctl.sim.camera_errors import CameraErrors
from hybridctl.sim.cameras import SimCamera
from hybridctl.sim.truth import true_objects

ERRORS = CameraErrors(translation=0.005, rotation=math.radians(0.5), depth_noise=0.002, seed=3)


@pytest.fixture
def phrase(task):
    return task.scene.target.phrase


@pytest.fixture
def context(simulator, task, expert, make_context, phrase):
    """A tree's context whose memory has looked at the target through the scene camera."""
    context = make_context(expert)
    context.update(simulator.arm.read(), commanded_width=0.08)
    context.memory.see(phrase, expert.locate(LocateRequest(context.observe(), phrase)))
    return context


def drive(leaf, context, simulator, *, seconds=10.0, each=lambda tick: None):
    """Tick a leaf at 20 Hz with the controller at 100 Hz until it ends; return its status."""
    world, controller = simulator.world, context.controller
    with simulator.arm as arm:
        controller.start(arm.read())
        began = world.now()
        for period in range(int(seconds * 100)):
            state = arm.read()
            if period % 5 == 0:
                each(period // 5)
                context.update(state, commanded_width=0.08)
                leaf.tick_once()
                if leaf.status != Status.RUNNING:
                    return leaf.status
            arm.send(controller.step(state, now=world.now()).command)
            world.sleep_until(began + (period + 1) * 0.01)
    return leaf.status


def above(slot):
    return grasp_pose(slot, tool_yaw=0.0, clearance=0.1)


def believe(context, phrase, *, position=None, **changes):
    memory = context.memory
    slot = memory.beliefs.slot_named(phrase)
    if position is not None:
        T = np.array(slot.pose.T)
        T[:3, 3] = position
        changes["pose"] = slot.pose.at(T)
    memory._beliefs = memory.beliefs.with_slot(replace(slot, **changes))


def test_the_tool_ends_within_half_a_millimetre_of_the_belief(context, simulator, phrase):
    assert drive(FineMove("above", context, phrase, above), context, simulator) == Status.SUCCESS
    goal = above(context.memory.slot(phrase))
    assert np.linalg.norm(context.T_base_tool[:3, 3] - goal[:3, 3]) < 0.0006


def test_a_belief_that_moves_a_little_is_followed(context, simulator, phrase):
    place = context.memory.slot(phrase).position

    def nudge(tick):
        believe(context, phrase, position=place + np.array([0.0005 * min(tick, 20), 0.0, 0.0]))

    assert drive(FineMove("above", context, phrase, above), context, simulator, each=nudge) == Status.SUCCESS
    assert context.T_base_tool[0, 3] == pytest.approx(place[0] + 0.01, abs=0.0006)


def test_a_belief_that_jumps_is_not_followed(context, simulator, phrase):
    place = context.memory.slot(phrase).position

    def jump(tick):
        if tick == 5:
            believe(context, phrase, position=place + np.array([0.0, JUMP + 0.001, 0.0]))

    assert drive(FineMove("above", context, phrase, above), context, simulator, each=jump) == Status.FAILURE
    assert "jumped by 31 mm" in context.failures[0].why
    assert context.failures[0].kind is FailureKind.PERCEPTION
    assert context.controller.target_source == "none"


@pytest.mark.parametrize("leaf", ["move", "look"])
def test_a_stale_belief_is_refused(context, simulator, phrase, leaf):
    believe(context, phrase, stamp=context.clock.now() - STALE - 1.0)
    made = (
        FineMove("above", context, phrase, above)
        if leaf == "move"
        else LookClose(context, phrase, simulator.wrist_camera)
    )
    assert drive(made, context, simulator) == Status.FAILURE
    assert "last seen 21 s ago" in context.failures[0].why
    assert context.controller.target_source == "none"


def test_a_thing_that_memory_does_not_know_is_a_failed_precondition(context, simulator):
    leaf = FineMove("above", context, "pink elephant", above)
    assert drive(leaf, context, simulator) == Status.FAILURE
    assert context.failures[0].kind is FailureKind.PRECONDITION


def test_a_goal_that_is_not_finite_never_reaches_the_controller(context, simulator, phrase):
    leaf = FineMove("above", context, phrase, lambda slot: above(slot) * np.nan)
    assert drive(leaf, context, simulator) == Status.FAILURE
    assert "not finite" in context.failures[0].why
    assert context.controller.target_source == "none"


def test_close_looks_through_a_wrong_camera_find_the_thing_to_a_millimetre(context, simulator, phrase):
    thing = true_objects(simulator.world)[0]
    wrong = context.memory.slot(phrase).position + np.array([0.006, -0.005, 0.0])
    believe(context, phrase, position=wrong)
    wrist = SimCamera(simulator.world, simulator.renderer, name="wrist", errors=ERRORS)
    leaf = LookClose(context, phrase, wrist, timeout=10.0)
    assert drive(leaf, context, simulator) == Status.SUCCESS
    assert np.linalg.norm(context.memory.slot(phrase).position - thing.position) < 0.001
    assert np.linalg.norm(context.memory.hand_eye.offset) > 0.001
    # The camera is known now: the next look is the only one.
    again = LookClose(context, phrase, wrist, timeout=10.0)
    assert drive(again, context, simulator) == Status.SUCCESS
    assert len(again._turns) == 1


def test_a_thing_that_is_gone_is_noticed_by_the_close_look(context, simulator, phrase):
    world = simulator.world
    joint = world.model.joint("object0")
    world.data.qpos[joint.qposadr[0] : joint.qposadr[0] + 3] = (0.30, 0.4, 0.03)
    leaf = LookClose(context, phrase, simulator.wrist_camera)
    assert drive(leaf, context, simulator) == Status.FAILURE
    assert context.failures[0].kind is FailureKind.PERCEPTION
