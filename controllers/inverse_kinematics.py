"""Inverse kinematics by damped least squares within the joint limits."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
from numpy.typing import ArrayLike

from controllers.errors import ControllerError
from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import FloatArray, MessageError, checked_transform


def solve_ik(
    model: RobotModel,
    T_base_target: ArrayLike,
    q0: ArrayLike,
    *,
    tolerance: float = 1e-4,
    max_iterations: int = 60,
) -> FloatArray | None:
    """Return joint positions, shape (n,) [rad], that bring the tool to `T_base_target`, or None.

    Levenberg-Marquardt with damping that falls with the error (Sugihara, IEEE T-RO 27(5), 2011), each
    step clipped to the joint limits.

    Args:
        model: The robot.
        T_base_target: Wanted tool pose, shape (4, 4) [m].
        q0: Where the search starts, shape (n,) [rad]; the answer is near it.
        tolerance: Largest error of translation [m] and of rotation [rad].
        max_iterations: Steps before giving up.

    Raises:
        ControllerError: the target is not a finite rigid transform or `q0` has the wrong shape.
    """
    try:
        T = checked_transform("T_base_target", T_base_target)
    except MessageError as error:
        raise ControllerError(str(error)) from error
    q = np.clip(model.checked_joints("q0", q0), model.q_min, model.q_max)
    target = pin.SE3(T[:3, :3], T[:3, 3])
    pin_model, data, frame = model.pin_model, model.pin_data, model.tool_id
    local = pin.ReferenceFrame.LOCAL
    identity = np.eye(6)
    for _ in range(max_iterations):
        pin.computeJointJacobians(pin_model, data, model.configuration(q))
        gap = pin.updateFramePlacement(pin_model, data, frame).actInv(target)
        twist = pin.log6(gap).vector
        if np.abs(twist[:3]).max() < tolerance and np.abs(twist[3:]).max() < tolerance:
            return q
        J = pin.getFrameJacobian(pin_model, data, frame, local)
        # A joint at its limit that would be pushed out leaves the step to the others.
        dq = _step(J, twist, identity)
        blocked = ((q <= model.q_min) & (dq < 0.0)) | ((q >= model.q_max) & (dq > 0.0))
        if blocked.any():
            dq = _step(np.where(blocked, 0.0, J), twist, identity)
        size = np.abs(dq).max()
        if size > 0.5:
            dq *= 0.5 / size
        q = np.clip(q + dq, model.q_min, model.q_max)
    return None


def _step(J: FloatArray, twist: FloatArray, identity: FloatArray) -> FloatArray:
    damping = 1e-6 + 1e-2 * float(twist @ twist)
    return np.asarray(J.T @ np.linalg.solve(J @ J.T + damping * identity, twist), dtype=np.float64)
