"""The watch counts what a limit should have prevented, and nothing else."""

from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from controllers.controller import ControlResult
from controllers.gains import Gains, load_gains
from controllers.inverse_kinematics import solve_ik
from controllers.robot_model import RobotModel
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.sim.tasks.limit_watch import LimitWatch
from hybridctl.sim.world import GRIPPER_OPEN, HOME_Q, SimWorld

HOME = np.array(HOME_Q)
INSIDE = np.diag([1.0, -1.0, -1.0, 1.0])
INSIDE[:3, 3] = 0.5, 0.0, 0.2


@pytest.fixture(scope="module")
def model() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture(scope="module")
def gains() -> Gains:
    return load_gains()


@pytest.fixture
def world(scene_world: Callable[[int], SimWorld]) -> SimWorld:
    return scene_world(4)


@pytest.fixture
def watch(world: SimWorld, model: RobotModel, gains: Gains) -> LimitWatch:
    return LimitWatch(world, model, gains)


def result(q: np.ndarray = HOME, dq: np.ndarray | None = None) -> ControlResult:
    dq = np.zeros(7) if dq is None else dq
    command = JointCommand(q=q, dq=dq, gripper_width=GRIPPER_OPEN, stamp=0.0)
    return ControlResult(command=command, status="tracking", slacks={}, solve_ms=0.0, violations={})


def state(**change: object) -> ArmState:
    calm = ArmState(HOME, np.zeros(7), np.zeros(7), GRIPPER_OPEN, 0.0, 0.0)
    return replace(calm, **change)


def test_an_arm_that_holds_its_home_breaks_nothing(
    world: SimWorld, model: RobotModel, watch: LimitWatch
) -> None:
    arm = SimulatedArm(world)
    with arm:
        for k in range(50):
            arm.send(result().command)
            world.sleep_until(0.01 * (k + 1))
            now = arm.read()
            watch.on_control(now, result(), model.forward_kinematics(now.q), "skill")
    assert sum(watch.violations.values()) == 0
    assert watch.bowl_contacts == 0


def test_an_arm_driven_into_the_table_is_seen(world: SimWorld, model: RobotModel, watch: LimitWatch) -> None:
    arm = SimulatedArm(world)
    above, below = np.array(INSIDE), np.array(INSIDE)
    above[2, 3], below[2, 3] = 0.06, -0.03
    start, down = (solve_ik(model, T, HOME) for T in (above, below))
    assert start is not None
    assert down is not None
    world.set_arm(start, 0.0)
    periods = 100
    with arm:
        for k in range(periods):
            q = start + (down - start) * min(1.0, k / 60)
            arm.send(JointCommand(q=q, dq=np.zeros(7), gripper_width=0.0, stamp=0.0))
            world.sleep_until(world.now() + 0.01)
            watch.on_control(arm.read(), result(q), INSIDE, "skill")
    assert 10 <= watch.violations["contact_table"] < periods
    assert watch.violations["contact_self"] == 0
    assert watch.violations["workspace"] == 0


def test_a_touch_of_the_bowl_is_counted_apart(world: SimWorld, model: RobotModel, watch: LimitWatch) -> None:
    tool = model.forward_kinematics(np.array([0.0, 0.3, 0.0, -2.2, 0.0, 2.5, 0.785]))
    world.set_arm(np.array([0.0, 0.3, 0.0, -2.2, 0.0, 2.5, 0.785]), 0.0)
    world.model.body("bowl").pos[:] = (*tool[:2, 3], tool[2, 3] - 0.01)
    mujoco.mj_forward(world.model, world.data)
    watch.on_control(state(), result(), INSIDE, "skill")
    assert watch.bowl_contacts == 1
    assert sum(watch.violations.values()) == 0


def test_a_finger_on_a_thing_is_work_and_a_palm_on_it_is_told(
    world: SimWorld, model: RobotModel, watch: LimitWatch
) -> None:
    q = np.array([0.0, 0.3, 0.0, -2.2, 0.0, 2.5, 0.785])
    tool = model.forward_kinematics(q)
    at = int(world.model.joint("object0").qposadr[0])
    for below, told in ((-0.005, {}), (-0.055, {"object0": 1})):  # between the fingers, and up in the palm
        watch.touched.clear()
        world.set_arm(q, 0.03)
        world.data.qpos[at : at + 3] = tool[:3, 3] + below * tool[:3, 2]
        mujoco.mj_forward(world.model, world.data)
        watch.on_control(state(), result(), INSIDE, "skill")
        assert watch.touched == told
    assert sum(watch.violations.values()) == 0


def test_an_arm_that_touches_itself_is_seen(world: SimWorld, watch: LimitWatch) -> None:
    for bend in np.linspace(-2.8, -3.07, 4):
        for wrist in np.linspace(0.0, 3.7, 10):
            world.set_arm(np.array([0.0, 0.0, 0.0, bend, 0.0, wrist, 0.785]), 0.0)
            watch.on_control(state(), result(), INSIDE, "skill")
    assert watch.violations["contact_self"] > 0


def test_closed_fingers_do_not_count_as_touching_itself(world: SimWorld, watch: LimitWatch) -> None:
    world.set_arm(HOME, 0.0)
    world.data.qpos[world.fingers] = -0.001
    mujoco.mj_forward(world.model, world.data)
    watch.on_control(state(), result(), INSIDE, "skill")
    assert watch.violations["contact_self"] == 0


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("joint", [0, 3, 6])
def test_each_joint_limit_is_watched_in_command_and_measurement(
    watch: LimitWatch, model: RobotModel, joint: int, sign: float
) -> None:
    one = np.zeros(7)
    one[joint] = sign
    bound = model.q_max if sign > 0 else model.q_min
    beyond = np.where(one != 0, bound + 0.001 * sign, HOME)
    watch.on_control(state(), result(q=beyond), INSIDE, "skill")
    watch.on_control(state(q=beyond), result(), INSIDE, "skill")
    watch.on_control(state(dq=one * 1.001 * model.dq_max), result(), INSIDE, "skill")
    watch.on_control(state(tau=one * 1.001 * model.tau_max), result(), INSIDE, "skill")
    assert watch.violations == {
        "command_position": 1, "measured_position": 1, "measured_velocity": 1, "measured_torque": 1,
    }  # fmt: skip


def test_exactly_at_a_limit_is_not_beyond_it(watch: LimitWatch, model: RobotModel) -> None:
    at = state(q=model.q_max, dq=model.dq_max, tau=-model.tau_max)
    watch.on_control(at, result(q=model.q_min), INSIDE, "skill")
    assert sum(watch.violations.values()) == 0


def test_a_jump_of_the_commanded_velocity_is_an_acceleration(
    watch: LimitWatch, model: RobotModel, gains: Gains
) -> None:
    calm = np.zeros(7)
    allowed = calm.copy()
    allowed[0] = 0.999 * gains.scales.acceleration * model.ddq_max[0] * gains.dt
    watch.on_control(state(), result(dq=calm), INSIDE, "skill")
    watch.on_control(state(), result(dq=allowed), INSIDE, "skill")
    assert sum(watch.violations.values()) == 0
    watch.on_control(state(), result(dq=-0.01 * allowed), INSIDE, "skill")
    assert watch.violations == {"command_acceleration": 1}


def test_a_commanded_velocity_beyond_the_limit_is_seen(watch: LimitWatch, model: RobotModel) -> None:
    watch.on_control(state(), result(dq=1.001 * model.dq_max), INSIDE, "skill")
    assert watch.violations == {"command_velocity": 1}


def test_a_tool_more_than_two_millimetres_outside_the_box_is_seen(watch: LimitWatch, gains: Gains) -> None:
    T = INSIDE.copy()
    T[0, 3] = gains.workspace.upper[0] + 0.0019
    watch.on_control(state(), result(), T, "skill")
    assert sum(watch.violations.values()) == 0
    T[0, 3] = gains.workspace.upper[0] + 0.0021
    watch.on_control(state(), result(), T, "skill")
    assert watch.violations == {"workspace": 1}
