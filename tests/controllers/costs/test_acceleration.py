"""The acceleration cost is its formula, and without it the arm jerks."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.costs.acceleration import AccelerationCost
from controllers.mpc import Mpc


def test_it_adds_its_formula(make_tick, horizon) -> None:
    tick, weight = make_tick(1), 0.3
    H, f = np.ones((56, 56)), np.ones(56)
    AccelerationCost(horizon, joints=7, weight=weight).add(H, f, tick.prediction)
    for u in np.random.default_rng(1).normal(size=(5, 8, 7)):
        durations = np.diff(horizon.times, prepend=0.0)
        expected = 0.5 * weight * (durations * (u**2).sum(axis=1)).sum()
        flat = u.ravel()
        assert 0.5 * flat @ (H - 1.0) @ flat == pytest.approx(expected)
    np.testing.assert_array_equal(f, 1.0)


def test_it_makes_the_qp_strictly_convex(make_tick, horizon) -> None:
    H = np.zeros((56, 56))
    AccelerationCost(horizon, joints=7, weight=0.02).add(H, np.zeros(56), make_tick(2).prediction)
    assert np.linalg.eigvalsh(H).min() == pytest.approx(0.02 * horizon.durations.min())


def test_without_it_the_arm_jerks(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hardest_change() -> float:
        start = np.array(model.q_rest)
        log = helpers.drive(Mpc(model, gains), model, helpers.tool_down(0.5, 0.2, 0.35), 100, q=start)
        ddq = np.array([result.ddq for result in log])
        return float(np.abs(np.diff(ddq, axis=0)).mean())

    smooth = hardest_change()
    monkeypatch.setattr(AccelerationCost, "add", lambda self, H, f, now: H.__iadd__(1e-9 * np.eye(len(H))))
    assert hardest_change() > 2.0 * smooth
