"""The simulated arm's residual is a function of the physics, whoever reads it and when."""

from collections.abc import Callable

import numpy as np
import pytest

from controllers.momentum_observer import MomentumObserver
from controllers.robot_model import RobotModel
from hybridctl.arms.residual import ResidualReader
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.messages.arm import JointCommand
from hybridctl.sim.joint_log import JointLog
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import HOME_Q, SimWorld
from hybridctl.sim.world_model import ARM_PREFIX

HOME = np.array(HOME_Q)
PHASE = 1 + 0.1 * np.arange(7)
Read = Callable[[], np.ndarray]


def read_all(world: SimWorld) -> Read:
    arm = SimulatedArm(world)
    return lambda: arm.read().tau_external


def swing(world: SimWorld, seconds: float, amplitude: float, speed: float, *reads: Read) -> np.ndarray:
    """Swing all joints with commands at 100 Hz, and return what the first read tells after each period."""
    world.reset(sample_scene(0))
    found = []
    with SimulatedArm(world) as arm:
        for k in range(round(seconds / 0.01)):
            phase = speed * PHASE * world.now()
            q, dq = HOME + amplitude * (1 - np.cos(phase)), amplitude * speed * PHASE * np.sin(phase)
            arm.send(JointCommand(q, dq, 0.08 if k % 100 < 50 else 0.02, world.now()))
            for part in (0.004, 0.01):
                world.sleep_until(k * 0.01 + part)
                for read in reads[1:]:
                    read()
            found.append(reads[0]())
    return np.array(found)


@pytest.mark.parametrize(("amplitude", "speed"), [(0.15, 3.0), (0.4, 4.0)])
def test_in_free_motion_it_stays_small(world: SimWorld, amplitude: float, speed: float) -> None:
    """Measured: 0.02 and 0.25 Nm; the second is up to 2.6 rad/s, with three wrist motors saturated."""
    found = swing(world, 2.0, amplitude, speed, read_all(world))
    assert np.abs(found).max() < (0.05 if speed < 4 else 0.4)


def test_watching_closely_changes_no_bit(world: SimWorld) -> None:
    alone = swing(world, 1.0, 0.2, 3.0, read_all(world))
    watched = swing(world, 1.0, 0.2, 3.0, read_all(world), read_all(world))
    greedy = read_all(world)
    together = swing(world, 1.0, 0.2, 3.0, greedy, greedy)
    np.testing.assert_array_equal(watched, alone)
    np.testing.assert_array_equal(together, alone)


def test_a_late_look_tells_the_same_bits(world: SimWorld) -> None:
    """Who reads for the first time at the end, and who sleeps longer than the log, misses nothing."""
    early, sleepy = read_all(world), read_all(world)
    for stamp in (0.1, 0.3, 0.35, 1.0):
        world.data.ctrl[world.arm_actuators] += 0.05
        while world.now() < stamp - 1e-6:
            world.sleep_until(world.now() + 0.006)
            early()
        np.testing.assert_array_equal(early(), read_all(world)())
        if stamp in (0.1, 1.0):
            np.testing.assert_array_equal(early(), sleepy())


def test_a_world_that_was_reset_in_between_is_noticed(world: SimWorld) -> None:
    read = read_all(world)
    world.data.ctrl[world.arm_actuators] += 0.3
    world.sleep_until(0.2)
    read()
    world.reset(sample_scene(1))
    world.data.ctrl[world.arm_actuators] -= 0.3
    world.sleep_until(0.2)
    np.testing.assert_array_equal(read(), read_all(world)())


def test_a_memory_longer_than_the_log_is_refused(world: SimWorld, robot: RobotModel) -> None:
    with pytest.raises(ValueError, match="40 periods does not fit into 160 steps"):
        ResidualReader(
            JointLog(world.model, world.data, ARM_PREFIX),
            MomentumObserver(robot, memory=0.4),
            servo_damping=np.zeros(7), torque_limit=np.ones(7), timestep=0.002,
        )  # fmt: skip
