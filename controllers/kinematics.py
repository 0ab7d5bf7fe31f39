"""Symbolic kinematics in CasADi, built from a Pinocchio model (the `pin` wheel ships no pinocchio.casadi)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np

from controllers.robot_file import joint_axis
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


@dataclass(frozen=True, eq=False)
class JointStep:
    """The step from one joint's frame to the next, as expressions of one joint position.

    Attributes:
        rotation: Rotation R_parent_joint, SX of shape (3, 3).
        translation: Origin of the joint in the parent's frame, SX of shape (3, 1) [m].
        axis: Unit axis in the joint's own frame (which its motion does not turn), shape (3,).
        slides: Whether the joint is prismatic.
    """

    rotation: Any
    translation: Any
    axis: FloatArray
    slides: bool


def joint_steps(model: RobotModel, q: Any) -> list[JointStep]:
    """Return the step of every joint at `q`, SX of shape (n, 1) [rad or m]."""
    pin_model = model.pin_model
    steps = []
    for j in range(model.n):
        axis, slides = joint_axis(pin_model.joints[j + 1])
        placement = pin_model.jointPlacements[j + 1]
        R, p = ca.SX(exact(placement.rotation)), ca.SX(exact(placement.translation))
        if slides:
            steps.append(JointStep(R, p + R @ ca.SX(axis) * q[j], axis, slides))
        else:
            steps.append(JointStep(R @ _rotation_about(axis, q[j]), p, axis, slides))
    return steps


def joint_chain(model: RobotModel) -> JointChain:
    """Build the symbolic chain of `model`."""
    q = ca.SX.sym("q", model.n)
    rotations, origins, axes, prismatic = [], [], [], []
    R, p = ca.SX.eye(3), ca.SX.zeros(3, 1)
    for step in joint_steps(model, q):
        p = p + R @ step.translation
        R = R @ step.rotation
        axes.append(R @ ca.SX(step.axis))
        rotations.append(R)
        origins.append(p)
        prismatic.append(step.slides)
    return JointChain(q, rotations, origins, axes, prismatic)


def tool_joint(model: RobotModel) -> int:
    """Return the index of the joint that carries the tool, 0 is the first."""
    return int(model.pin_model.frames[model.tool_id].parentJoint) - 1


def tool_pose(model: RobotModel, chain: JointChain) -> tuple[Any, Any]:
    """Return the tool's rotation, SX (3, 3), and position, SX (3, 1) [m], in the base frame."""
    placement = model.pin_model.frames[model.tool_id].placement
    j = tool_joint(model)
    R = chain.rotations[j] @ ca.SX(exact(placement.rotation))
    return R, chain.point(j, placement.translation)


def exact(value: FloatArray) -> FloatArray:
    """Round off what is zero but for floating point, so that CasADi can drop it."""
    rounded = np.round(value)
    return np.where(np.abs(value - rounded) < 1e-14, rounded, value)


def _rotation_about(axis: FloatArray, angle: Any) -> Any:
    """Return Rodrigues' rotation about a unit axis, SX of shape (3, 3)."""
    K = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    outer = np.outer(axis, axis)
    c, s = ca.cos(angle), ca.sin(angle)
    return ca.SX(exact(outer)) + c * ca.SX(exact(np.eye(3) - outer)) + s * ca.SX(exact(K))
