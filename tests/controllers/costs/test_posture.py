"""The posture cost pulls to rest in the null space only: the elbow comes back, the tool does not notice."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.costs.posture import PostureCost
from controllers.mpc import Mpc


def null_space(model: RobotModel, q: np.ndarray) -> np.ndarray:
    """The motions that leave the tool where it is, by Pinocchio's Jacobian, as a projector."""
    spare = np.linalg.svd(model.jacobian(q))[2][6:]
    return spare.T @ spare


def added(cost: PostureCost, tick) -> tuple[np.ndarray, np.ndarray]:
    H, f = np.ones((56, 56)), np.ones(56)
    cost.add(H, f, tick.prediction)
    return H - 1.0, f - 1.0


@pytest.mark.parametrize("seed", range(4))
def test_it_adds_its_formula(make_tick, model: RobotModel, horizon, seed: int) -> None:
    tick, weight = make_tick(seed), 0.5
    P, times = null_space(model, tick.prediction.q), np.diff(horizon.times, prepend=0.0)

    def value(u: np.ndarray) -> float:
        spare = (tick.motion(u)[0] - model.q_rest) @ P
        return float(0.5 * weight * (times * (spare**2).sum(axis=1)).sum())

    H, f = added(PostureCost(horizon, joints=7, weight=weight, q_rest=model.q_rest), tick)
    for u in np.random.default_rng(seed).normal(size=(5, 56)):
        expected = value(u) - value(np.zeros(56))
        assert 0.5 * u @ H @ u + f @ u == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_far_from_rest_it_pulls_no_harder_than_at_its_largest_distance(
    make_tick, model: RobotModel, horizon
) -> None:
    tick = make_tick(0, q=np.array(model.q_rest), dq=np.zeros(7))
    far = np.array([2.0, 0.0, -1.5, 0.0, 0.3, 0.0, 0.0])
    near = np.clip(far, -1.0, 1.0)
    _, f_far = added(PostureCost(horizon, joints=7, weight=1.0, q_rest=model.q_rest - far), tick)
    _, f_near = added(PostureCost(horizon, joints=7, weight=1.0, q_rest=model.q_rest - near), tick)
    assert np.abs(f_far).max() > 0.0
    np.testing.assert_allclose(f_far, f_near, atol=1e-12)


def test_without_it_the_elbow_does_not_come_back(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Turn the elbow about the line from shoulder to wrist; the tool stays about where it is.
    q = np.array(model.q_rest)
    for _ in range(200):
        q = q + 0.003 * null_space(model, q) @ np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    T = model.forward_kinematics(q)
    strong = gains.model_copy(update={"weights": gains.weights.model_copy(update={"posture": 1.0})})

    def elbow_comes_back_by() -> float:
        log = helpers.drive(Mpc(model, strong), model, T, 300, q=q)
        away = [np.linalg.norm(result.q - model.q_rest) for result in (log[0], log[-1])]
        for result in log:
            assert np.linalg.norm(model.forward_kinematics(result.q)[:3, 3] - T[:3, 3]) < 1e-3
        return float(away[0] - away[1])

    with_cost = elbow_comes_back_by()
    monkeypatch.setattr(PostureCost, "add", lambda self, H, f, now: None)
    assert with_cost > 0.02
    assert abs(elbow_comes_back_by()) < 0.002
