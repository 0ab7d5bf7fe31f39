"""The MPC keeps its limits by itself and survives a failing QP without a jump."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest

from controllers import Gains, RobotModel
from controllers.collision import segment_distance
from controllers.mpc import Mpc
from controllers.target import step_toward


@pytest.fixture
def mpc(model: RobotModel, gains: Gains) -> Mpc:
    return Mpc(model, gains)


def drive(
    mpc: Mpc, q: np.ndarray, dq: np.ndarray, T: np.ndarray, ticks: int
) -> tuple[np.ndarray, np.ndarray, list]:
    log = []
    for _ in range(ticks):
        result = mpc.solve(q, dq, T)
        q, dq = result.q, result.dq
        log.append(result)
    return q, dq, log


def test_limits_hold_without_the_limiter(mpc: Mpc, model: RobotModel, gains: Gains, helpers) -> None:
    rng = np.random.default_rng(7)
    q, dq, scales = np.array(model.q_rest), np.zeros(7), gains.scales
    for _ in range(12):
        far = model.forward_kinematics(rng.uniform(model.q_min, model.q_max))
        T = model.forward_kinematics(q)
        T[:3, 3] += 0.3 * (far[:3, 3] - T[:3, 3])
        q, dq, log = drive(mpc, q, dq, T, 60)
        for result in log:
            assert result.ok
            assert np.all(np.abs(result.ddq) <= scales.acceleration * model.ddq_max + 1e-9)
            assert np.all(np.abs(result.dq) <= scales.velocity * model.dq_max + 1e-9)
            assert np.all(result.q <= model.q_max - scales.joint_margin + 1e-9)
            assert np.all(result.q >= model.q_min + scales.joint_margin - 1e-9)


def test_failed_qp_replays_the_plan_then_brakes_to_rest(
    mpc: Mpc, model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    T = helpers.tool_down(0.5, 0.1, 0.4)
    q, dq, log = drive(mpc, np.array(model.q_rest), np.zeros(7), T, 10)
    assert np.abs(dq).max() > 0.1
    planned = mpc.solve(q, dq, T)
    with monkeypatch.context() as patch:
        patch.setattr(mpc._qp, "solve", lambda: None)
        q, dq, log = drive(mpc, planned.q, planned.dq, T, 60)
    assert not any(result.ok for result in log)
    np.testing.assert_array_equal(log[0].ddq, mpc_control(planned, mpc, log))
    for result in log:
        assert np.all(np.abs(result.ddq) <= gains.scales.acceleration * model.ddq_max + 1e-9)
    np.testing.assert_allclose(dq, 0.0, atol=1e-12)
    _, _, log = drive(mpc, q, dq, T, 200)
    np.testing.assert_allclose(model.forward_kinematics(log[-1].q)[:3, 3], T[:3, 3], atol=1e-3)


def mpc_control(planned, mpc: Mpc, log: list) -> np.ndarray:
    """The replayed acceleration is held over the second interval, which is two periods long."""
    np.testing.assert_array_equal(log[0].ddq, log[1].ddq)
    assert np.abs(log[0].ddq - planned.ddq).max() < 2.0
    return log[0].ddq


def test_same_inputs_give_the_same_plan(model: RobotModel, gains: Gains, helpers) -> None:
    T = helpers.tool_down(0.45, 0.15, 0.35)
    runs = [drive(Mpc(model, gains), np.array(model.q_rest), np.zeros(7), T, 40)[:2] for _ in range(2)]
    np.testing.assert_array_equal(runs[0], runs[1])


def test_start_in_violation_recovers(mpc: Mpc, model: RobotModel, gains: Gains, helpers) -> None:
    q = np.array(model.q_rest)
    q[3] = model.q_max[3] + 0.05
    dq = 1.5 * gains.scales.velocity * model.dq_max
    T = helpers.tool_down(0.5, 0.1, 0.4)
    q, dq, log = drive(mpc, q, dq, T, 100)
    assert log[0].violations["velocity"] > 0.3
    assert log[0].violations["position"] > 0.05
    assert all(result.ok for result in log)
    assert "velocity" not in log[-1].violations


def test_joint_outside_its_limit_comes_back(mpc: Mpc, model: RobotModel, helpers) -> None:
    q = np.array(model.q_rest)
    q[2] = model.q_max[2] + 0.09
    T = model.forward_kinematics(q)
    q, _, log = drive(mpc, q, np.zeros(7), T, 250)
    outside = [result.q[2] for result in log if result.q[2] > model.q_max[2]]
    assert len(outside) > 10
    assert np.all(np.diff(outside) < 0.0)
    assert q[2] <= model.q_max[2]


def test_tool_speed_keeps_the_cartesian_limits(model: RobotModel, gains: Gains, helpers) -> None:
    slow = model.cartesian.model_copy(update={"velocity": 0.2, "angular_velocity": 0.5})
    mpc = Mpc(replace(model, cartesian=slow), gains)
    T = helpers.tool_down(0.5, 0.25, 0.3)
    q, dq = np.array(model.q_rest), np.zeros(7)
    for _ in range(350):
        near = step_toward(model.forward_kinematics(q), T, max_translation=0.12, max_rotation=0.6)
        q, dq, _ = drive(mpc, q, dq, near, 1)
        velocity = model.jacobian(q) @ dq
        assert np.linalg.norm(velocity[:3]) < 0.2 * 1.02
        assert np.linalg.norm(velocity[3:]) < 0.5 * 1.02
    np.testing.assert_allclose(model.forward_kinematics(q)[:3, 3], T[:3, 3], atol=2e-3)


def test_links_stay_apart_on_the_way_to_a_pose_that_folds_the_arm(
    mpc: Mpc, model: RobotModel, gains: Gains
) -> None:
    pairs = [(model.capsule(a), model.capsule(b)) for a, b in model.self_collision_pairs]

    def nearest(q: np.ndarray) -> float:
        poses = model.joint_poses(q)
        return min(segment_distance(*a.ends(poses), *b.ends(poses)) - a.radius - b.radius for a, b in pairs)

    rng, margin, closest = np.random.default_rng(9), gains.safety.self_collision_margin, np.inf
    q, dq = np.array(model.q_rest), np.zeros(7)
    for _ in range(20):
        T = model.forward_kinematics(model.q_rest)
        T[:3, 3] += rng.uniform((-0.25, -0.2, -0.2), (0.1, 0.2, 0.3))
        T[:3, :3] = pin.exp3(1.5 * rng.normal(size=3)) @ T[:3, :3]
        for _ in range(90):
            near = step_toward(model.forward_kinematics(q), T, max_translation=0.12, max_rotation=0.6)
            q, dq, _ = drive(mpc, q, dq, near, 1)
            closest = min(closest, nearest(q))
    assert margin - 1e-3 < closest < margin + 1e-3
