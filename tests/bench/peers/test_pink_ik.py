"""Pink gets the same arm, bodies and limits as ours."""

import numpy as np
import pytest

from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.bench.scenario import load_scenario

pink_ik = pytest.importorskip("hybridctl.bench.peers.pink_ik", exc_type=ImportError)


def test_it_reaches_a_target_within_velocity_and_acceleration(model: RobotModel) -> None:
    scenario, gains = load_scenario(), load_gains()
    follower = pink_ik.PinkFollower(model, gains, scenario)
    follower.start(np.array(model.q_rest))
    T = np.array(model.forward_kinematics(model.q_rest))
    T[:3, 3] += (0.05, 0.1, 0.05)
    before = np.zeros(7)
    for k in range(150):
        step = follower.step(T, scenario.surroundings[0], 0.01 * k)
        assert step.solved
        assert (np.abs(step.dq) <= gains.scales.velocity * model.dq_max + 1e-6).all()
        assert (np.abs(step.dq - before) / 0.01 <= gains.scales.acceleration * model.ddq_max + 0.01).all()
        before = step.dq
    assert np.linalg.norm(model.forward_kinematics(step.q)[:3, 3] - T[:3, 3]) < 1e-3


def test_its_barrier_keeps_the_tool_in_the_box(model: RobotModel) -> None:
    scenario, gains = load_scenario(), load_gains()
    follower = pink_ik.PinkFollower(model, gains, scenario)
    follower.start(np.array(model.q_rest))
    T = np.array(model.forward_kinematics(model.q_rest))
    T[1, 3] = 0.6
    reached = [model.forward_kinematics(follower.step(T, scenario.surroundings[0], 0.01 * k).q)[1, 3]
               for k in range(150)]  # fmt: skip
    assert 0.35 < max(reached) < gains.workspace.upper[1]
