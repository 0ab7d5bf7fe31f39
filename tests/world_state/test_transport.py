"""Uncertain poses joined: Jacobians against finite differences, errors against simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from world_state.pose import initial
from world_state.so3 import exp, log
from world_state.transport import (
    carried,
    compose,
    compose_jacobians,
    inverse,
    relative,
    relative_jacobians,
)

STEP = 1e-6


def a_pose(rng):
    T = np.eye(4)
    T[:3, :3] = exp(rng.uniform(-1.5, 1.5, 3))
    T[:3, 3] = rng.uniform(-0.5, 0.5, 3)
    return T


def with_error(T, error):
    moved = np.array(T)
    moved[:3, 3] += error[:3]
    moved[:3, :3] = exp(error[3:]) @ T[:3, :3]
    return moved


def error_of(T, T_mean):
    return np.concatenate([T[:3, 3] - T_mean[:3, 3], log(T[:3, :3] @ T_mean[:3, :3].T)])


@given(seed=st.integers(0, 100_000))
@settings(deadline=None, max_examples=30)
@pytest.mark.parametrize(
    ("joined", "jacobians"),
    [(lambda a, b: a @ b, compose_jacobians), (lambda a, b: inverse(a) @ b, relative_jacobians)],
)
def test_jacobians_are_the_derivatives(joined, jacobians, seed):
    rng = np.random.default_rng(seed)
    a, b = a_pose(rng), a_pose(rng)
    J_a, J_b = jacobians(a, b)
    for k, axis in enumerate(np.eye(6)):
        by_a = error_of(joined(with_error(a, STEP * axis), b), joined(a, b)) / STEP
        by_b = error_of(joined(a, with_error(b, STEP * axis)), joined(a, b)) / STEP
        np.testing.assert_allclose(J_a[:, k], by_a, atol=1e-5)
        np.testing.assert_allclose(J_b[:, k], by_b, atol=1e-5)


@pytest.mark.parametrize("how", [compose, relative])
def test_joined_errors_are_as_large_as_claimed(how):
    rng = np.random.default_rng(4)
    a, b = a_pose(rng), a_pose(rng)
    P = np.diag([0.004, 0.006, 0.002, 0.02, 0.03, 0.01]) ** 2
    T, P_joined = how(a, P, b, P)
    values = []
    for _ in range(400):
        a_true, b_true = (with_error(one, rng.multivariate_normal(np.zeros(6), P)) for one in (a, b))
        error = error_of(how(a_true, P, b_true, P)[0], T)
        values.append(error @ np.linalg.solve(P_joined, error))
    low, high = chi2.ppf([0.025, 0.975], 6 * len(values))
    assert low < sum(values) < high, np.mean(values)


def test_what_is_carried_around_a_corner_keeps_its_error_along_itself():
    covariance = np.diag([1e-4, 4e-6, 4e-6])
    pose = initial(np.array([0.5, 0, 0.02]), covariance, view=np.ones(3), bias=covariance, yaw=0.0)
    T = np.eye(4)
    T[:3, :3] = exp(np.array([0, 0, np.pi / 2]))
    T[:3, 3] = [0.3, 0.3, 0.2]
    after = carried(pose, T)
    np.testing.assert_array_equal(after.T, T)
    np.testing.assert_allclose(np.diag(after.covariance), [8e-6, 2e-4, 8e-6], rtol=1e-4)
    assert after.views == ()
    spread = carried(pose, T, spread=1e-6 * np.eye(3))
    np.testing.assert_allclose(spread.covariance, after.covariance + 1e-6 * np.eye(3))
