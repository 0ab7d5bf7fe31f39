"""A far target is brought near, a moving one moves on, a near one is reached, a stale one lets go."""

import numpy as np
import pinocchio as pin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.target import between, moved_on, pose_distance, pull_of, reached, step_toward


def test_near_target_is_unchanged(helpers) -> None:
    T = helpers.tool_down(0.5, 0.0, 0.3)
    near = step_toward(helpers.tool_down(0.5, 0.05, 0.3), T, max_translation=0.1, max_rotation=0.5)
    np.testing.assert_array_equal(near, T)


@pytest.mark.parametrize("angle", [0.6, 2.0, np.pi - 1e-9, np.pi])
def test_far_target_is_approached_by_the_given_step(helpers, angle: float) -> None:
    T = helpers.tool_down(0.5, 0.0, 0.3)
    far = T.copy()
    far[:3, :3] = T[:3, :3] @ pin.exp3(np.array([0.0, angle, 0.0]))
    far[:3, 3] += (3.0, 0.0, 4.0)
    near = step_toward(T, far, max_translation=0.1, max_rotation=0.5)
    np.testing.assert_allclose(near[:3, 3] - T[:3, 3], (0.06, 0.0, 0.08), atol=1e-12)
    np.testing.assert_allclose(pose_distance(T, near), (0.1, 0.5), atol=1e-9)
    assert pose_distance(near, far)[1] == pytest.approx(angle - 0.5, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_a_moving_target_moves_on_as_far_as_its_twist_says(seed: int, a: float, b: float) -> None:
    rng = np.random.default_rng(seed)
    T = pin.SE3.Random().homogeneous
    twist = rng.uniform(-1.0, 1.0, 6)
    on = moved_on(moved_on(T, twist, a), twist, b)
    np.testing.assert_allclose(on, moved_on(T, twist, a + b), atol=1e-9)
    np.testing.assert_allclose(on[:3, 3], T[:3, 3] + (a + b) * twist[:3], atol=1e-9)
    np.testing.assert_array_equal(moved_on(T, None, a), T)


def test_the_way_between_two_poses_is_straight_and_ends_at_them() -> None:
    A, B = pin.SE3.Random().homogeneous, pin.SE3.Random().homogeneous
    np.testing.assert_allclose(between(A, B, 0.0), A, atol=1e-12)
    np.testing.assert_allclose(between(A, B, 1.0), B, atol=1e-9)
    halves = pose_distance(A, between(A, B, 0.5)), pose_distance(between(A, B, 0.5), B)
    np.testing.assert_allclose(halves[0], halves[1], atol=1e-9)


def test_a_stale_target_lets_go_smoothly() -> None:
    ages = np.linspace(0.0, 2.0, 2001)
    pull = np.array([pull_of(age, stale_after=1.0, decay=0.4) for age in ages])
    assert np.all(pull[ages <= 1.0] == 1.0)
    assert np.all(pull[ages >= 1.4] == 0.0)
    assert np.all(np.diff(pull) <= 0.0)
    assert np.abs(np.diff(pull, n=2)).max() < 6.1 / 0.4**2 * 1e-6  # its slope has no jump


def test_reached_needs_both_distance_and_angle() -> None:
    T, moved = np.eye(4), np.eye(4)
    moved[0, 3] = 0.01
    moved[:3, :3] = pin.exp3(np.array([0.1, 0.0, 0.0]))
    assert reached(T, moved, (0.02, 0.2))
    assert not reached(T, moved, (0.005, 0.2))
    assert not reached(T, moved, (0.02, 0.05))
    assert not reached(T, T, (0.0, 0.0))
