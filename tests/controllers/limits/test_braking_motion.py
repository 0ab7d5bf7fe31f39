"""The braking motion is one the arm can make: full braking, never through zero."""

from dataclasses import replace
from typing import Any

import casadi as ca
import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.horizon import Horizon
from controllers.limits import velocity
from controllers.limits.braking_motion import braking_motion
from controllers.symbols import State

DDQ_MAX = np.array([2.0, 5.0, 3.0, 4.0, 6.0, 8.0, 8.0])


def stacked(state: State) -> list[Any]:
    return [ca.horzcat(*nodes).T for nodes in braking_motion(state)]


@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_motion_of_the_horizon_within_the_acceleration_limit(
    horizon: Horizon, helpers, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    q, dq = rng.normal(size=7), rng.uniform(-2.0, 2.0, 7)
    path, speeds = helpers.on_state(stacked, horizon, {"acceleration.max": DDQ_MAX})(q, dq, np.zeros(7))
    durations = np.diff(horizon.times, prepend=0.0)[:, None]
    u = np.diff(np.vstack((dq, speeds)), axis=0) / durations
    assert np.all(np.abs(u) <= DDQ_MAX + 1e-9)
    replayed_path, replayed_speeds = helpers.motion(horizon.times, q, dq, u)
    np.testing.assert_allclose(path, replayed_path, atol=1e-12)
    np.testing.assert_allclose(speeds, replayed_speeds, atol=1e-12)
    moving = np.abs(dq) > DDQ_MAX * horizon.times[:, None]
    np.testing.assert_allclose(np.abs(u)[moving], np.broadcast_to(DDQ_MAX, u.shape)[moving], rtol=1e-9)
    assert np.all(speeds * dq >= 0.0)
    assert np.all(speeds[~moving] == 0.0)


def test_without_it_a_start_that_is_too_fast_leaves_the_qp_without_an_answer(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    T, q = helpers.tool_down(0.5, 0.1, 0.4), np.array(model.q_rest)
    dq = 1.8 * gains.scales.velocity * model.dq_max

    def answers(robot: RobotModel) -> list[bool]:
        return [result.ok for result in helpers.drive(helpers.build(robot, gains), robot, T, 5, q=q, dq=dq)]

    assert all(answers(model))

    def rest_at_once(state: State) -> tuple[list[Any], list[Any]]:
        return [state.q] * state.nodes, [ca.SX.zeros(state.q.shape)] * state.nodes

    monkeypatch.setattr(velocity, "braking_motion", rest_at_once)
    assert not any(answers(replace(model))[:1])
