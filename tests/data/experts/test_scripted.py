"""The expert carries out plans, tries again what failed, picks up what was lost, and says why it gives up."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from controllers.controller import Controller
from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.arms import SimulatedArm
from hybridctl.data.experts.scripted import ATTEMPTS, ScriptedExpert
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import SimWorld

BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.5, 0.0, 0.3, (0.8, 0.1, 0.1))
BOWL = Fixture("bowl", 0.5, 0.16)
IN_BOWL = Condition(Predicate.IN, "red block", "bowl")


class Snatcher:
    """Takes the block away while the fingers close on it, so many times."""

    def __init__(self, times: int) -> None:
        self.left, self.open = times, True

    def reset(self, world: SimWorld) -> None: ...

    def act(self, world: SimWorld) -> None:
        closing = bool(world.data.ctrl[world.gripper_actuator] < 0.01)
        at = int(world.model.joint("object0").qposadr[0])
        if closing and self.open and self.left and world.data.qpos[at + 2] < 0.03:
            self.left -= 1
            world.data.qpos[at : at + 2] = (0.46 + 0.04 * (self.left % 2), -0.15)
        self.open = not closing


class Dropper:
    """Puts the block back on the table, once, when it is carried towards the bowl."""

    def __init__(self) -> None:
        self.done = False

    def reset(self, world: SimWorld) -> None: ...

    def act(self, world: SimWorld) -> None:
        at = int(world.model.joint("object0").qposadr[0])
        if not self.done and world.data.qpos[at + 1] > 0.06:
            world.data.qpos[at : at + 7] = (0.55, -0.1, 0.022, 1, 0, 0, 0)
            self.done = True


class Tips:
    """What the expert said that it was doing: a listener."""

    def __init__(self) -> None:
        self.tips: list[str] = []

    def on_control(self, *_: object) -> None: ...

    def on_tree(self, stamp: float, status: str, tip: str) -> None:
        if tip and tip not in self.tips[-1:]:
            self.tips.append(tip)


def test_a_plan_is_carried_out_step_by_step(lay: Callable[..., SimWorld], carry_out) -> None:
    world, tips = lay(BOWL, things=(BLOCK,)), Tips()
    expert, outcome = carry_out("pick red block; home; wait 0.5", listeners=(tips,))
    assert outcome.status == "SUCCESS"
    assert [(str(s.subgoal), s.attempts, s.done) for s in expert.steps] == [
        ("pick red block", 1, True), ("home", 1, True), ("wait 0.5", 1, True),
    ]  # fmt: skip
    assert tips.tips == [str(step.subgoal) for step in expert.steps]
    truth = TruthOf(world)
    assert truth.holds(Condition(Predicate.HOLDING, "red block"))
    assert truth.holds(Condition(Predicate.AT_HOME))
    assert outcome.failures == []


def test_a_pick_that_failed_is_tried_again(lay: Callable[..., SimWorld], carry_out) -> None:
    world = lay(things=(BLOCK,), actors=(Snatcher(times=1),))
    expert, outcome = carry_out("pick red block")
    assert outcome.status == "SUCCESS"
    assert [(s.attempts, s.done) for s in expert.steps] == [(2, True)]
    assert [failure["leaf"] for failure in outcome.failures] == ["pick red block"]
    assert "red block" in outcome.failures[0]["why"]
    assert 0 < outcome.failures[0]["stamp"] < world.now()
    assert TruthOf(world).holds(Condition(Predicate.HOLDING, "red block"))


def test_what_was_lost_on_the_way_is_picked_up_again(lay: Callable[..., SimWorld], carry_out) -> None:
    dropper, tips = Dropper(), Tips()
    world = lay(BOWL, things=(BLOCK,), actors=(dropper,))
    expert, outcome = carry_out("pick red block; place_in bowl", listeners=(tips,))
    assert dropper.done
    assert outcome.status == "SUCCESS"
    assert TruthOf(world).holds(IN_BOWL)
    assert tips.tips == ["pick red block", "place_in bowl", "pick red block", "place_in bowl"]
    assert [(s.attempts, s.done) for s in expert.steps] == [(1, True), (2, True)]


def test_it_gives_up_after_its_attempts_with_the_last_reason(lay: Callable[..., SimWorld], carry_out) -> None:
    lay(things=(replace(BLOCK, x=0.95),))
    expert, outcome = carry_out("pick red block; home")
    assert outcome.status == "FAILURE"
    assert "no grasp of the red block" in outcome.cause
    assert len(outcome.failures) == ATTEMPTS
    assert [(s.attempts, s.done) for s in expert.steps] == [(ATTEMPTS, False)], (
        "what comes after is not begun"
    )


def test_a_postcondition_that_does_not_hold_is_a_failure_by_its_name(
    lay: Callable[..., SimWorld], carry_out
) -> None:
    """Somebody lifts the block out of the bowl again, whenever it is let go there."""

    class Remover:
        def reset(self, world: SimWorld) -> None: ...

        def act(self, world: SimWorld) -> None:
            at = int(world.model.joint("object0").qposadr[0])
            x, y, z = world.data.qpos[at : at + 3]
            free = world.data.ctrl[world.gripper_actuator] > 0.03
            if free and np.hypot(x - BOWL.x, y - BOWL.y) < 0.05 and z < 0.04:
                world.data.qpos[at : at + 7] = (0.55, -0.1, 0.022, 1, 0, 0, 0)

    lay(BOWL, things=(BLOCK,), actors=(Remover(),))
    expert, outcome = carry_out("pick red block; place_in bowl", time_limit=11.5)
    assert outcome.status in ("FAILURE", "TIMEOUT")
    assert not expert.steps[1].done
    assert "not so: in(red block, bowl)" in outcome.failures[0]["why"]


def test_a_run_that_is_halted_brakes_and_holds(lay: Callable[..., SimWorld], carry_out) -> None:
    world = lay(BOWL, things=(BLOCK,))
    expert, outcome = carry_out("pick red block; place_in bowl", time_limit=0.6)
    assert outcome.status == "TIMEOUT"
    assert outcome.cause == "not done within 0.6 s"
    assert outcome.duration < 1.6
    before = world.data.qpos[world.arm_joints].copy()
    world.sleep_until(world.now() + 0.5)
    np.testing.assert_allclose(world.data.qpos[world.arm_joints], before, atol=0.01)
    assert not any(step.done for step in expert.steps)


def test_a_halt_in_the_middle_of_a_motion_stops_the_arm_short_of_its_target(
    lay: Callable[..., SimWorld], robot: RobotModel
) -> None:
    world = lay(things=(BLOCK,))
    arm, controller = SimulatedArm(world), Controller(robot, load_gains())
    expert = ScriptedExpert(
        world, Task("test", world.scene, "", parse_plan("pick red block"), ()), controller, world.clock
    )
    with arm:
        controller.start(arm.read())
        for k in range(160):
            state = arm.read()
            if k % 5 == 0 and k < 80:
                expert.tick(state, commanded_width=0.08)
            if k == 80:
                assert np.abs(state.dq).max() > 0.1, "it is on its way"
                expert.halt()
            arm.send(controller.step(state, now=world.now()).command)
            world.sleep_until(0.01 * (k + 1))
        stopped = arm.read()
    assert np.abs(stopped.dq).max() < 0.01
    assert np.hypot(*(world.data.site("panda/tool").xpos[:2] - (BLOCK.x, BLOCK.y))) > 0.03


@pytest.mark.parametrize("plan", ["ask is the drawer open; locate red block", "done"])
def test_what_asks_the_model_only_needs_no_motion(lay: Callable[..., SimWorld], carry_out, plan: str) -> None:
    world = lay(things=(BLOCK,))
    _, outcome = carry_out(plan)
    assert outcome.status == "SUCCESS"
    assert world.now() < 1.5
