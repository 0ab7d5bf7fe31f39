"""The simulated arm keeps the Arm protocol and behaves as servos do."""

import numpy as np
import pytest

from controllers.robot_model import RobotModel
from hybridctl.arms.simulated import ArmError, SimulatedArm
from hybridctl.messages.arm import JointCommand
from hybridctl.messages.arrays import MessageError
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import GRIPPER_OPEN, HOME_Q, SimWorld
from hybridctl.sim.wrist_sensor import WristSensor

HOME = np.array(HOME_Q)
DT = 0.01


def command(q: np.ndarray, dq: np.ndarray | None = None, width: float = GRIPPER_OPEN) -> JointCommand:
    return JointCommand(q=q, dq=np.zeros_like(q) if dq is None else dq, gripper_width=width, stamp=0.0)


def ramp_error(arm: SimulatedArm, world: SimWorld, *, feed_forward: bool) -> float:
    """Return the largest joint error [rad] on a ramp of 0.4 rad/s on every joint, after its start."""
    speed = np.array([0.4, 0.3, -0.4, 0.4, -0.4, 0.4, 0.4])
    worst = 0.0
    with arm:
        for k in range(100):
            share = min(1.0, k / 30)  # speed up over 0.3 s, as a controller would
            dq = share * speed
            q = HOME + speed * DT * (k * k / 60 if k < 30 else k - 15)
            arm.send(command(q, dq if feed_forward else None))
            world.sleep_until((k + 1) * DT)
            ahead = q + DT * dq
            if k > 40:
                worst = max(worst, float(np.abs(arm.read().q - ahead).max()))
    return worst


def test_a_command_before_it_was_entered_is_refused(arm: SimulatedArm) -> None:
    with pytest.raises(ArmError, match="never entered"):
        arm.send(command(HOME))
    assert arm.read().stopped


def test_a_command_after_a_stop_is_refused_and_tells_the_cause(arm: SimulatedArm) -> None:
    with arm:
        arm.send(command(HOME))
        arm.stop(cause="someone came near")
        assert arm.read().stopped
        with pytest.raises(ArmError, match="someone came near"):
            arm.send(command(HOME))
    assert arm.stop_cause == "someone came near"


def test_entering_again_releases_the_stop(arm: SimulatedArm) -> None:
    with arm:
        arm.stop(cause="test")
    with arm:
        assert not arm.read().stopped
        assert arm.stop_cause is None
        arm.send(command(HOME))


def test_leaving_stops_the_arm(arm: SimulatedArm) -> None:
    with arm:
        assert not arm.read().stopped
    assert arm.read().stopped
    assert arm.stop_cause == "left"


def test_an_exception_stops_the_arm_and_is_its_cause(arm: SimulatedArm) -> None:
    with pytest.raises(ZeroDivisionError), arm:
        raise ZeroDivisionError("oops")
    assert arm.read().stopped
    assert arm.stop_cause == "ZeroDivisionError: oops"


def test_a_stop_in_motion_brakes_and_holds(arm: SimulatedArm, world: SimWorld) -> None:
    with arm:
        dq = np.full(7, 0.3)
        for k in range(30):
            arm.send(command(HOME + dq * DT * k, dq))
            world.sleep_until((k + 1) * DT)
        at = np.array(arm.read().q)
        assert np.abs(arm.read().dq).max() > 0.2
        arm.stop(cause="test")
    world.sleep_until(world.now() + 0.5)
    rest = arm.read()
    assert np.abs(rest.q - at).max() < 0.03
    assert np.abs(rest.dq).max() < 1e-3


def test_set_points_are_clipped_to_the_ranges_and_the_answer_says_so(
    arm: SimulatedArm, world: SimWorld
) -> None:
    ranges = np.array([world.model.joint(f"panda/joint{i}").range for i in range(1, 8)])
    with arm:
        high = arm.send(command(np.full(7, 9.0), width=0.5))
        low = arm.send(command(np.full(7, -9.0), width=0.0))
        inside = arm.send(command(HOME, np.full(7, 0.1), width=0.03))
    np.testing.assert_array_equal(high.q, ranges[:, 1])
    np.testing.assert_array_equal(low.q, ranges[:, 0])
    assert high.gripper_width == GRIPPER_OPEN
    np.testing.assert_array_equal(inside.q, HOME)
    np.testing.assert_array_equal(inside.dq, np.full(7, 0.1))
    assert inside.gripper_width == 0.03


def test_the_feed_forward_makes_the_joints_follow_a_ramp(arm: SimulatedArm, world: SimWorld) -> None:
    assert ramp_error(arm, world, feed_forward=True) < 0.005


def test_without_the_feed_forward_they_lag(arm: SimulatedArm, world: SimWorld) -> None:
    assert ramp_error(arm, world, feed_forward=False) > 0.010


@pytest.mark.parametrize("q", [HOME, np.add(HOME, (0.0, 0.7, 0.0, 0.9, 0.0, -0.2, 0.3))])
def test_gravity_does_not_pull_it_down(arm: SimulatedArm, world: SimWorld, q: np.ndarray) -> None:
    world.set_arm(q, GRIPPER_OPEN)
    with arm:
        arm.send(command(q))
        world.sleep_until(1.0)
        state = arm.read()
    assert np.abs(state.q - q).max() < 0.001
    assert np.abs(state.dq).max() < 0.001


@pytest.mark.parametrize("joints", [6, 8])
def test_a_command_for_another_number_of_joints_is_refused(arm: SimulatedArm, joints: int) -> None:
    with arm, pytest.raises(MessageError, match=f"moves {joints} joints, this arm has 7"):
        arm.send(command(np.zeros(joints)))


def test_a_refused_command_moves_nothing(arm: SimulatedArm, world: SimWorld) -> None:
    before = np.array(world.data.ctrl)
    with pytest.raises(ArmError):
        arm.send(command(HOME + 0.3))
    np.testing.assert_array_equal(world.data.ctrl, before)


def test_readings_are_the_joints_the_clock_and_the_gripper(arm: SimulatedArm, world: SimWorld) -> None:
    with arm:
        arm.send(command(HOME, width=0.04))
        world.sleep_until(0.6)
        state = arm.read()
    assert arm.dof == state.q.size == 7
    np.testing.assert_array_equal(state.q, world.data.qpos[world.arm_joints])
    assert state.stamp == pytest.approx(0.6)
    assert state.gripper_width == pytest.approx(0.04, abs=0.003)
    assert state.gripper_command == 0.04


def test_a_reading_does_not_change_when_the_arm_moves_on(arm: SimulatedArm, world: SimWorld) -> None:
    with arm:
        arm.send(command(HOME + 0.1))
        first = arm.read()
        kept = first.q.tolist()
        world.sleep_until(0.3)
        assert first.q.tolist() == kept
        assert np.abs(arm.read().q - first.q).max() > 0.05


def push(world: SimWorld, force: np.ndarray) -> None:
    """Let the world push on the tool point, force in world axes [N], for the next 10 ms."""
    hand = world.model.body("panda/hand").id
    lever = world.data.site("panda/tool").xpos - world.data.xipos[hand]
    world.data.xfrc_applied[hand] = (*force, *np.cross(lever, force))


@pytest.mark.parametrize("q", [HOME, np.add(HOME, (0.4, 0.6, -0.3, 0.7, 0.9, -1.0, 1.2))])
def test_a_push_on_the_tool_is_felt_in_wrist_and_joints(
    world: SimWorld, robot: RobotModel, q: np.ndarray
) -> None:
    world.set_arm(q, GRIPPER_OPEN)
    arm = SimulatedArm(world, wrist=WristSensor(force_noise=0.05, torque_noise=0.005, force_bias=0.0))
    force = np.array([7.0, -9.0, -6.0])
    states = []
    with arm:
        arm.send(command(q))
        for k in range(150):
            push(world, force * (k >= 30))
            world.sleep_until((k + 1) * DT)
            states.append(arm.read())
    for before in states[10:30]:
        assert np.abs(before.tau_external).max() < 0.05
        assert np.linalg.norm(before.wrench[:3]) < 0.3
    state = states[-1]
    expected = robot.jacobian(state.q)[:3].T @ force
    np.testing.assert_allclose(state.tau_external, expected, atol=0.02 * np.abs(expected).max())
    R = robot.forward_kinematics(state.q)[:3, :3]
    felt = np.mean([state.wrench for state in states[-30:]], axis=0)
    np.testing.assert_allclose(felt[:3], R.T @ force, atol=0.05)
    assert np.abs(felt[3:]).max() < 0.04  # the torque's bias
    settled = np.abs(states[40].tau_external - expected) / np.abs(expected).max()
    assert settled.max() < 0.1, "0.1 s after the push"


def test_the_wrist_sensor_is_seeded_by_the_scene_unless_told_otherwise(world: SimWorld) -> None:
    by_scene, told = SimulatedArm(world), SimulatedArm(world, seed=7)
    at_zero = np.array(by_scene.read().wrench)
    assert not np.array_equal(told.read().wrench, at_zero)
    np.testing.assert_array_equal(SimulatedArm(world, seed=0).read().wrench, at_zero)
    told_first = np.array(told.read().wrench)
    world.reset(sample_scene(7))
    np.testing.assert_array_equal(by_scene.read().wrench, told_first)
    np.testing.assert_array_equal(told.read().wrench, told_first)


def test_two_reads_at_one_time_are_one_measurement(arm: SimulatedArm, world: SimWorld) -> None:
    with arm:
        arm.send(command(HOME + 0.1))
        world.sleep_until(0.123)
        first = arm.read()
        arm.send(command(HOME - 0.1))
        second = arm.read()
    for name, value in vars(first).items():
        np.testing.assert_array_equal(getattr(second, name), value)
