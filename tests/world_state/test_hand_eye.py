"""Two looks from different turns tell the camera's own error from the thing's place."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.arrays import MessageError
from world_state.hand_eye import CALIBRATION_STD, UNKNOWN, CloseLook, HandEye, fuse, rotation

STD = 0.0004
millimetres = st.floats(-0.008, 0.008)


def a_look(place, offset, yaw):
    return CloseLook(np.asarray(place) + rotation(yaw) @ np.asarray(offset), STD**2 * np.eye(2), yaw)


@given(offset=st.tuples(millimetres, millimetres), yaw=st.floats(-1.5, 1.5), turn=st.floats(0.8, 3.0))
def test_a_turn_between_two_looks_finds_place_and_offset(offset, yaw, turn):
    looks = [a_look((0.5, 0.1), offset, yaw), a_look((0.5, 0.1), offset, yaw + turn)]
    place, covariance, hand_eye = fuse(looks, UNKNOWN)
    np.testing.assert_allclose(place, (0.5, 0.1), atol=4e-4)
    np.testing.assert_allclose(hand_eye.offset, offset, atol=4e-4)
    assert np.linalg.eigvalsh(covariance)[-1] < 0.0012**2


@given(offset=st.tuples(millimetres, millimetres), yaw=st.floats(-3, 3))
def test_one_look_through_an_unknown_camera_is_worth_no_more_than_its_calibration(offset, yaw):
    _, covariance, hand_eye = fuse([a_look((0.5, 0.1), offset, yaw)], UNKNOWN)
    assert np.linalg.eigvalsh(covariance)[0] >= CALIBRATION_STD**2
    np.testing.assert_allclose(hand_eye.covariance, UNKNOWN.covariance, atol=1e-11)


def test_the_same_view_again_does_not_find_the_offset():
    looks = [a_look((0.5, 0.1), (0.005, 0.0), 0.3)] * 10
    _, covariance, _ = fuse(looks, UNKNOWN)
    assert np.linalg.eigvalsh(covariance)[0] >= CALIBRATION_STD**2


def test_what_was_learned_makes_one_look_at_the_next_thing_enough():
    offset = (0.004, -0.003)
    looks = [a_look((0.5, 0.1), offset, 0.5), a_look((0.5, 0.1), offset, -0.5)]
    _, _, learned = fuse(looks, UNKNOWN)
    place, covariance, _ = fuse([a_look((0.6, -0.1), offset, 0.2)], learned)
    np.testing.assert_allclose(place, (0.6, -0.1), atol=4e-4)
    assert np.linalg.eigvalsh(covariance)[-1] < 0.0015**2


def test_json_round_trip_is_exact():
    belief = HandEye(np.array([0.001, -0.002]), np.diag([1e-6, 2e-6]))
    again = HandEye.from_json(json.loads(json.dumps(belief.to_json())))
    assert again.to_json() == belief.to_json()


def test_nonsense_is_refused():
    with pytest.raises(MessageError, match="no look"):
        fuse([], UNKNOWN)
    with pytest.raises(MessageError, match="position"):
        CloseLook(np.array([np.nan, 0.0]), np.eye(2), 0.0)
    with pytest.raises(MessageError, match="offset"):
        HandEye(np.array([np.inf, 0.0]), np.eye(2))
