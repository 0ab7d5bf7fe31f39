"""Turns against finite differences and against each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from world_state.so3 import about_z, exp, hat, left_jacobian, wrapped, yaw_jacobian, yaw_of

VECTORS = st.tuples(*[st.floats(-1.7, 1.7)] * 3).map(np.array)
SMALL = 1e-6


@given(theta=VECTORS)
def test_exp_is_the_rotation_by_its_vector(theta):
    np.testing.assert_allclose(exp(theta), Rotation.from_rotvec(theta).as_matrix(), atol=1e-12)


@given(theta=VECTORS, axis=st.sampled_from(np.eye(3).tolist()))
def test_the_left_jacobian_is_the_derivative_of_exp(theta, axis):
    step = SMALL * np.array(axis)
    numeric = Rotation.from_matrix(exp(theta + step) @ exp(theta).T).as_rotvec() / SMALL
    np.testing.assert_allclose(left_jacobian(theta) @ axis, numeric, atol=1e-5)


@given(tilt=st.tuples(*[st.floats(-0.6, 0.6)] * 2), yaw=st.floats(-3, 3))
def test_the_yaw_jacobian_is_the_derivative_of_the_yaw(tilt, yaw):
    R = exp(np.array([*tilt, 0.0])) @ about_z(yaw)
    numeric = [
        wrapped(yaw_of(exp(SMALL * axis) @ R) - yaw_of(exp(-SMALL * axis) @ R)) / (2 * SMALL)
        for axis in np.eye(3)
    ]
    np.testing.assert_allclose(yaw_jacobian(R), numeric, atol=1e-6)


def test_a_vertical_x_axis_has_no_yaw_to_learn_of():
    np.testing.assert_array_equal(yaw_jacobian(exp(np.array([0.0, np.pi / 2, 0.0]))), np.zeros(3))


@given(a=VECTORS, b=VECTORS)
def test_hat_is_the_cross_product(a, b):
    np.testing.assert_allclose(hat(a) @ b, np.cross(a, b), atol=1e-12)


@given(angle=st.floats(-20, 20), symmetry=st.sampled_from([1, 2, 4]))
def test_wrapped_turns_by_whole_periods_into_its_interval(angle, symmetry):
    period = 2 * np.pi / symmetry
    inside = wrapped(angle, symmetry=symmetry)
    assert -period / 2 - 1e-9 < inside <= period / 2 + 1e-9
    turns = (angle - inside) / period
    assert turns == pytest.approx(round(turns), abs=1e-9)
