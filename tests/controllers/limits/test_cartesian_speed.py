"""The speed rows are the tool's own velocity, by Pinocchio, and keep it slow."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest

from controllers import Gains, RobotModel
from controllers.limits.cartesian_speed import CartesianSpeedLimit
from controllers.mpc import Mpc

LINEAR, ANGULAR = 0.4, 0.9


@pytest.fixture
def limit(horizon) -> CartesianSpeedLimit:
    return CartesianSpeedLimit(horizon, joints=7, linear=LINEAR, angular=ANGULAR)


@pytest.mark.parametrize("seed", [14, 15, 16])
def test_rows_are_the_tools_velocity_at_nodes_1_3_5_and_7(
    make_tick, model: RobotModel, limit: CartesianSpeedLimit, seed: int
) -> None:
    tick, step = make_tick(seed), 1e-6
    A, lower, upper = tick.rows(limit)
    bound = np.repeat((LINEAR, ANGULAR), 3) / np.sqrt(3.0)
    nominal = np.vstack((tick.prediction.q, tick.prediction.q_nominal))[::2]
    for u in np.random.default_rng(seed).normal(size=(4, 56)):
        speeds = tick.motion(u)[1][::2]
        for k, (q, dq) in enumerate(zip(nominal, speeds, strict=True)):
            rows = slice(6 * k, 6 * k + 6)
            velocity = (model.jacobian(q) @ dq)[:3]
            turns = [
                pin.log3(tick.target[:3, :3].T @ model.forward_kinematics(q + way * step * dq)[:3, :3])
                for way in (-1, 1)
            ]
            expected = np.concatenate((velocity, (turns[1] - turns[0]) / (2 * step)))
            np.testing.assert_allclose(A[rows] @ u - lower[rows] - bound, expected, atol=1e-6)
            np.testing.assert_allclose(bound - (upper[rows] - A[rows] @ u), expected, atol=1e-6)
            # What stands for the angular velocity is never smaller than it.
            assert np.linalg.norm(expected[3:]) >= np.linalg.norm((model.jacobian(q) @ dq)[3:]) - 1e-6


def test_violation_is_the_excess_of_the_present_speed(
    make_tick, model: RobotModel, limit: CartesianSpeedLimit
) -> None:
    q = np.array(model.q_rest)
    J = model.jacobian(q)
    for twist in ((0.5, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.3, 0.4, 0.0, 0.0, 0.0)):
        dq = np.linalg.pinv(J) @ np.array(twist)
        assert limit.violation(make_tick(17, q=q, dq=dq).prediction) == pytest.approx(0.1)
    assert limit.violation(make_tick(17, q=q, dq=0.5 * dq).prediction) == 0.0
    turning = np.linalg.pinv(J) @ np.array((0.0, 0.0, 0.0, 0.0, 0.0, 1.2))
    assert limit.violation(make_tick(17, q=q, dq=turning).prediction) > 0.3 - 1e-9


def test_without_them_the_tool_is_too_fast(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cartesian = model.cartesian.model_copy(update={"velocity": 0.2, "angular_velocity": 0.5})
    slow = replace(model, cartesian=cartesian)
    T = helpers.tool_down(0.5, 0.25, 0.3)
    T[:3, :3] = T[:3, :3] @ pin.exp3(np.array([0.0, 0.0, 1.2]))

    def fastest() -> tuple[float, float]:
        log = helpers.drive(Mpc(slow, gains), slow, T, 150, q=np.array(model.q_rest))
        twists = np.array([model.jacobian(result.q) @ result.dq for result in log])
        speeds = np.linalg.norm(twists.reshape(-1, 2, 3), axis=2).max(axis=0)
        return float(speeds[0]), float(speeds[1])

    linear, angular = fastest()
    assert linear < 0.2 * 1.02
    assert angular < 0.5 * 1.02
    helpers.drop_rows(monkeypatch, CartesianSpeedLimit)
    linear, angular = fastest()
    assert linear > 0.25
    assert angular > 0.6
