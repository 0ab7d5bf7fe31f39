"""The jerk cost is its formula, and with it accelerations change more softly."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.costs.jerk import JerkCost
from controllers.joint_hessian import JointHessian


def test_it_adds_its_formula(make_tick, gains: Gains, horizon, helpers) -> None:
    tick, weight, h = make_tick(4), 0.02, np.diff(horizon.times, prepend=0.0)
    middles = horizon.times - h / 2
    gaps = np.concatenate(([h[0]], np.diff(middles)))

    def value(u: np.ndarray) -> float:
        change = np.diff(np.vstack((tick.ddq, u.reshape(8, 7))), axis=0)
        return float(0.5 * weight * ((change**2).sum(axis=1) / gaps).sum())

    weighted = helpers.tuned(gains, weights={"jerk": weight})
    cost = JointHessian([JerkCost()], horizon, weighted, joints=7)
    f = cost.gradient(tick.dq, tick.ddq)
    for u in np.random.default_rng(4).normal(size=(5, 56)):
        assert 0.5 * u @ cost.H @ u + f @ u == pytest.approx(value(u) - value(np.zeros(56)))


def test_without_it_accelerations_change_faster(model: RobotModel, gains: Gains, helpers) -> None:
    soft = helpers.tuned(gains, weights={"jerk": 1e-3})

    def largest_change(*without: type) -> float:
        mpc = helpers.build(model, soft, without=without)
        log = helpers.drive(mpc, model, helpers.tool_down(0.5, 0.2, 0.35), 60, q=np.array(model.q_rest))
        ddq = np.vstack((np.zeros(7), [result.ddq for result in log]))
        return float(np.abs(np.diff(ddq, axis=0)).max())

    assert largest_change() < 0.7 * largest_change(JerkCost)
