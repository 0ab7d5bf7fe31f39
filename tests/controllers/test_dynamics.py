"""Symbolic inverse dynamics agree with Pinocchio, with a payload and without."""

import casadi as ca
import numpy as np
import pinocchio as pin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import ControllerError, RobotModel
from controllers.dynamics import inverse_dynamics
from controllers.kinematics import tool_joint


def motions(model: RobotModel, count: int) -> np.ndarray:
    """Random q, dq, ddq, shape (count, 3, n)."""
    rng = np.random.default_rng(6)
    q = rng.uniform(np.maximum(model.q_min, -6.0), np.minimum(model.q_max, 6.0), (count, model.n))
    return np.stack((q, rng.normal(size=q.shape), 5.0 * rng.normal(size=q.shape)), axis=1)


def symbols(model: RobotModel) -> list:
    return [ca.SX.sym(name, model.n) for name in ("q", "dq", "ddq")]


def test_agrees_with_pinocchio(any_arm: RobotModel) -> None:
    motion, pin_model = symbols(any_arm), any_arm.pin_model
    function = ca.Function("tau", motion, [inverse_dynamics(any_arm, *motion)])
    for q, dq, ddq in motions(any_arm, 50):
        expected = pin.rnea(pin_model, pin_model.createData(), any_arm.configuration(q), dq, ddq)
        np.testing.assert_allclose(np.array(function(q, dq, ddq))[:, 0], expected, atol=1e-9)


def test_the_motors_reflected_inertia_counts(model: RobotModel) -> None:
    motion = symbols(model)
    function = ca.Function("tau", motion, [inverse_dynamics(model, *motion)])
    q, zero, ddq = model.q_rest, np.zeros(7), np.ones(7)
    without = model.pin_model.copy()
    without.armature = zero
    expected = pin.rnea(without, without.createData(), q, zero, ddq) + model.pin_model.armature
    assert (model.pin_model.armature > 0.0).all()
    np.testing.assert_allclose(np.array(function(q, zero, ddq))[:, 0], expected, atol=1e-9)


@pytest.fixture(scope="module")
def loaded(model: RobotModel) -> ca.Function:
    motion, mass, centre = symbols(model), ca.SX.sym("mass"), ca.SX.sym("centre", 3)
    tau = inverse_dynamics(model, *motion, payload_mass=mass, payload_centre=centre)
    return ca.Function("tau", [*motion, mass, centre], [tau])


@settings(max_examples=30, deadline=None)
@given(mass=st.floats(0.0, 5.0), centre=st.tuples(*[st.floats(-0.3, 0.3)] * 3), seed=st.integers(0, 999))
def test_a_payload_weighs_what_a_body_fixed_to_the_tool_would(
    model: RobotModel, loaded: ca.Function, mass: float, centre: tuple, seed: int
) -> None:
    heavier = model.pin_model.copy()
    at_joint = model.pin_model.frames[model.tool_id].placement.act(np.array(centre))
    heavier.inertias[tool_joint(model) + 1] += pin.Inertia(mass, at_joint, np.zeros((3, 3)))
    q, dq, ddq = motions(model, 1000)[seed]
    expected = pin.rnea(heavier, heavier.createData(), q, dq, ddq)
    tau = np.array(loaded(q, dq, ddq, mass, centre))[:, 0]
    np.testing.assert_allclose(tau, expected, atol=1e-9)


def test_without_a_centre_the_payload_hangs_at_the_tool_point(model: RobotModel, loaded: ca.Function) -> None:
    motion = symbols(model)
    function = ca.Function("tau", motion, [inverse_dynamics(model, *motion, payload_mass=2.0)])
    for q, dq, ddq in motions(model, 5):
        np.testing.assert_allclose(
            np.array(function(q, dq, ddq)), np.array(loaded(q, dq, ddq, 2.0, np.zeros(3))), atol=1e-12
        )


def test_a_row_where_a_column_belongs_is_refused(model: RobotModel) -> None:
    q, dq, ddq = symbols(model)
    with pytest.raises(ControllerError, match=r"dq has shape \(1, 7\), expected \(7, 1\)"):
        inverse_dynamics(model, q, dq.T, ddq)


def test_a_payload_without_mass_is_refused(model: RobotModel) -> None:
    with pytest.raises(ControllerError, match="without payload_mass"):
        inverse_dynamics(model, *symbols(model), payload_centre=np.zeros(3))
