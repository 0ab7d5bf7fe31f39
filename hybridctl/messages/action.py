"""Actions as a policy means them (ActionSpec, Action) and as a controller takes them (PoseTarget)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar, checked_transform

ACTION_NAMES = ("terminate", "dx", "dy", "dz", "droll", "dpitch", "dyaw", "gripper")
"""RT-2's eight action dimensions in token order (arXiv 2307.15818, section 3.2)."""


@dataclass(frozen=True)
class ActionSpec:
    """What the eight numbers of an action mean; it travels with the weights and has no defaults.

    Attributes:
        low: Lower bound a dimension, shape (8,) [1, m, m, m, rad, rad, rad, 1].
        high: Upper bound a dimension, shape (8,), same units.
        bins: Number of uniform bins a dimension.
        frame: `base`: translation along the base axes, rotation about them, both relative to the tool
            pose at the observation's stamp. `tool`: the same along and about the tool's axes.
    """

    low: FloatArray
    high: FloatArray
    bins: int
    frame: str

    def __post_init__(self) -> None:
        n = len(ACTION_NAMES)
        object.__setattr__(self, "low", checked("ActionSpec.low", self.low, shape=(n,)))
        object.__setattr__(self, "high", checked("ActionSpec.high", self.high, shape=(n,)))
        for name, low, high in zip(ACTION_NAMES, self.low, self.high, strict=True):
            if not low < high:
                raise MessageError(f"ActionSpec of {name}: low {low} is not below high {high}")
        if self.bins < 2:
            raise MessageError(f"ActionSpec.bins is {self.bins}, expected 2 or more")
        if self.frame not in ("base", "tool"):
            raise MessageError(f"ActionSpec.frame is {self.frame!r}, expected 'base' or 'tool'")

    @property
    def bin_width(self) -> FloatArray:
        """Width of a bin a dimension, shape (8,)."""
        return np.asarray((self.high - self.low) / self.bins, dtype=np.float64)


@dataclass(frozen=True)
class Action:
    """One detokenized action.

    Attributes:
        terminate: Evidence that the subgoal is done, 0 to 1.
        translation: Δx, Δy, Δz, shape (3,) [m], in the frame that the ActionSpec names.
        rotation: Δroll, Δpitch, Δyaw, shape (3,) [rad] (R = Rz(yaw) Ry(pitch) Rx(roll)).
        gripper: Commanded opening, 0 (closed) to 1 (open).
    """

    terminate: float
    translation: FloatArray
    rotation: FloatArray
    gripper: float

    def __post_init__(self) -> None:
        checked_scalar("Action.terminate", self.terminate, low=0.0, high=1.0)
        object.__setattr__(self, "translation", checked("Action.translation", self.translation, shape=(3,)))
        object.__setattr__(self, "rotation", checked("Action.rotation", self.rotation, shape=(3,)))
        checked_scalar("Action.gripper", self.gripper, low=0.0, high=1.0)

    def apply(self, T_base_tool: FloatArray, *, frame: str) -> FloatArray:
        """Return T_base_target = T_base_tool ∘ Δ, shape (4, 4), with Δ read in `frame`."""
        roll, pitch, yaw = self.rotation
        R = rotation_from_rpy(float(roll), float(pitch), float(yaw))
        T = np.array(T_base_tool, dtype=np.float64)
        if frame == "base":
            T[:3, :3] = R @ T[:3, :3]
            T[:3, 3] += self.translation
        elif frame == "tool":
            T[:3, 3] += T[:3, :3] @ self.translation
            T[:3, :3] = T[:3, :3] @ R
        else:
            raise MessageError(f"frame is {frame!r}, expected 'base' or 'tool'")
        return T


def rotation_from_rpy(roll: float, pitch: float, yaw: float) -> FloatArray:
    """Return R = Rz(yaw) Ry(pitch) Rx(roll), shape (3, 3), angles in rad."""
    cr, sr = math.cos(roll), math.sin(roll)
    cp, sp = math.cos(pitch), math.sin(pitch)
    cy, sy = math.cos(yaw), math.sin(yaw)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


@dataclass(frozen=True)
class PoseTarget:
    """Where the controller shall bring the tool.

    Attributes:
        T_base_target: Wanted tool pose, shape (4, 4) [m].
        stamp: Stamp of the observation that the target rests on [s]; targets grow stale by it.
        gripper_width: Wanted finger distance [m]; None keeps the present one.
        source: Who made it: `tokens`, `fine`, `skill` (classical motion such as lift) or `home`.
        twist: How the target moves on from its stamp: linear, then angular velocity along the base axes,
            shape (6,) [m/s, rad/s]; None for one at rest.
        tolerance: How far from it is near enough, position [m] and rotation [rad]: where braking would end
            inside both, the arm comes to rest there and does not hunt; (0, 0) asks for the pose itself.
    """

    T_base_target: FloatArray
    stamp: float
    gripper_width: float | None = None
    source: str = field(default="skill")
    twist: FloatArray | None = None
    tolerance: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        T = checked_transform("PoseTarget.T_base_target", self.T_base_target)
        object.__setattr__(self, "T_base_target", T)
        checked_scalar("PoseTarget.stamp", self.stamp)
        if self.gripper_width is not None:
            checked_scalar("PoseTarget.gripper_width", self.gripper_width, low=0.0, high=1.0)
        if self.twist is not None:
            object.__setattr__(self, "twist", checked("PoseTarget.twist", self.twist, shape=(6,)))
        tolerance = self.tolerance
        if len(tolerance) != 2 or not all(0.0 <= value < math.inf for value in tolerance):
            checked("PoseTarget.tolerance", tolerance, shape=(2,))
            raise MessageError(
                f"PoseTarget.tolerance is {list(tolerance)}, expected a distance [m] and an angle [rad] "
                "of 0 or more"
            )
        object.__setattr__(self, "tolerance", (float(tolerance[0]), float(tolerance[1])))
