"""Gaussians in plain numbers say what NumPy and SciPy say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from hybridctl.messages.arrays import MessageError
from world_state.gaussian import cholesky, distance, log_density


@settings(deadline=None)
@given(seed=st.integers(0, 100_000), scale=st.floats(1e-4, 1.0), flat=st.floats(0.05, 1.0))
def test_distance_density_and_factor_are_those_of_numpy(seed, scale, flat):
    rng = np.random.default_rng(seed)
    A = scale * rng.normal(size=(3, 3)) * [1.0, 1.0, flat]
    S, error = A @ A.T + (0.05 * scale) ** 2 * np.eye(3), scale * rng.normal(size=3)
    assert distance(error, S) == pytest.approx(float(error @ np.linalg.solve(S, error)), rel=1e-8)
    normal = multivariate_normal(np.zeros(3), S, allow_singular=False)
    assert log_density(error, S) == pytest.approx(float(normal.logpdf(error)), rel=1e-8, abs=1e-8)
    np.testing.assert_allclose(cholesky(S), np.linalg.cholesky(S)[np.tril_indices(3)], rtol=1e-8)


def test_a_covariance_is_positive_only_as_far_as_its_least_eigenvalue():
    S = np.diag([4.0, 3.0, 1.0])
    assert cholesky(S, less=0.99) is not None
    assert cholesky(S, less=1.01) is None
    for axis in range(3):
        with pytest.raises(MessageError, match="not positive definite"):
            distance(np.ones(3), np.diag(np.where(np.arange(3) == axis, -1.0, 1.0)))
