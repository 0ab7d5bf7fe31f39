"""The acceleration cost is its formula, and without it the arm jerks."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.costs.acceleration import AccelerationCost
from controllers.joint_hessian import JointHessian


def test_it_adds_its_formula(gains: Gains, horizon, helpers) -> None:
    weight, durations = 0.3, np.diff(horizon.times, prepend=0.0)
    weighted = helpers.tuned(gains, weights={"acceleration": weight})
    cost = JointHessian([AccelerationCost()], horizon, weighted, joints=7)
    rng = np.random.default_rng(1)
    for u in rng.normal(size=(5, 8, 7)):
        expected = 0.5 * weight * (durations * (u**2).sum(axis=1)).sum()
        assert 0.5 * u.ravel() @ cost.H @ u.ravel() == pytest.approx(expected)
    np.testing.assert_array_equal(cost.gradient(rng.normal(size=7), rng.normal(size=7)), 0.0)


def test_it_makes_the_qp_strictly_convex(gains: Gains, horizon) -> None:
    H = JointHessian([AccelerationCost()], horizon, gains, joints=7).H
    least = gains.weights.acceleration * horizon.durations.min()
    assert np.linalg.eigvalsh(H).min() == pytest.approx(least)


def test_with_little_of_it_the_arm_jerks(model: RobotModel, gains: Gains, helpers) -> None:
    """None at all would leave the QP without a single minimum."""

    def mean_change(weight: float) -> float:
        start, mpc = (
            np.array(model.q_rest),
            helpers.build(model, helpers.tuned(gains, weights=weights(weight))),
        )
        log = helpers.drive(mpc, model, helpers.tool_down(0.5, 0.2, 0.35), 100, q=start)
        ddq = np.array([result.ddq for result in log])
        return float(np.abs(np.diff(ddq, axis=0)).mean())

    assert mean_change(1e-6) > 1.5 * mean_change(gains.weights.acceleration)


def weights(acceleration: float) -> dict[str, float]:
    return {"acceleration": acceleration, "jerk": 0.0}
