"""The manipulability cost is Yoshikawa's measure below its floor, and keeps the arm from stretching out."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.costs.manipulability import ManipulabilityCost

STRETCHED = (0.0, 0.6, 0.0, -0.25, 0.0, 1.2, 0.785)
"""Nearly straight at the elbow [rad]."""


def measure(model: RobotModel, q: np.ndarray) -> float:
    J = model.jacobian(q)
    return float(np.sqrt(np.linalg.det(J @ J.T)))


@pytest.mark.parametrize("floor", [0.2, 0.01])
@pytest.mark.parametrize("seed", [81, 82, 83])
def test_residual_and_slope_are_those_of_the_measure_below_its_floor(
    model: RobotModel, helpers, seed: int, floor: float
) -> None:
    def terms(node) -> list:
        found = ManipulabilityCost().residual(node)
        return [found.value, found.jacobian, found.weight]

    parameters = {"manipulability.weight": 3.0, "manipulability.floor": floor}
    cost, step = helpers.on_posture(model, terms, parameters), 1e-6

    def lack(q: np.ndarray) -> float:
        return max(0.0, 1.0 - measure(model, q) / floor)

    q = np.array(STRETCHED) + np.random.default_rng(seed).uniform(-0.1, 0.1, 7)
    value, jacobian, weight = cost(q)
    assert value[0, 0] == pytest.approx(lack(q), abs=1e-6)
    assert weight[0, 0] == 3.0
    slope = [(lack(q + step * e) - lack(q - step * e)) / (2 * step) for e in np.eye(7)]
    np.testing.assert_allclose(jacobian[0], slope, rtol=1e-4, atol=1e-5)
    assert (lack(q) > 0.0) == (floor == 0.2)


def test_it_is_finite_where_the_arm_is_singular(model: RobotModel, helpers) -> None:
    def terms(node) -> list:
        found = ManipulabilityCost().residual(node)
        return [found.value, found.jacobian]

    cost = helpers.on_posture(model, terms, {"manipulability.weight": 1.0, "manipulability.floor": 0.03})
    value, jacobian = cost(np.zeros(7))
    assert value[0, 0] == pytest.approx(1.0, abs=1e-3)
    assert np.isfinite(jacobian).all()


def test_it_counts_at_the_last_node_by_its_weight_and_time(
    make_tick, model: RobotModel, horizon, all_on: Gains, helpers
) -> None:
    alone = {"position": 1e-9, "orientation": 0.0, "posture": 0.0, "manipulability_floor": 0.2}
    tuning = helpers.tuned(all_on, weights={**alone, "manipulability": 2.0, "terminal": 0.3})
    tick, step = make_tick(84, q=np.array(STRETCHED), tuning=tuning), 1e-5
    time = horizon.times[-1] - horizon.times[-2] + 0.3

    def residual(u: np.ndarray) -> float:
        lack = max(0.0, 1.0 - measure(model, tick.motion(u)[0][-1]) / 0.2)
        return float(np.sqrt(2.0 * time)) * lack

    H, f = tick.quadratic()
    u = tick.u.ravel()
    for way in np.random.default_rng(84).normal(size=(5, 56)):
        slope = (residual(u + step * way) - residual(u - step * way)) / (2 * step)
        assert way @ H @ way == pytest.approx(slope**2, rel=1e-3, abs=1e-7)
        assert way @ (H @ u + f) == pytest.approx(residual(u) * slope, rel=1e-3, abs=1e-7)


def test_without_it_the_arm_stretches_out(model: RobotModel, gains: Gains, helpers) -> None:
    wary = helpers.tuned(gains, weights={"manipulability": 50.0, "manipulability_floor": 0.05})
    far = helpers.tool_down(0.79, 0.0, 0.5)

    def least(*without: type) -> float:
        mpc = helpers.build(model, wary, without=without)
        log = helpers.drive(mpc, model, far, 200, q=np.array(model.q_rest))
        return min(measure(model, result.q) for result in log)

    assert least() > 2.0 * least(ManipulabilityCost)
