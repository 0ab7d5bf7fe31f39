"""Symbolic inverse dynamics in CasADi: the motor torques that a motion takes, with or without a payload.

Recursive Newton-Euler in link frames (Luh, Walker and Paul, J. Dyn. Sys., Meas., Control 102(2), 1980;
Featherstone, Rigid Body Dynamics Algorithms, chapter 5), from the inertias of the Pinocchio model.
"""

from __future__ import annotations

from typing import Any

import casadi as ca
import numpy as np

from controllers.errors import ControllerError
from controllers.kinematics import exact, joint_steps, tool_joint
from controllers.robot_model import RobotModel


def inverse_dynamics(
    model: RobotModel,
    q: Any,
    dq: Any,
    ddq: Any,
    *,
    payload_mass: Any = None,
    payload_centre: Any = None,
) -> Any:
    """Return the motor torques of a motion, SX of shape (n, 1) [Nm, or N for a sliding joint].

    What `pin.rnea` gives: inertia, Coriolis, centrifugal and gravity terms, and the motors' reflected inertia
    (armature) where the robot file has it. Friction is not in it, nor in `pin.rnea`.

    Args:
        model: The robot.
        q: Joint positions, SX of shape (n, 1) [rad or m].
        dq: Joint velocities, SX of shape (n, 1) [rad/s or m/s].
        ddq: Joint accelerations, SX of shape (n, 1) [rad/s² or m/s²].
        payload_mass: Mass of a load at the tool, a number or scalar SX [kg]; without it there is none.
        payload_centre: Its centre of mass in the tool frame, shape (3,) [m]; by default the tool point. The
            load is a point: what is small beside its distance from the joints turns with next to no torque.

    Raises:
        ControllerError: q, dq or ddq is not a column of n, or there is a payload's centre without a mass.
    """
    for name, value in (("q", q), ("dq", dq), ("ddq", ddq)):
        if ca.SX(value).shape != (model.n, 1):
            raise ControllerError(f"{name} has shape {ca.SX(value).shape}, expected ({model.n}, 1)")
    if payload_mass is None and payload_centre is not None:
        raise ControllerError("payload_centre was given without payload_mass, expected both or neither")
    pin_model = model.pin_model
    steps = joint_steps(model, q)
    w, alpha = ca.SX.zeros(3, 1), ca.SX.zeros(3, 1)
    # An upward acceleration of the base stands for gravity.
    a = ca.SX(exact(-np.array(pin_model.gravity.linear)))
    forces, moments = [], []
    for j, step in enumerate(steps):
        back = step.rotation.T
        a = back @ (a + _turning(w, alpha, step.translation))
        w, alpha = back @ w, back @ alpha
        along = ca.SX(step.axis)
        if step.slides:
            a = a + along * ddq[j] + 2 * ca.cross(w, along * dq[j])
        else:
            alpha = alpha + along * ddq[j] + ca.cross(w, along * dq[j])
            w = w + along * dq[j]
        inertia = pin_model.inertias[j + 1]
        centre, about_centre = ca.SX(exact(inertia.lever)), ca.SX(exact(inertia.inertia))
        force = inertia.mass * (a + _turning(w, alpha, centre))
        moment = about_centre @ alpha + ca.cross(w, about_centre @ w) + ca.cross(centre, force)
        if payload_mass is not None and j == tool_joint(model):
            place = _payload_place(model, payload_centre)
            load = payload_mass * (a + _turning(w, alpha, place))
            force, moment = force + load, moment + ca.cross(place, load)
        forces.append(force)
        moments.append(moment)

    tau = ca.SX.zeros(model.n, 1)
    for j in reversed(range(model.n)):
        step = steps[j]
        tau[j] = ca.dot(step.axis, forces[j] if step.slides else moments[j])
        if j > 0:
            force = step.rotation @ forces[j]
            forces[j - 1] = forces[j - 1] + force
            moments[j - 1] = moments[j - 1] + step.rotation @ moments[j] + ca.cross(step.translation, force)
    return tau + ca.SX(np.array(pin_model.armature)) * ddq


def _turning(w: Any, alpha: Any, arm: Any) -> Any:
    """Return how a point at `arm` accelerates because its body turns, SX (3, 1) [m/s²]."""
    return ca.cross(alpha, arm) + ca.cross(w, ca.cross(w, arm))


def _payload_place(model: RobotModel, centre: Any) -> Any:
    """Return the payload's centre in the frame of the tool's joint, SX (3, 1) [m]."""
    M = model.pin_model.frames[model.tool_id].placement
    offset = ca.SX.zeros(3, 1) if centre is None else ca.SX(centre)
    return ca.SX(exact(M.translation)) + ca.SX(exact(M.rotation)) @ offset
