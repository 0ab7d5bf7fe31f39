"""The velocity rows are the velocities of the plan, and without them the plan is too fast."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.limits.braking_motion import ROOM
from controllers.limits.velocity import VelocityLimit

DQ_MAX, DDQ_MAX = np.linspace(0.6, 1.2, 7), np.full(7, 5.0)


def test_rows_are_the_velocities_from_the_second_node_on(make_tick, model: RobotModel, gains: Gains) -> None:
    tick, dq_max = make_tick(4), gains.scales.velocity * model.dq_max
    rows = tick.rows("velocity")
    for u in np.random.default_rng(4).normal(size=(5, 56)):
        velocities = tick.motion(u)[1][1:]
        np.testing.assert_allclose((rows.A @ u - rows.upper).reshape(-1, 7), velocities - dq_max, atol=1e-12)
        np.testing.assert_allclose((rows.A @ u - rows.lower).reshape(-1, 7), velocities + dq_max, atol=1e-12)


def test_a_start_that_is_too_fast_may_brake_and_no_more(horizon, helpers) -> None:
    def terms(state) -> list:
        return [*VelocityLimit().bounds(state), VelocityLimit().violation(state)]

    limit = helpers.on_state(terms, horizon, {"velocity.max": DQ_MAX, "acceleration.max": DDQ_MAX})
    q, dq = np.zeros(7), np.array([2.0, -2.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    lower, upper, violation = limit(q, dq, q)
    braked = np.maximum(2.0 - 5.0 * horizon.times[1:], 0.0)
    allowed = upper.T + dq
    np.testing.assert_allclose(allowed[:, 0], np.maximum(braked + ROOM, DQ_MAX[0]), atol=1e-12)
    np.testing.assert_allclose(allowed[:, 1], DQ_MAX[1], atol=1e-12)
    np.testing.assert_allclose((lower.T + dq)[:, 1], -np.maximum(braked + ROOM, DQ_MAX[1]), atol=1e-12)
    assert violation[0, 0] == pytest.approx(2.0 - DQ_MAX[0])
    assert limit(q, np.full(7, -0.5), q)[2][0, 0] == 0.0


def test_without_them_the_plan_is_too_fast(model: RobotModel, gains: Gains, helpers, horizon) -> None:
    T, q = helpers.tool_down(0.5, 0.35, 0.3), np.array(model.q_rest)
    slow = helpers.tuned(gains, scales={"velocity": 0.1})

    def fastest(*without: type) -> float:
        """Largest share of the velocity limit in any plan."""
        mpc, dq, at, worst = helpers.build(model, slow, without=without), np.zeros(7), q, 0.0
        for _ in range(40):
            (result,) = helpers.drive(mpc, model, T, 1, q=at, dq=dq)
            assert result.ok
            _, planned = helpers.motion(horizon.times, at, dq, mpc._plan[2])
            worst = max(worst, float((np.abs(planned) / (0.1 * model.dq_max)).max()))
            at, dq = result.q, result.dq
        return worst

    assert fastest() <= 1.0 + ROOM / 0.1
    assert fastest(VelocityLimit) > 1.1
