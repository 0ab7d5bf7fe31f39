"""The bounds of the controls: acceleration everywhere, and on the first one all that must hold after it."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from controllers.prediction import Prediction
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import Gains, RobotModel
from controllers.horizon import Horizon
from controllers.limits.acceleration import AccelerationLimit
from controllers.mpc import Mpc
from controllers.target import step_toward

DT, BRAKING = 0.01, 0.6
Q_MIN, Q_MAX = np.array([-1.0, -0.5]), np.array([1.0, 0.7])
DQ_MAX, DDQ_MAX = np.array([1.0, 1.3]), np.array([4.0, 5.0])
HORIZON = Horizon.on((DT, 0.05, 0.1))


def bounds(q: np.ndarray, dq: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    limit = AccelerationLimit(
        HORIZON, q_min=Q_MIN, q_max=Q_MAX, dq_max=DQ_MAX, ddq_max=DDQ_MAX, braking=BRAKING
    )
    lower, upper = np.zeros(6), np.zeros(6)
    limit.bounds(lower, upper, Prediction(HORIZON, q, dq, q, q, None))
    return lower, upper


def furthest(q: float, dq: float, ddq: float, brake: float) -> float:
    """Where one joint comes to rest that accelerates once, then brakes, period by period."""
    q, dq = q + DT * dq + 0.5 * DT**2 * ddq, dq + DT * ddq
    while dq > 0.0:
        slower = max(dq - brake * DT, 0.0)
        q, dq = q + 0.5 * DT * (dq + slower), slower
    return q


def test_later_controls_are_bounded_by_the_acceleration_limit() -> None:
    lower, upper = bounds(np.array([0.9, 0.0]), np.array([0.5, 0.0]))
    np.testing.assert_array_equal(upper[2:], np.tile(DDQ_MAX, 2))
    np.testing.assert_array_equal(lower[2:], -np.tile(DDQ_MAX, 2))


@settings(max_examples=200, deadline=None)
@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_the_first_control_leaves_room_to_stop_and_uses_it(share_q: float, share_dq: float) -> None:
    q, dq = np.array([share_q, 0.0]), np.array([share_dq, 0.0])
    if furthest(share_q, share_dq, -BRAKING * DDQ_MAX[0], BRAKING * DDQ_MAX[0]) > Q_MAX[0]:
        return  # no longer to be stopped in time by a part of the acceleration
    _, upper = bounds(q, dq)
    highest = upper[0]
    assert highest <= DDQ_MAX[0] + 1e-9
    assert share_dq + DT * highest <= DQ_MAX[0] + 1e-9
    if share_dq + DT * highest >= 0.0:
        assert furthest(share_q, share_dq, highest, BRAKING * DDQ_MAX[0]) <= Q_MAX[0] + 1e-9
    if highest < DDQ_MAX[0] - 1e-6 and share_dq + DT * highest < DQ_MAX[0] - 1e-6:
        assert furthest(share_q, share_dq, highest + 1e-3, BRAKING * DDQ_MAX[0]) > Q_MAX[0]


def test_up_and_down_are_mirror_images() -> None:
    q, dq = np.array([0.95, -0.2]), np.array([0.1, 1.2])
    lower, upper = bounds(q, dq)
    limit = AccelerationLimit(
        HORIZON, q_min=-Q_MAX, q_max=-Q_MIN, dq_max=DQ_MAX, ddq_max=DDQ_MAX, braking=BRAKING
    )
    mirrored_lower, mirrored_upper = np.zeros(6), np.zeros(6)
    limit.bounds(mirrored_lower, mirrored_upper, Prediction(HORIZON, -q, -dq, -q, -q, None))
    np.testing.assert_allclose(mirrored_lower, -upper)
    np.testing.assert_allclose(mirrored_upper, -lower)


def extremes(model: RobotModel, gains: Gains) -> tuple[float, float, float]:
    """Largest share of acceleration and velocity limit [1], and distance out of the position limits [rad].

    The MPC follows targets that jump far, on an arm with little room at two joints and soft brakes.
    """
    q_max = model.q_max.copy()
    q_max[[0, 6]] = 0.3, 1.0
    tight = replace(model, q_max=q_max)
    scales = gains.scales.model_copy(update={"acceleration": 0.1})
    mpc, rng, log = Mpc(tight, gains.model_copy(update={"scales": scales})), np.random.default_rng(3), []
    q, dq = np.array(model.q_rest), np.zeros(7)
    for _ in range(40):
        T = model.forward_kinematics(model.q_rest)
        T[:3, 3] += rng.uniform(-0.35, 0.35, 3)
        T[:3, :3] = T[:3, :3] @ pin.exp3(rng.normal(size=3))
        for _ in range(rng.integers(5, 40)):
            near = step_toward(model.forward_kinematics(q), T, max_translation=0.3, max_rotation=1.5)
            result = mpc.solve(q, dq, near)
            q, dq = result.q, result.dq
            acceleration = np.abs(result.ddq) / (scales.acceleration * model.ddq_max)
            velocity = np.abs(dq) / (scales.velocity * model.dq_max)
            outside = np.maximum(tight.q_min - q, q - tight.q_max) + scales.joint_margin
            log.append((acceleration.max(), velocity.max(), outside.max()))
    worst = np.max(log, axis=0)
    return float(worst[0]), float(worst[1]), float(worst[2])


def test_without_the_first_ones_the_arm_cannot_stop_in_time(
    model: RobotModel, gains: Gains, monkeypatch: pytest.MonkeyPatch
) -> None:
    acceleration, velocity, outside = extremes(model, gains)
    assert acceleration <= 1.0 + 1e-9
    assert velocity <= 1.0 + 1e-9
    assert outside <= 1e-9

    def acceleration_alone(self, lower: np.ndarray, upper: np.ndarray, prediction: Prediction) -> None:
        lower[:], upper[:] = -self._bound, self._bound

    monkeypatch.setattr(AccelerationLimit, "bounds", acceleration_alone)
    _, velocity, outside = extremes(model, gains)
    assert velocity > 1.01
    assert outside > 0.01


def test_without_any_the_arm_accelerates_too_hard(
    model: RobotModel, gains: Gains, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unbounded(self, lower: np.ndarray, upper: np.ndarray, prediction: Prediction) -> None:
        lower[:], upper[:] = -1e3, 1e3

    monkeypatch.setattr(AccelerationLimit, "bounds", unbounded)
    assert extremes(model, gains)[0] > 1.5
