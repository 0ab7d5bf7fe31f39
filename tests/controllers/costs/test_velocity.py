"""The velocity cost is its formula, and without it the arm comes in too fast and swings past."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.costs.velocity import VelocityCost
from controllers.mpc import Mpc


def test_it_adds_its_formula(make_tick, horizon) -> None:
    tick, weight, terminal = make_tick(3), 1.7, 0.4
    times = np.diff(horizon.times, prepend=0.0)
    times[-1] += terminal

    def value(u: np.ndarray) -> float:
        return float(0.5 * weight * (times * (tick.motion(u)[1] ** 2).sum(axis=1)).sum())

    H, f = np.ones((56, 56)), np.ones(56)
    VelocityCost(horizon, joints=7, weight=weight, terminal=terminal).add(H, f, tick.prediction)
    for u in np.random.default_rng(2).normal(size=(5, 56)):
        added = 0.5 * u @ (H - 1.0) @ u + (f - 1.0) @ u
        assert added == pytest.approx(value(u) - value(np.zeros(56)))


def test_without_it_the_arm_is_faster_and_swings_past(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swing() -> tuple[float, float]:
        T = helpers.tool_down(0.5, 0.2, 0.35)
        log = helpers.drive(Mpc(model, gains), model, T, 150, q=np.array(model.q_rest))
        past = max(model.forward_kinematics(result.q)[1, 3] for result in log) - T[1, 3]
        return past, max(float(np.abs(result.dq).max()) for result in log)

    past, fastest = swing()
    monkeypatch.setattr(VelocityCost, "add", lambda self, H, f, now: None)
    past_without, fastest_without = swing()
    assert past < 1e-3
    assert past_without > past + 1e-3
    assert fastest_without > 1.05 * fastest
