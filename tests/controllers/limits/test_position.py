"""The position rows are the positions of the plan, let an arm outside come back, and bound the plan."""

from dataclasses import replace

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.limits.braking_motion import ROOM, BrakingMotion
from controllers.limits.position import PositionLimit
from controllers.mpc import Mpc

DDQ_MAX = np.full(7, 5.0)


@pytest.fixture
def limit(model: RobotModel, horizon) -> PositionLimit:
    braking = BrakingMotion(horizon, ddq_max=DDQ_MAX)
    return PositionLimit(horizon, q_min=model.q_min, q_max=model.q_max, braking=braking, ddq_max=DDQ_MAX)


def test_rows_are_the_positions_at_every_second_node_up_to_the_last(
    make_tick, model: RobotModel, limit: PositionLimit
) -> None:
    tick = make_tick(8)
    A, lower, upper = tick.rows(limit)
    for u in np.random.default_rng(8).normal(size=(5, 56)):
        positions = tick.motion(u)[0][1::2]
        np.testing.assert_allclose((A @ u - upper).reshape(-1, 7), positions - model.q_max, atol=1e-12)
        np.testing.assert_allclose((A @ u - lower).reshape(-1, 7), positions - model.q_min, atol=1e-12)


def test_a_joint_that_cannot_stop_in_time_may_brake_and_no_more(
    make_tick, model: RobotModel, limit: PositionLimit, horizon
) -> None:
    q, dq = np.array(model.q_rest), np.zeros(7)
    q[0], dq[0] = model.q_max[0] - 0.01, 1.0
    tick = make_tick(9, q=q, dq=dq)
    _, _, upper = tick.rows(limit)
    free = (q + horizon.times[:, None] * dq)[1::2]
    allowed = upper.reshape(-1, 7) + free
    # Braking at 5 rad/s² from 1 rad/s takes 0.1 rad, within 0.2 s, and rounding to the nodes a little more.
    assert allowed[-1, 0] - q[0] == pytest.approx(0.1, abs=0.01)
    assert allowed[-1, 0] > model.q_max[0]
    np.testing.assert_allclose(allowed[:, 1:], np.broadcast_to(model.q_max[1:], (4, 6)), atol=1e-12)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_joint_outside_must_come_back(make_tick, model: RobotModel, limit: PositionLimit, side) -> None:
    q = np.array(model.q_rest)
    q[2] = side * (model.q_max[2] + 0.05)
    tick = make_tick(10, q=q, dq=np.zeros(7))
    _, lower, upper = tick.rows(limit)
    bound = (upper if side > 0 else -lower).reshape(-1, 7)[:, 2]  # of the way from q, outward
    assert np.all(np.diff(bound) < 0.0)
    assert bound[-1] < -0.04
    assert limit.violation(tick.prediction) == pytest.approx(0.05)
    assert limit.violation(make_tick(10).prediction) == 0.0


def test_without_them_the_plan_leaves_the_position_limits(
    model: RobotModel, gains: Gains, helpers, horizon, monkeypatch: pytest.MonkeyPatch
) -> None:
    q_max = model.q_max.copy()
    q_max[0] = 0.15
    narrow, margin = replace(model, q_max=q_max), gains.scales.joint_margin
    T, start = helpers.tool_down(0.5, 0.3, 0.35), np.array(model.q_rest)

    def furthest_out() -> float:
        """Largest distance of any plan beyond a limit [rad]."""
        mpc, q, dq, worst = Mpc(narrow, gains), start, np.zeros(7), -np.inf
        for _ in range(60):
            (result,) = helpers.drive(mpc, narrow, T, 1, q=q, dq=dq)
            assert result.ok
            planned, _ = helpers.motion(horizon.times, q, dq, mpc._plan[2])
            out = np.maximum(narrow.q_min + margin - planned, planned - narrow.q_max + margin)
            worst = max(worst, float(out[1::2].max()))
            q, dq = result.q, result.dq
        return worst

    assert furthest_out() <= ROOM + 1e-6
    helpers.drop_rows(monkeypatch, PositionLimit)
    assert furthest_out() > 0.01
