"""How the arm last stood, for questions to the memory: it is felt at every tick and not stored."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hybridctl.messages.arrays import FloatArray, checked, checked_scalar, checked_transform
from hybridctl.messages.reach import HOME_POSITION
from world_state.overlap import beyond, in_rectangle
from world_state.slot import Slot

HOME_RADIUS = 0.06
"""The tool is at home within this of HOME_POSITION [m]."""
REST_SPEED = 0.03
"""An arm is at rest whose joints are all slower than this [rad/s]."""
MIDDLE = 0.5
"""What is in this part of a picture's half width and height about its middle is near the middle."""
SEEN_SHARE = 0.0015
"""What takes up less of a picture than this is too small to count as in view."""
TOOL_STD, SPEED_STD = 0.001, 0.003
"""Standard deviation of the tool's place [m] and of a joint's measured speed [rad/s]."""
NEAREST = 0.02
"""What is nearer to a camera than this, or behind it, is not in its picture [m]."""


@dataclass(frozen=True, eq=False)
class HandCamera:
    """A camera on the hand.

    Attributes:
        T_tool_camera: Its pose in the tool's frame, x right, y down, z forward, shape (4, 4) [m].
        K: Intrinsics, shape (3, 3) [px]; the principal point is the middle of the picture.
    """

    T_tool_camera: FloatArray
    K: FloatArray

    def __post_init__(self) -> None:
        T = checked_transform("HandCamera.T_tool_camera", self.T_tool_camera)
        object.__setattr__(self, "T_tool_camera", T)
        object.__setattr__(self, "K", checked("HandCamera.K", self.K, shape=(3, 3)))


@dataclass(frozen=True, eq=False)
class Posture:
    """The arm at its last reading.

    Attributes:
        T_base_tool: Tool pose, shape (4, 4) [m].
        speed: Of the fastest joint [rad/s].
        stamp: Of the reading [s].
        camera: The one on the hand; None where there is none, or none has looked yet.
    """

    T_base_tool: FloatArray
    speed: float
    stamp: float
    camera: HandCamera | None = None

    def __post_init__(self) -> None:
        T = checked_transform("Posture.T_base_tool", self.T_base_tool)
        object.__setattr__(self, "T_base_tool", T)
        checked_scalar("Posture.speed", self.speed, low=0.0)
        checked_scalar("Posture.stamp", self.stamp)

    def p_at_home(self) -> float:
        """Return the probability that the tool is where the arm does not hide the scene."""
        away = float(np.linalg.norm(self.T_base_tool[:3, 3] - np.array(HOME_POSITION)))
        return beyond(HOME_RADIUS, TOOL_STD**2, away)

    def p_at_rest(self) -> float:
        """Return the probability that the arm does not move."""
        return beyond(REST_SPEED, SPEED_STD**2, self.speed)


def p_in_view(camera: HandCamera, T_base_tool: FloatArray, slot: Slot) -> float:
    """Return the probability that a thing's centre is near the middle of the hand's picture, large enough.

    The pixel is linear in the place to first order, so that its covariance is J Σ Jᵀ. What may stand in front
    of the thing is not looked at: a camera on the hand looks down past everything that lies there.
    """
    T = T_base_tool @ camera.T_tool_camera
    x, y, z = (float(v) for v in T[:3, :3].T @ (slot.position - T[:3, 3]))
    if z < NEAREST:
        return 0.0
    fx, fy, cx, cy = camera.K[0, 0], camera.K[1, 1], camera.K[0, 2], camera.K[1, 2]
    # In halves of the picture: 0 is its middle, 1 its border.
    J = np.array([[fx / cx / z, 0.0, -fx / cx * x / z**2], [0.0, fy / cy / z, -fy / cy * y / z**2]])
    J = J @ T[:3, :3].T
    share = math.pi / 4 * fx * fy * float(slot.extent[0] * slot.extent[1]) / z**2 / (4.0 * cx * cy)
    if share < SEEN_SHARE:
        return 0.0
    at = np.array([fx / cx * x / z, fy / cy * y / z])
    return in_rectangle(at, J @ slot.covariance @ J.T, (MIDDLE, MIDDLE))
