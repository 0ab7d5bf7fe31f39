"""The posture cost pulls to rest in the null space only: the elbow comes back, the tool does not notice."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.costs.posture import PostureCost


def null_space(model: RobotModel, q: np.ndarray) -> np.ndarray:
    """The motions that leave the tool where it is, by Pinocchio's Jacobian, as a projector."""
    spare = np.linalg.svd(model.jacobian(q))[2][6:]
    return spare.T @ spare


def alone(helpers, gains: Gains, posture: float) -> Gains:
    weights = {"position": 1e-9, "orientation": 0.0, "manipulability": 1e-12, "posture": posture}
    return helpers.tuned(gains, weights={**weights, "terminal": 0.3})


@pytest.mark.parametrize("seed", range(4))
def test_it_adds_its_formula(
    make_tick, model: RobotModel, horizon, all_on: Gains, helpers, seed: int
) -> None:
    tick, weight = make_tick(seed, tuning=alone(helpers, all_on, 0.5)), 0.5
    # The weight counts for a third of the horizon, however long the last interval is.
    P = null_space(model, tick.postures[-1])

    def value(u: np.ndarray) -> float:
        spare = (tick.motion(u)[0][-1] - model.q_rest) @ P
        return float(0.5 * weight * horizon.times[-1] / 3.0 * spare @ spare)

    H, f = tick.quadratic()
    for u in np.random.default_rng(seed).normal(size=(5, 56)):
        expected = value(u) - value(np.zeros(56))
        assert 0.5 * u @ H @ u + f @ u == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_far_from_rest_it_pulls_no_harder_than_at_its_largest_distance(model: RobotModel, helpers) -> None:
    far = np.array([2.0, 0.0, -1.5, 0.0, 0.3, 0.0, 0.0])

    def pull(away: np.ndarray) -> np.ndarray:
        def terms(node) -> list:
            return [PostureCost().residual(node).value]

        parameters = {"posture.weight": 1.0, "posture.rest": model.q_rest - away}
        return helpers.on_posture(model, terms, parameters)(model.q_rest)[0]

    assert np.abs(pull(far)).max() > 0.0
    np.testing.assert_allclose(pull(far), pull(np.clip(far, -1.0, 1.0)), atol=1e-12)


def test_without_it_the_elbow_does_not_come_back(model: RobotModel, gains: Gains, helpers) -> None:
    # Turn the elbow about the line from shoulder to wrist; the tool stays about where it is.
    q = np.array(model.q_rest)
    for _ in range(200):
        q = q + 0.003 * null_space(model, q) @ np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    T = model.forward_kinematics(q)
    strong = helpers.tuned(gains, weights={"posture": 1.0})

    def elbow_comes_back_by(*without: type) -> float:
        log = helpers.drive(helpers.build(model, strong, without=without), model, T, 300, q=q)
        away = [np.linalg.norm(result.q - model.q_rest) for result in (log[0], log[-1])]
        for result in log:
            assert np.linalg.norm(model.forward_kinematics(result.q)[:3, 3] - T[:3, 3]) < 1e-3
        return float(away[0] - away[1])

    assert elbow_comes_back_by() > 0.02
    assert abs(elbow_comes_back_by(PostureCost)) < 0.002
