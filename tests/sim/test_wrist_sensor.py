"""The wrist sensor tells what pushes on the tool, within its noise, and the same to everyone who asks."""

import numpy as np
import pytest

from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import MessageError
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import GRIPPER_OPEN, HOME_Q, SimWorld
from hybridctl.sim.world_model import ARM_PREFIX
from hybridctl.sim.wrist_sensor import WristGauges, WristSensor

EXACT = WristSensor(force_noise=0.0, torque_noise=0.0, force_bias=0.0, torque_bias=0.0)
POSTURES = [HOME_Q, np.add(HOME_Q, (0.4, 0.6, -0.3, 0.7, 0.9, -1.0, 1.2))]


def gauges(world: SimWorld, sensor: WristSensor = EXACT) -> WristGauges:
    return WristGauges(world.model, world.data, ARM_PREFIX, sensor)


def push(world: SimWorld, force: np.ndarray, torque: np.ndarray, point: np.ndarray) -> None:
    """Push on the hand from now on: force and torque in world axes, at `point` in the world."""
    hand = world.model.body(f"{ARM_PREFIX}hand").id
    arm = point - world.data.xipos[hand]  # MuJoCo applies at the centre of mass
    world.data.xfrc_applied[hand] = (*force, *(torque + np.cross(arm, force)))


@pytest.mark.parametrize("q", POSTURES)
@pytest.mark.parametrize("width", [GRIPPER_OPEN, 0.01])
def test_at_rest_the_weight_of_the_hand_is_taken_off(world: SimWorld, q: np.ndarray, width: float) -> None:
    world.set_arm(np.array(q), width)
    read = gauges(world).read
    for _ in range(7):  # from the reset on, also while the sensor's low-pass fills
        assert np.abs(read(0)).max() < 0.05
        world.sleep_until(world.now() + world.model.opt.timestep)
    world.sleep_until(0.5)
    assert np.abs(read(0)).max() < 1e-3
    assert np.abs(world.data.sensor(f"{ARM_PREFIX}wrist_force").data).max() > 3.0, (
        "there is weight to take off"
    )


@pytest.mark.parametrize("q", POSTURES)
def test_a_push_is_told_at_the_tool_point_in_tool_axes(world: SimWorld, robot: RobotModel, q) -> None:
    world.set_arm(np.array(q), GRIPPER_OPEN)
    force, torque = np.array([6.0, -9.0, 4.0]), np.array([0.3, 0.2, -0.5])
    T = robot.forward_kinematics(world.data.qpos[world.arm_joints])
    for _ in range(50):  # the servos yield a little: push where the tool is
        push(world, force, torque, T[:3, 3])
        world.sleep_until(world.now() + 0.02)
        T = robot.forward_kinematics(world.data.qpos[world.arm_joints])
    R = T[:3, :3]
    np.testing.assert_allclose(gauges(world).read(0), [*(R.T @ force), *(R.T @ torque)], atol=5e-3)


def test_a_push_right_after_a_reset_is_told_in_full(world: SimWorld) -> None:
    """Not thinned by the samples that the low-pass does not hold yet."""
    tool = world.data.site(f"{ARM_PREFIX}tool").xpos
    read, force = gauges(world).read, np.array([0.0, 0.0, 20.0])
    for _ in range(6):
        push(world, force, np.zeros(3), np.array(tool))
        world.sleep_until(world.now() + world.model.opt.timestep)
        assert np.linalg.norm(read(0)[:3]) > 0.6 * 20.0


def test_a_reading_is_the_true_wrench_with_the_bias_and_noise_that_were_asked_for(world: SimWorld) -> None:
    sensor = WristSensor(force_noise=0.2, torque_noise=0.01, force_bias=1.5, torque_bias=0.1)
    noisy, exact = gauges(world, sensor), gauges(world)
    errors = []
    for _ in range(600):
        world.sleep_until(world.now() + world.model.opt.timestep)
        errors.append(noisy.read(7) - exact.read(7))
    bias, spread = np.mean(errors, axis=0), np.std(errors, axis=0)
    np.testing.assert_allclose(spread, [0.2] * 3 + [0.01] * 3, rtol=0.15)
    assert (np.abs(bias) < 1.1 * np.array([1.5] * 3 + [0.1] * 3)).all()
    assert np.abs(bias[:3]).max() > 0.1
    # The noise of one step says nothing of the next.
    white = (np.array(errors) - bias) / spread
    assert np.abs((white[1:] * white[:-1]).mean(axis=0)).max() < 0.2


def test_a_reading_does_not_depend_on_how_often_was_read(world: SimWorld) -> None:
    greedy, seldom = gauges(world, WristSensor()), gauges(world, WristSensor())
    for _ in range(30):
        world.sleep_until(world.now() + 0.1)
        last = greedy.read(3)
        np.testing.assert_array_equal(greedy.read(3), last)
    np.testing.assert_array_equal(seldom.read(3), last)


def test_another_seed_is_another_bias_and_another_noise(world: SimWorld) -> None:
    first, second = [], []
    for _ in range(400):
        world.sleep_until(world.now() + world.model.opt.timestep)
        first.append(gauges(world, WristSensor()).read(1))
        second.append(gauges(world, WristSensor()).read(2))
    apart = np.subtract(first, second)
    assert np.abs(apart.mean(axis=0)[:3]).max() > 0.1
    assert apart.std(axis=0)[:3].min() > 0.3, "the noise of both would cancel if it were the same"


def test_the_same_episode_again_reads_the_same(world: SimWorld) -> None:
    def episode() -> np.ndarray:
        world.reset(sample_scene(0))
        world.data.ctrl[world.arm_actuators] += 0.1
        read, found = gauges(world, WristSensor()).read, []
        for _ in range(8):
            found.append(read(0))
            world.sleep_until(world.now() + 0.004)
        return np.array(found)

    np.testing.assert_array_equal(episode(), episode())


@pytest.mark.parametrize("wrong", [{"force_noise": -0.1}, {"torque_bias": float("nan")}])
def test_a_sensor_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(MessageError, match=rf"WristSensor\.{name}"):
        WristSensor(**wrong)
