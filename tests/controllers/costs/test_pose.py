"""The pose cost has the gradient of the true error, by Pinocchio, and is what moves the tool."""

import numpy as np
import pinocchio as pin
import pytest

from controllers import Gains, RobotModel
from controllers.costs.pose import PoseCost
from controllers.target import pose_distance

WEIGHTS = {"position": 300.0, "orientation": 40.0, "terminal": 0.3}
TWIST = np.array([0.1, -0.2, 0.05, 0.3, 0.1, -0.4])
"""How the target moves on [m/s, rad/s]."""


def node_times(horizon) -> np.ndarray:
    """What each node from the second on stands for [s]."""
    times = np.diff(horizon.times, prepend=0.0)[1:]
    times[-1] += WEIGHTS["terminal"]
    return times


def weighted_errors(model: RobotModel, tick, u: np.ndarray) -> np.ndarray:
    """The true errors at nodes 2 to N under `u`, each times the root of its weight, shape (N-1, 6)."""
    errors = []
    for q, t in zip(tick.motion(u)[0][1:], tick.horizon.times[1:], strict=True):
        T = model.forward_kinematics(q)
        wanted = pin.exp3(t * TWIST[3:]) @ tick.target[:3, :3]
        turn = pin.log3(wanted.T @ T[:3, :3])
        errors.append(np.concatenate((T[:3, 3] - tick.target[:3, 3] - t * TWIST[:3], turn)))
    scale = np.sqrt([WEIGHTS["position"]] * 3 + [WEIGHTS["orientation"]] * 3)
    return np.array(errors) * scale * np.sqrt(node_times(tick.horizon))[:, None]


@pytest.mark.parametrize("seed", range(4))
def test_gradient_and_curvature_are_those_of_the_true_error(
    make_tick, model: RobotModel, all_on: Gains, helpers, seed: int
) -> None:
    alone = {**WEIGHTS, "posture": 0.0, "manipulability": 1e-12}
    tick, step = make_tick(seed, tuning=helpers.tuned(all_on, weights=alone)), 1e-5
    tick.mpc._evaluation.write({"target.twist": TWIST})
    (H, f), u = tick.quadratic(), tick.u.ravel()
    np.testing.assert_allclose(H, H.T, atol=1e-9)
    for direction in np.random.default_rng(seed).normal(size=(6, 56)):
        ahead = weighted_errors(model, tick, u + step * direction)
        behind = weighted_errors(model, tick, u - step * direction)
        slope = 0.5 * ((ahead**2).sum() - (behind**2).sum()) / (2 * step)
        assert direction @ (H @ u + f) == pytest.approx(slope, rel=1e-5, abs=1e-6)
        gauss_newton = (((ahead - behind) / (2 * step)) ** 2).sum()
        assert direction @ H @ direction == pytest.approx(gauss_newton, rel=1e-5)


def test_without_it_the_tool_stays_where_it_is(model: RobotModel, gains: Gains, helpers) -> None:
    T = model.forward_kinematics(model.q_rest)
    T[:3, 3] += (0.03, 0.08, -0.05)
    T[:3, :3] = T[:3, :3] @ pin.exp3(np.array([0.1, -0.2, 0.4]))

    def arrive(*without: type) -> tuple[float, float]:
        log = helpers.drive(
            helpers.build(model, gains, without=without), model, T, 250, q=np.array(model.q_rest)
        )
        return pose_distance(model.forward_kinematics(log[-1].q), T)

    metres, radians = arrive()
    assert metres < 1e-4
    assert radians < 1e-3
    metres, radians = arrive(PoseCost)
    assert metres == pytest.approx(np.linalg.norm((0.03, 0.08, -0.05)), abs=1e-3)
    assert radians > 0.4


def test_a_target_that_moves_on_is_followed_without_lag(model: RobotModel, gains: Gains, helpers) -> None:
    twist = np.array([0.02, 0.1, -0.05, 0.0, 0.0, 0.2])

    def lag(told: np.ndarray | None) -> tuple[float, float]:
        mpc, q, dq = helpers.build(model, gains), np.array(model.q_rest), np.zeros(7)
        start, worst = model.forward_kinematics(q), (0.0, 0.0)
        for k in range(250):
            t = k * gains.dt
            T = start.copy()
            T[:3, 3] += t * twist[:3]
            T[:3, :3] = pin.exp3(t * twist[3:]) @ T[:3, :3]
            if k > 150:
                worst = tuple(np.maximum(worst, pose_distance(model.forward_kinematics(q), T)))
            result = mpc.solve(q, dq, T, twist=told)
            q, dq = result.q, result.dq
        return worst

    metres, radians = lag(twist)
    assert metres < 2e-4
    assert radians < 5e-4
    metres, radians = lag(None)
    assert metres > 5e-3
    assert radians > 0.01
