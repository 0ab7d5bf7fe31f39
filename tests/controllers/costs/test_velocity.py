"""The velocity cost is its formula, and without it the arm comes in too fast and swings past."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.costs.velocity import VelocityCost
from controllers.joint_hessian import JointHessian


def test_it_adds_its_formula(make_tick, gains: Gains, horizon, helpers) -> None:
    tick, weight, terminal = make_tick(3), 1.7, 0.4
    weighted = helpers.tuned(gains, weights={"velocity": weight, "terminal": terminal})
    times = np.diff(horizon.times, prepend=0.0)
    times[-1] += terminal

    def value(u: np.ndarray) -> float:
        return float(0.5 * weight * (times * (tick.motion(u)[1] ** 2).sum(axis=1)).sum())

    cost = JointHessian([VelocityCost()], horizon, weighted, joints=7)
    f = cost.gradient(tick.dq, tick.ddq)
    for u in np.random.default_rng(2).normal(size=(5, 56)):
        assert 0.5 * u @ cost.H @ u + f @ u == pytest.approx(value(u) - value(np.zeros(56)))


def test_without_it_the_arm_is_faster_and_swings_past(model: RobotModel, gains: Gains, helpers) -> None:
    def swing(*without: type) -> tuple[float, float]:
        T, mpc = helpers.tool_down(0.5, 0.2, 0.35), helpers.build(model, gains, without=without)
        log = helpers.drive(mpc, model, T, 150, q=np.array(model.q_rest))
        past = max(model.forward_kinematics(result.q)[1, 3] for result in log) - T[1, 3]
        return past, max(float(np.abs(result.dq).max()) for result in log)

    past, fastest = swing()
    past_without, fastest_without = swing(VelocityCost)
    assert past < 1e-3
    assert past_without > past + 1e-3
    assert fastest_without > 1.05 * fastest
