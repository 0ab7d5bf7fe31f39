"""The log of the joints holds what was measured at each physics step, however the steps were taken."""

import mujoco
import numpy as np
import pytest

from hybridctl.sim.joint_log import LENGTH, JointLog
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import ARM_PREFIX


@pytest.fixture
def log(world: SimWorld) -> JointLog:
    return JointLog(world.model, world.data, ARM_PREFIX)


def step(world: SimWorld) -> np.ndarray:
    """Take one physics step and return position and velocity before it and the torque in it."""
    data = world.data
    q, dq = data.qpos[world.arm_joints], data.qvel[world.arm_dofs]
    mujoco.mj_step(world.model, data)
    return np.array([q, dq, data.qfrc_actuator[world.arm_dofs]])


def test_it_holds_each_step_exactly_also_when_the_ring_has_turned(world: SimWorld, log: JointLog) -> None:
    world.data.ctrl[world.arm_actuators] += 0.2
    seen = [step(world) for _ in range(2 * LENGTH + 17)]
    assert log.end == len(seen)
    np.testing.assert_array_equal(log.read(len(seen) - LENGTH, len(seen)), seen[-LENGTH:])
    np.testing.assert_array_equal(log.read(len(seen) - 40, len(seen) - 33), seen[-40:-33])


def test_looking_at_the_world_enters_no_step(world: SimWorld, log: JointLog) -> None:
    seen = [step(world) for _ in range(5)]
    mujoco.mj_forward(world.model, world.data)
    seen.append(step(world))
    np.testing.assert_array_equal(log.read(0, 6), seen)


def test_what_it_does_not_hold_is_refused(world: SimWorld, log: JointLog) -> None:
    world.sleep_until(LENGTH * world.model.opt.timestep + 0.02)
    with pytest.raises(ValueError, match=rf"the log holds 10 to {LENGTH + 10}"):
        log.read(9, 12)
    with pytest.raises(ValueError, match="steps 165 to 171 were asked for"):
        log.read(165, 171)


def test_a_reset_empties_it(world: SimWorld, log: JointLog) -> None:
    world.sleep_until(0.1)
    world.reset(sample_scene(0))
    assert log.end == 0
    with pytest.raises(ValueError, match="the log holds 0 to 0"):
        log.read(0, 1)
