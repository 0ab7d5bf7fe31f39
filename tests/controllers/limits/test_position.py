"""The position rows are the positions of the plan, let an arm outside come back, and bound the plan."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.limits.braking_motion import ROOM
from controllers.limits.position import PositionLimit

DDQ_MAX = np.full(7, 5.0)


@pytest.fixture(scope="module")
def limit(model: RobotModel, horizon, helpers) -> Callable[..., list[np.ndarray]]:
    """Lower and upper bounds, shape (joints, rows) each, and the violation."""

    def terms(state) -> list:
        return [*PositionLimit().bounds(state), PositionLimit().violation(state)]

    parameters = {"position.min": model.q_min, "position.max": model.q_max, "acceleration.max": DDQ_MAX}
    return helpers.on_state(terms, horizon, parameters)


def test_rows_are_the_positions_at_every_second_node_up_to_the_last(
    make_tick, model: RobotModel, gains: Gains
) -> None:
    tick, margin = make_tick(8), gains.scales.joint_margin
    rows = tick.rows("position")
    for u in np.random.default_rng(8).normal(size=(5, 56)):
        positions = tick.motion(u)[0][1::2]
        above, below = positions - model.q_max + margin, positions - model.q_min - margin
        np.testing.assert_allclose((rows.A @ u - rows.upper).reshape(-1, 7), above, atol=1e-12)
        np.testing.assert_allclose((rows.A @ u - rows.lower).reshape(-1, 7), below, atol=1e-12)


def test_a_joint_that_cannot_stop_in_time_may_brake_and_no_more(model: RobotModel, limit, horizon) -> None:
    q, dq = np.array(model.q_rest), np.zeros(7)
    q[0], dq[0] = model.q_max[0] - 0.01, 1.0
    _, upper, _ = limit(q, dq, np.zeros(7))
    free = (q + horizon.times[:, None] * dq)[1::2]
    allowed = upper.T + free
    # Braking at 5 rad/s² from 1 rad/s takes 0.1 rad, within 0.2 s, and rounding to the nodes a little more.
    assert allowed[-1, 0] - q[0] == pytest.approx(0.1, abs=0.01)
    assert allowed[-1, 0] > model.q_max[0]
    np.testing.assert_allclose(allowed[:, 1:], np.broadcast_to(model.q_max[1:], (4, 6)), atol=1e-12)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_joint_outside_must_come_back(model: RobotModel, limit, side) -> None:
    q = np.array(model.q_rest)
    q[2] = side * (model.q_max[2] + 0.05)
    lower, upper, violation = limit(q, np.zeros(7), np.zeros(7))
    bound = (upper if side > 0 else -lower)[2]  # of the way from q, outward
    assert np.all(np.diff(bound) < 0.0)
    assert bound[-1] < -0.04
    assert violation[0, 0] == pytest.approx(0.05)
    assert limit(model.q_rest, np.zeros(7), np.zeros(7))[2][0, 0] == 0.0


def test_without_them_the_plan_leaves_the_position_limits(
    model: RobotModel, gains: Gains, helpers, horizon
) -> None:
    q_max = model.q_max.copy()
    q_max[0] = 0.15
    narrow, margin = replace(model, q_max=q_max), gains.scales.joint_margin
    T, start = helpers.tool_down(0.5, 0.3, 0.35), np.array(model.q_rest)

    def furthest_out(*without: type) -> float:
        """Largest distance of any plan beyond a limit [rad]."""
        mpc, q, dq, worst = helpers.build(narrow, gains, without=without), start, np.zeros(7), -np.inf
        for _ in range(60):
            (result,) = helpers.drive(mpc, narrow, T, 1, q=q, dq=dq)
            assert result.ok
            planned, _ = helpers.motion(horizon.times, q, dq, mpc._plan[2])
            out = np.maximum(narrow.q_min + margin - planned, planned - narrow.q_max + margin)
            worst = max(worst, float(out[1::2].max()))
            q, dq = result.q, result.dq
        return worst

    assert furthest_out() <= ROOM + 1e-6
    assert furthest_out(PositionLimit) > 0.01
