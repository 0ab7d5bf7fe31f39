"""Gaussian mass in discs, rectangles and half-planes, against counting samples."""

import math

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from world_state.overlap import beyond, in_disc, in_rectangle, turned

CASES = [
    ([0.0, 0.0], [0.02, 0.02, 0.0], 0.03),
    ([0.07, 0.01], [0.03, 0.005, 0.8], 0.075),
    ([0.05, -0.05], [0.001, 0.0011, -0.5], 0.071),
    ([0.2, 0.0], [0.05, 0.1, 0.3], 0.05),
]


def covariance(stds):
    sx, sy, rho = stds
    return np.array([[sx**2, rho * sx * sy], [rho * sx * sy, sy**2]])


@pytest.mark.parametrize(("offset", "stds", "radius"), CASES)
def test_disc_and_rectangle_agree_with_counted_samples(offset, stds, radius):
    P = covariance(stds)
    points = np.random.default_rng(1).multivariate_normal(offset, P, size=400_000)
    inside = float((np.linalg.norm(points, axis=1) < radius).mean())
    assert in_disc(np.array(offset), P, radius) == pytest.approx(inside, abs=0.003)
    half = (radius, 0.6 * radius)
    boxed = float((np.abs(points) < half).all(axis=1).mean())
    assert in_rectangle(np.array(offset), P, half) == pytest.approx(boxed, abs=0.003)
    right = float((points[:, 0] > radius).mean())
    assert beyond(offset[0], P[0, 0], radius) == pytest.approx(right, abs=0.003)


@pytest.mark.parametrize("std", [1e-6, 0.001, 0.02, 0.3])
def test_a_round_gaussian_in_the_middle_of_a_disc_has_rayleighs_distribution(std):
    expected = 1.0 - math.exp(-0.5 * (0.05 / std) ** 2)
    assert in_disc(np.zeros(2), np.eye(2) * std**2, 0.05) == pytest.approx(expected, abs=1e-6)


def test_nothing_is_in_what_has_no_area_and_exact_places_are_in_or_out():
    assert in_disc(np.zeros(2), np.eye(2) * 1e-4, 0.0) == 0.0
    assert in_rectangle(np.zeros(2), np.eye(2) * 1e-4, (0.0, 0.1)) == 0.0
    assert in_disc(np.array([0.049, 0.0]), np.zeros((2, 2)), 0.05) == pytest.approx(1.0)
    assert in_disc(np.array([0.051, 0.0]), np.zeros((2, 2)), 0.05) == pytest.approx(0.0)
    assert in_rectangle(np.array([0.049, 0.0]), np.zeros((2, 2)), (0.05, 0.05)) == pytest.approx(1.0)


@settings(max_examples=100, phases=(Phase.explicit, Phase.generate))
@given(
    st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(0.001, 0.1), st.floats(0.001, 0.1),
    st.floats(-0.95, 0.95), st.floats(0.01, 0.2), st.floats(-3.0, 3.0),
)  # fmt: skip
def test_a_disc_does_not_care_about_turns_and_grows_with_its_radius(x, y, sx, sy, rho, radius, yaw):
    offset, P = np.array([x, y]), covariance((sx, sy, rho))
    p = in_disc(offset, P, radius)
    assert 0.0 <= p <= 1.0
    assert in_disc(*turned(offset, P, yaw), radius) == pytest.approx(p, abs=1e-4)
    assert in_disc(offset, P, 1.1 * radius) >= p - 1e-5
    assert p <= in_rectangle(offset, P, (radius, radius)) + 1e-5
