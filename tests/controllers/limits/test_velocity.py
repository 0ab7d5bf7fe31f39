"""The velocity rows are the velocities of the plan, and without them the plan is too fast."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.limits.braking_motion import ROOM, BrakingMotion
from controllers.limits.velocity import VelocityLimit
from controllers.mpc import Mpc

DQ_MAX, DDQ_MAX = np.linspace(0.6, 1.2, 7), np.full(7, 5.0)


@pytest.fixture
def limit(horizon) -> VelocityLimit:
    return VelocityLimit(horizon, dq_max=DQ_MAX, braking=BrakingMotion(horizon, ddq_max=DDQ_MAX))


def test_rows_are_the_velocities_from_the_second_node_on(make_tick, limit: VelocityLimit) -> None:
    tick = make_tick(4)
    A, lower, upper = tick.rows(limit)
    for u in np.random.default_rng(4).normal(size=(5, 56)):
        velocities = tick.motion(u)[1][1:]
        np.testing.assert_allclose((A @ u - upper).reshape(-1, 7), velocities - DQ_MAX, atol=1e-12)
        np.testing.assert_allclose((A @ u - lower).reshape(-1, 7), velocities + DQ_MAX, atol=1e-12)


def test_a_second_tick_writes_its_own_bounds_behind_the_first_ones_matrix(
    make_tick, limit: VelocityLimit
) -> None:
    first, second = make_tick(5), make_tick(6)
    A, lower, upper = first.rows(limit)
    limit.write(A, lower, upper, second.prediction)
    velocities = second.motion(second.u)[1][1:]
    np.testing.assert_allclose((A @ second.u.ravel() - upper).reshape(-1, 7), velocities - DQ_MAX, atol=1e-12)


def test_a_start_that_is_too_fast_may_brake_and_no_more(make_tick, limit: VelocityLimit, horizon) -> None:
    dq = np.array([2.0, -2.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    tick = make_tick(7, dq=dq)
    _, lower, upper = tick.rows(limit)
    braked = np.maximum(2.0 - 5.0 * horizon.times[1:], 0.0)
    allowed = upper.reshape(-1, 7) + dq
    np.testing.assert_allclose(allowed[:, 0], np.maximum(braked + ROOM, DQ_MAX[0]), atol=1e-12)
    np.testing.assert_allclose(allowed[:, 1], DQ_MAX[1], atol=1e-12)
    np.testing.assert_allclose(
        (lower.reshape(-1, 7) + dq)[:, 1], -np.maximum(braked + ROOM, DQ_MAX[1]), atol=1e-12
    )
    assert limit.violation(tick.prediction) == pytest.approx(2.0 - DQ_MAX[0])
    assert limit.violation(make_tick(7, dq=np.full(7, -0.5)).prediction) == 0.0


def test_without_them_the_plan_is_too_fast(
    model: RobotModel, gains: Gains, helpers, horizon, monkeypatch: pytest.MonkeyPatch
) -> None:
    T, q = helpers.tool_down(0.5, 0.35, 0.3), np.array(model.q_rest)
    slow = gains.model_copy(update={"scales": gains.scales.model_copy(update={"velocity": 0.1})})

    def fastest() -> float:
        """Largest share of the velocity limit in any plan."""
        mpc, dq, at, worst = Mpc(model, slow), np.zeros(7), q, 0.0
        for _ in range(40):
            (result,) = helpers.drive(mpc, model, T, 1, q=at, dq=dq)
            assert result.ok
            _, planned = helpers.motion(horizon.times, at, dq, mpc._plan[2])
            worst = max(worst, float((np.abs(planned) / (0.1 * model.dq_max)).max()))
            at, dq = result.q, result.dq
        return worst

    assert fastest() <= 1.0 + ROOM / 0.1
    helpers.drop_rows(monkeypatch, VelocityLimit)
    assert fastest() > 1.1
