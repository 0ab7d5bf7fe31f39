"""The bounds of the controls: acceleration everywhere, and on the first one all that must hold after it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import casadi as ca
import numpy as np
import pinocchio as pin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import Gains, RobotModel
from controllers.braking import braked_velocity, stopping_velocity
from controllers.horizon import Horizon
from controllers.limits.acceleration import AccelerationLimit
from controllers.symbols import State
from controllers.target import step_toward


def velocity_window(
    q: np.ndarray,
    dq: np.ndarray,
    *,
    q_min: np.ndarray,
    q_max: np.ndarray,
    dq_max: np.ndarray,
    ddq_max: np.ndarray,
    ddq_brake: np.ndarray,
    dt: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The window in numpy, one side after the other: what the compiled one is compared with."""
    coasting = 0.5 * dt * dq
    highest = np.minimum(dq_max, stopping_velocity(q_max - q - coasting, ddq_max=ddq_brake, dt=dt))
    lowest = -np.minimum(dq_max, stopping_velocity(q - q_min + coasting, ddq_max=ddq_brake, dt=dt))
    change = ddq_max * dt
    braked = braked_velocity(dq, ddq_max=ddq_max, dt=dt)
    highest = np.maximum(np.minimum(highest, dq + change), braked)
    lowest = np.minimum(np.maximum(lowest, dq - change), braked)
    return lowest, highest


DT, BRAKING = 0.01, 0.6
Q_MIN, Q_MAX = np.array([-1.0, -0.5]), np.array([1.0, 0.7])
DQ_MAX, DDQ_MAX = np.array([1.0, 1.3]), np.array([4.0, 5.0])
HORIZON = Horizon.on((DT, 0.05, 0.1))


PARAMETERS = {
    "acceleration.max": DDQ_MAX,
    "acceleration.braking": BRAKING * DDQ_MAX,
    "velocity.max": DQ_MAX,
    "position.min": Q_MIN,
    "position.max": Q_MAX,
}


@pytest.fixture(scope="module")
def bounds(helpers) -> Callable[..., list[np.ndarray]]:
    """Lower and upper bounds, shape (joints, nodes) each, of positions, velocities and last accelerations."""
    return helpers.on_state(lambda state: list(AccelerationLimit().bounds(state)), HORIZON, PARAMETERS)


def furthest(q: float, dq: float, ddq: float, brake: float) -> float:
    """Where one joint comes to rest that accelerates once, then brakes, period by period."""
    q, dq = q + DT * dq + 0.5 * DT**2 * ddq, dq + DT * ddq
    while dq > 0.0:
        slower = max(dq - brake * DT, 0.0)
        q, dq = q + 0.5 * DT * (dq + slower), slower
    return q


def test_later_controls_are_bounded_by_the_acceleration_limit(bounds) -> None:
    lower, upper = bounds(np.array([0.9, 0.0]), np.array([0.5, 0.0]), np.zeros(2))
    np.testing.assert_array_equal(upper[:, 1:].T, np.tile(DDQ_MAX, (2, 1)))
    np.testing.assert_array_equal(lower[:, 1:].T, -np.tile(DDQ_MAX, (2, 1)))


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(*[st.floats(-1.2, 1.2)] * 2).map(np.array), st.tuples(*[st.floats(-2.0, 2.0)] * 2).map(np.array)
)
def test_the_first_control_has_the_window_that_the_limiter_has(bounds, q: np.ndarray, dq: np.ndarray) -> None:
    """Inside and outside of every limit."""
    lower, upper = bounds(q, dq, np.zeros(2))
    window = velocity_window(
        q,
        dq,
        q_min=Q_MIN,
        q_max=Q_MAX,
        dq_max=DQ_MAX,
        ddq_max=DDQ_MAX,
        ddq_brake=BRAKING * DDQ_MAX,
        dt=DT,
    )
    np.testing.assert_allclose(dq + DT * lower[:, 0], window[0], atol=1e-9)
    np.testing.assert_allclose(dq + DT * upper[:, 0], window[1], atol=1e-9)


@settings(max_examples=200, deadline=None)
@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_the_first_control_leaves_room_to_stop_and_uses_it(bounds, share_q: float, share_dq: float) -> None:
    q, dq = np.array([share_q, 0.0]), np.array([share_dq, 0.0])
    if furthest(share_q, share_dq, -BRAKING * DDQ_MAX[0], BRAKING * DDQ_MAX[0]) > Q_MAX[0]:
        return  # no longer to be stopped in time by a part of the acceleration
    _, upper = bounds(q, dq, np.zeros(2))
    highest = upper[0, 0]
    assert highest <= DDQ_MAX[0] + 1e-9
    assert share_dq + DT * highest <= DQ_MAX[0] + 1e-9
    if share_dq + DT * highest >= 0.0:
        assert furthest(share_q, share_dq, highest, BRAKING * DDQ_MAX[0]) <= Q_MAX[0] + 1e-9
    if highest < DDQ_MAX[0] - 1e-6 and share_dq + DT * highest < DQ_MAX[0] - 1e-6:
        assert furthest(share_q, share_dq, highest + 1e-3, BRAKING * DDQ_MAX[0]) > Q_MAX[0]


def test_up_and_down_are_mirror_images(bounds, helpers) -> None:
    q, dq = np.array([0.95, -0.2]), np.array([0.1, 1.2])
    turned = PARAMETERS | {"position.min": -Q_MAX, "position.max": -Q_MIN}
    mirrored = helpers.on_state(lambda state: list(AccelerationLimit().bounds(state)), HORIZON, turned)
    lower, upper = bounds(q, dq, np.zeros(2))
    mirrored_lower, mirrored_upper = mirrored(-q, -dq, np.zeros(2))
    np.testing.assert_allclose(mirrored_lower, -upper)
    np.testing.assert_allclose(mirrored_upper, -lower)


def extremes(model: RobotModel, gains: Gains, helpers) -> tuple[float, float, float]:
    """Largest share of acceleration and velocity limit [1], and distance out of the position limits [rad].

    The MPC follows targets that jump far, on an arm with little room at two joints and soft brakes.
    """
    q_max = model.q_max.copy()
    q_max[[0, 6]] = 0.3, 1.0
    tight = replace(model, q_max=q_max)
    soft = helpers.tuned(gains, scales={"acceleration": 0.1})
    mpc, scales, rng, log = helpers.build(tight, soft), soft.scales, np.random.default_rng(3), []
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
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    acceleration, velocity, outside = extremes(model, gains, helpers)
    assert acceleration <= 1.0 + 1e-9
    assert velocity <= 1.0 + 1e-9
    assert outside <= 1e-9

    def acceleration_alone(self, state: State) -> tuple[Any, Any]:
        bound = ca.repmat(state.parameters["acceleration.max"], 1, state.nodes)
        return -bound, bound

    monkeypatch.setattr(AccelerationLimit, "bounds", acceleration_alone)
    _, velocity, outside = extremes(model, gains, helpers)
    assert velocity > 1.01
    assert outside > 0.01


def test_without_any_the_arm_accelerates_too_hard(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unbounded(self, state: State) -> tuple[Any, Any]:
        bound = 1e3 * ca.SX.ones(state.model.n, state.nodes)
        return -bound, bound

    monkeypatch.setattr(AccelerationLimit, "bounds", unbounded)
    assert extremes(model, gains, helpers)[0] > 1.5
