"""mink gets the same arm, bodies and limits as ours, as far as it has them."""

import numpy as np
import pytest

from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.bench.motion_check import MotionCheck
from hybridctl.bench.scenario import load_scenario

mink_ik = pytest.importorskip("hybridctl.bench.peers.mink_ik", exc_type=ImportError)


def test_its_arm_is_ours_with_the_fingers_open_and_its_bodies_are_where_ours_are(model: RobotModel) -> None:
    import mujoco

    scenario, gains = load_scenario(), load_gains()
    spec, mocaps = mink_ik._model(model, gains, scenario)
    assert spec.nv == 7
    assert len(mocaps) == len(scenario.obstacles)
    data = mujoco.MjData(spec)
    q = np.array(model.q_rest)
    q[[1, 3]] = 0.5, -2.0  # near the table, the fingers lowest
    data.qpos[:] = q
    mujoco.mj_forward(spec, data)
    T = model.forward_kinematics(q)
    assert np.allclose(data.site("tool").xpos, T[:3, 3], atol=1e-9)
    still = np.zeros(7)
    room = MotionCheck(model, gains).judge(q, still, still).room["table"]
    nearest = [mujoco.mj_geomDistance(spec, data, spec.geom(name).id, spec.geom("table").id, 1.0, None)
               for name in scenario.pairs.table]  # fmt: skip
    assert min(nearest) == pytest.approx(room, abs=1e-6)


def test_it_reaches_a_target_and_keeps_its_velocity_limit(model: RobotModel) -> None:
    scenario, gains = load_scenario(), load_gains()
    follower = mink_ik.MinkFollower(model, gains, scenario)
    follower.start(np.array(model.q_rest))
    T = np.array(model.forward_kinematics(model.q_rest))
    T[:3, 3] += (0.05, 0.1, 0.05)
    for k in range(150):
        step = follower.step(T, scenario.surroundings[0], 0.01 * k)
        assert step.solved
        assert (np.abs(step.dq) <= gains.scales.velocity * model.dq_max + 1e-6).all()
    assert np.linalg.norm(model.forward_kinematics(step.q)[:3, 3] - T[:3, 3]) < 1e-3
