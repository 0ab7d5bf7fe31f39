"""Exponential and logarithm of rotations agree with Pinocchio and undo each other, up to half a turn."""

import casadi as ca
import numpy as np
import pinocchio as pin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.rotations import log_jacobian, rotation_exp, rotation_log

_turn, _R = ca.SX.sym("turn", 3), ca.SX.sym("R", 3, 3)
EXP = ca.Function("exp", [_turn], [rotation_exp(_turn)])
LOG = ca.Function("log", [_R], [rotation_log(_R)])
JACOBIAN = ca.Function("jacobian", [_turn], [log_jacobian(_turn)])

AXIS = np.array([1.0, 2.0, -2.0]) / 3.0
turns = st.tuples(*[st.floats(-1.0, 1.0)] * 3).map(np.array).filter(lambda axis: np.linalg.norm(axis) > 0.1)


def log(R: np.ndarray) -> np.ndarray:
    return np.array(LOG(R))[:, 0]


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-5, 1e-4, 0.5, 1.6, 3.0, 3.14, 3.1415, 5.0])
def test_the_exponential_is_pinocchios(angle: float) -> None:
    np.testing.assert_allclose(np.array(EXP(angle * AXIS)), pin.exp3(angle * AXIS), atol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.5, 1.6, 3.0, 3.14, 3.1415])
def test_rotation_log_is_the_true_log_map(angle: float) -> None:
    np.testing.assert_allclose(log(pin.exp3(angle * AXIS)), angle * AXIS, atol=1e-9)


def test_at_half_a_turn_the_log_is_finite() -> None:
    assert np.isfinite(log(pin.exp3(np.pi * AXIS))).all()
    assert np.isfinite(log(np.diag([1.0, -1.0, -1.0]))).all()


@settings(deadline=None)
@given(turns, st.floats(0.0, 3.14))
def test_the_log_undoes_the_exponential(axis: np.ndarray, angle: float) -> None:
    turn = angle * axis / np.linalg.norm(axis)
    np.testing.assert_allclose(log(np.array(EXP(turn))), turn, atol=1e-8)


@pytest.mark.parametrize("angle", [0.0, 1e-5, 1e-3, 0.5, 1.6, 3.0])
def test_the_jacobian_is_the_logs_slope_by_a_turn_of_the_body(angle: float) -> None:
    R, step = pin.exp3(angle * AXIS), 1e-6
    slopes = [
        (pin.log3(R @ pin.exp3(step * e)) - pin.log3(R @ pin.exp3(-step * e))) / (2 * step) for e in np.eye(3)
    ]
    np.testing.assert_allclose(np.array(JACOBIAN(angle * AXIS)), np.array(slopes).T, atol=1e-7)
