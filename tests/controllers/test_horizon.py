"""The condensed horizon is the exact integral of piecewise constant accelerations."""

import numpy as np

from controllers.horizon import Horizon


def test_nodes_agree_with_step_by_step_integration() -> None:
    horizon = Horizon.on((0.01, 0.03, 0.07, 0.2))
    u = np.array([1.0, -2.0, 0.5, 3.0])
    q, dq = 0.3, -0.7
    position = q + horizon.times * dq + horizon.position @ u
    velocity = dq + horizon.velocity @ u
    for k, h in enumerate(horizon.durations):
        q, dq = q + h * dq + h * h / 2 * u[k], dq + h * u[k]
        np.testing.assert_allclose((position[k], velocity[k]), (q, dq), atol=1e-15)


def test_shifted_nodes_lie_on_the_same_motion_one_period_later() -> None:
    horizon = Horizon.on((0.01, 0.03, 0.07, 0.2))
    dense = Horizon.on(np.arange(1, 22) * 0.01)
    u = np.array([1.0, -2.0, 0.5, 3.0])
    interval = np.searchsorted(horizon.times, dense.times - 0.005)
    fine = dense.position @ np.append(u, 0.0)[interval]
    np.testing.assert_allclose(horizon.shifted_position @ u, fine[[1, 3, 7, 20]], atol=1e-12)


def test_shifted_velocities_are_those_one_period_after_the_nodes() -> None:
    horizon = Horizon.on((0.01, 0.03, 0.07, 0.2))
    dense = Horizon.on(np.arange(1, 22) * 0.01)
    u = np.array([1.0, -2.0, 0.5, 3.0])
    interval = np.searchsorted(horizon.times, dense.times - 0.005)
    fine = dense.velocity @ np.append(u, 0.0)[interval]
    np.testing.assert_allclose(horizon.shifted_velocity @ u, fine[[1, 3, 7, 20]], atol=1e-12)
