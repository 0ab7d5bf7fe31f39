"""Joint costs add up, and velocities that are wanted cost nothing."""

import numpy as np
import pytest

from controllers import Gains
from controllers.costs.velocity import VelocityCost
from controllers.joint_hessian import JointHessian
from controllers.terms import joint_costs


def test_costs_add_up(gains: Gains, horizon) -> None:
    whole = JointHessian(joint_costs(), horizon, gains, joints=7)
    parts = [JointHessian([cost], horizon, gains, joints=7) for cost in joint_costs()]
    np.testing.assert_allclose(whole.H, sum(part.H for part in parts), atol=1e-12)
    dq, ddq = np.random.default_rng(1).normal(size=(2, 7))
    np.testing.assert_allclose(
        whole.gradient(dq, ddq), sum(part.gradient(dq, ddq) for part in parts), atol=1e-12
    )


def test_velocities_that_are_wanted_cost_nothing(gains: Gains, horizon) -> None:
    cost, rng = JointHessian([VelocityCost()], horizon, gains, joints=7), np.random.default_rng(2)
    dq, u = rng.normal(size=7), rng.normal(size=(8, 7))
    wanted = dq + horizon.velocity @ u
    times = horizon.durations.copy()
    times[-1] += gains.weights.terminal

    def value(u: np.ndarray) -> float:
        apart = dq + horizon.velocity @ u.reshape(8, 7) - wanted
        return float(0.5 * gains.weights.velocity * (times * (apart**2).sum(axis=1)).sum())

    f = cost.gradient(dq, np.zeros(7), wanted=wanted)
    np.testing.assert_allclose(cost.H @ u.ravel() + f, 0.0, atol=1e-12)
    for other in rng.normal(size=(3, 56)):
        expected = value(other) - value(np.zeros(56))
        assert 0.5 * other @ cost.H @ other + f @ other == pytest.approx(expected)


def test_at_rest_is_what_is_wanted_if_nothing_is_said(gains: Gains, horizon) -> None:
    cost, dq = JointHessian(joint_costs(), horizon, gains, joints=7), np.linspace(-1.0, 1.0, 7)
    ddq = np.ones(7)
    np.testing.assert_allclose(
        cost.gradient(dq, ddq), cost.gradient(dq, ddq, wanted=np.zeros((8, 7))), atol=1e-12
    )
