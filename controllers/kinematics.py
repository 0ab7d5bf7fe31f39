"""Symbolic kinematics in CasADi, built from a Pinocchio model (the `pin` wheel ships no pinocchio.casadi)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np

from controllers.errors import ControllerError
from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class JointChain:
    """A serial arm as CasADi expressions of its joint positions.

    Attributes:
        q: Joint positions, SX of shape (n, 1) [rad].
        rotations: Rotation R_base_joint of every joint, n SX of shape (3, 3).
        origins: Origin of every joint in the base frame, n SX of shape (3, 1) [m].
        axes: Axis of every joint in the base frame, n SX of shape (3, 1).
        prismatic: Whether each joint slides.
    """

    q: Any
    rotations: list[Any]
    origins: list[Any]
    axes: list[Any]
    prismatic: list[bool]

    def point(self, joint: int, offset: FloatArray) -> Any:
        """Return in the base frame a point fixed to `joint` at `offset` [m]; joint -1 is the base."""
        if joint < 0:
            return ca.SX(offset)
        return self.origins[joint] + self.rotations[joint] @ ca.SX(offset)

    def point_jacobian(self, joint: int, point: Any) -> Any:
        """Return the geometric Jacobian of a point fixed to `joint`, SX of shape (3, n), base axes."""
        columns = []
        for j in range(len(self.axes)):
            if j > joint:
                columns.append(ca.SX.zeros(3, 1))
            elif self.prismatic[j]:
                columns.append(self.axes[j])
            else:
                columns.append(ca.cross(self.axes[j], point - self.origins[j]))
        return ca.horzcat(*columns)

    def angular_jacobian(self, joint: int) -> Any:
        """Return the Jacobian of the angular velocity of `joint`'s body, SX of shape (3, n), base axes."""
        return ca.horzcat(
            *[
                ca.SX.zeros(3, 1) if j > joint or self.prismatic[j] else self.axes[j]
                for j in range(len(self.axes))
            ]
        )


def joint_chain(model: RobotModel) -> JointChain:
    """Build the symbolic chain of `model`.

    Raises:
        ControllerError: a joint is neither revolute nor prismatic, or the arm branches.
    """
    pin_model = model.pin_model
    q = ca.SX.sym("q", model.n)
    rotations, origins, axes, prismatic = [], [], [], []
    R, p = ca.SX.eye(3), ca.SX.zeros(3, 1)
    for j in range(model.n):
        joint = pin_model.joints[j + 1]
        if pin_model.parents[j + 1] != j:
            raise ControllerError(
                f"{model.joint_names[j]} does not follow the joint before it, expected one chain"
            )
        axis, slides = joint_axis(joint)
        placement = pin_model.jointPlacements[j + 1]
        p = p + R @ ca.SX(_exact(placement.translation))
        R = R @ ca.SX(_exact(placement.rotation))
        axes.append(R @ ca.SX(axis))
        if slides:
            p = p + R @ ca.SX(axis) * q[j]
        else:
            R = R @ _rotation_about(axis, q[j])
        rotations.append(R)
        origins.append(p)
        prismatic.append(slides)
    return JointChain(q, rotations, origins, axes, prismatic)


def joint_axis(joint: Any) -> tuple[FloatArray, bool]:
    """Return the unit axis of a Pinocchio joint in its own frame, and whether it slides.

    The axis is read from the joint's motion subspace, so aligned and unaligned joints are one case.

    Raises:
        ControllerError: the joint has not exactly one degree of freedom with one coordinate.
    """
    if joint.nq != 1 or joint.nv != 1:
        raise ControllerError(
            f"{joint.shortname()} has nq={joint.nq}, nv={joint.nv}, expected a revolute or prismatic joint"
        )
    data = joint.createData()
    joint.calc(data, np.zeros(joint.idx_q + 1))
    S = np.asarray(data.S).reshape(6)
    slides = bool(np.linalg.norm(S[:3]) > 0.5)
    return (S[:3] if slides else S[3:]), slides


def tool_pose(model: RobotModel, chain: JointChain) -> tuple[Any, Any]:
    """Return the tool's rotation, SX (3, 3), and position, SX (3, 1) [m], in the base frame."""
    frame = model.pin_model.frames[model.tool_id]
    j = int(frame.parentJoint) - 1
    R = chain.rotations[j] @ ca.SX(_exact(frame.placement.rotation))
    return R, chain.point(j, frame.placement.translation)


def _exact(value: FloatArray) -> FloatArray:
    """Round off what is zero but for floating point, so that CasADi can drop it."""
    rounded = np.round(value)
    return np.where(np.abs(value - rounded) < 1e-14, rounded, value)


def _rotation_about(axis: FloatArray, angle: Any) -> Any:
    """Return Rodrigues' rotation about a unit axis, SX of shape (3, 3)."""
    K = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    outer = np.outer(axis, axis)
    c, s = ca.cos(angle), ca.sin(angle)
    return ca.SX(_exact(outer)) + c * ca.SX(_exact(np.eye(3) - outer)) + s * ca.SX(_exact(K))
