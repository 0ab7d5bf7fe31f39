"""Home, rest, and what the camera on the hand has in view."""

import numpy as np
import pytest

from hybridctl.messages.arrays import MessageError
from hybridctl.messages.reach import HOME_POSITION
from world_state.posture import HOME_RADIUS, REST_SPEED, HandCamera, Posture, p_in_view

CAMERA = HandCamera(np.eye(4), [[150.0, 0, 64], [0, 150.0, 64], [0, 0, 1]])


def pointing_down(x, y, z):
    T = np.diag([1.0, -1.0, -1.0, 1.0])
    T[:3, 3] = x, y, z
    return T


def test_home_is_a_ball_about_the_home_position():
    x, y, z = HOME_POSITION
    for away, low, high in ((0.0, 0.99, 1), (HOME_RADIUS, 0.4, 0.6), (1.2 * HOME_RADIUS, 0, 0.01)):
        assert low <= Posture(pointing_down(x, y + away, z), 0.0, 0.0).p_at_home() <= high


def test_rest_is_below_a_speed():
    for speed, low, high in ((0.0, 0.99, 1), (REST_SPEED, 0.4, 0.6), (2 * REST_SPEED, 0, 0.01)):
        assert low <= Posture(np.eye(4), speed, 0.0).p_at_rest() <= high
    with pytest.raises(MessageError, match="speed"):
        Posture(np.eye(4), -1.0, 0.0)


@pytest.mark.parametrize(
    ("x", "z", "low", "high"),
    [
        (0.5, 0.30, 0.99, 1.0),
        (0.5 + 0.5 * 64 / 150 * 0.2775, 0.30, 0.45, 0.55),  # at half of the half width
        (0.8, 0.30, 0.0, 0.01),
        (0.5, 0.01, 0.0, 0.0),  # behind the camera
        (0.5, 3.0, 0.0, 0.0),  # too small
    ],
)
def test_in_view_is_near_the_middle_in_front_and_large_enough(thing, x, z, low, high):
    assert low <= p_in_view(CAMERA, pointing_down(x, 0.0, z), thing("cup", 0.5, 0.0)) <= high


def test_in_view_agrees_with_counted_samples(thing):
    slot, T = thing("cup", 0.5, 0.03, std=0.02), pointing_down(0.45, 0.0, 0.35)
    points = np.random.default_rng(2).multivariate_normal(slot.position, slot.covariance, 100_000)
    local = (points - T[:3, 3]) @ T[:3, :3]
    pixels = 150.0 / 64.0 * local[:, :2] / local[:, 2:]
    counted = float((np.abs(pixels) < 0.5).all(axis=1).mean())
    assert p_in_view(CAMERA, T, slot) == pytest.approx(counted, abs=0.02)
