"""The speed rows are the tool's own velocity, by Pinocchio, and keep it slow."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest

from controllers import Gains, RobotModel
from controllers.limits.cartesian_speed import CartesianSpeedLimit

LINEAR, ANGULAR = 0.4, 0.9


@pytest.fixture(scope="module")
def slow(model: RobotModel) -> RobotModel:
    cartesian = model.cartesian.model_copy(update={"velocity": LINEAR, "angular_velocity": ANGULAR})
    return replace(model, cartesian=cartesian)


@pytest.mark.parametrize("seed", [14, 15, 16])
def test_rows_are_the_tools_velocity_at_every_node(make_tick, slow: RobotModel, seed: int) -> None:
    tick = make_tick(seed, robot=slow)
    rows = tick.rows("cartesian_speed")
    bound = np.repeat((LINEAR, ANGULAR), 3) / np.sqrt(3.0)
    # At the first node, one period ahead, the posture is as good as the present one.
    postures = np.vstack((tick.q, tick.postures[1:]))
    for u in np.random.default_rng(seed).normal(size=(4, 56)):
        speeds = tick.motion(u)[1]
        expected = np.array([slow.jacobian(q) @ dq for q, dq in zip(postures, speeds, strict=True)])
        np.testing.assert_allclose((rows.A @ u - rows.lower).reshape(8, 6) - bound, expected, atol=1e-9)
        np.testing.assert_allclose(bound - (rows.upper - rows.A @ u).reshape(8, 6), expected, atol=1e-9)


def test_violation_is_the_excess_of_the_present_speed(make_tick, slow: RobotModel) -> None:
    q = np.array(slow.q_rest)
    J = slow.jacobian(q)

    def violation(dq: np.ndarray) -> float:
        return make_tick(17, robot=slow, q=q, dq=dq).violation("cartesian_speed")

    for twist in ((0.5, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.3, 0.4, 0.0, 0.0, 0.0)):
        dq = np.linalg.pinv(J) @ np.array(twist)
        assert violation(dq) == pytest.approx(0.1)
        # Faster than the rows let one component be, yet within the limit.
        assert violation(0.75 * dq) == 0.0
    turning = np.linalg.pinv(J) @ np.array((0.0, 0.0, 0.0, 0.0, 0.0, 1.2))
    assert violation(turning) == pytest.approx(0.3)


def test_without_them_the_tool_is_too_fast(model: RobotModel, gains: Gains, helpers) -> None:
    cartesian = model.cartesian.model_copy(update={"velocity": 0.2, "angular_velocity": 0.5})
    slow = replace(model, cartesian=cartesian)
    T = helpers.tool_down(0.5, 0.25, 0.3)
    T[:3, :3] = T[:3, :3] @ pin.exp3(np.array([0.0, 0.0, 1.2]))

    def fastest(*without: type) -> tuple[float, float]:
        mpc = helpers.build(slow, gains, without=without)
        log = helpers.drive(mpc, slow, T, 150, q=np.array(model.q_rest))
        twists = np.array([model.jacobian(result.q) @ result.dq for result in log])
        speeds = np.linalg.norm(twists.reshape(-1, 2, 3), axis=2).max(axis=0)
        return float(speeds[0]), float(speeds[1])

    linear, angular = fastest()
    assert linear < 0.2 * 1.02
    assert angular < 0.5 * 1.02
    linear, angular = fastest(CartesianSpeedLimit)
    assert linear > 0.25
    assert angular > 0.6
