"""Where a camera on the hand errs: a belief, learned by looking at one thing from two turns of the hand.

A wrong calibration of the camera on the hand shifts all that it sees by the same vector along the tool's own
axes. It turns with the hand, the thing does not: two looks, the hand turned in between, tell the two apart.
Tilt and height are not asked for here, the table tells them (world_state/levelling.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar

CALIBRATION_STD = 0.005
"""How far off a camera on the hand is taken to be along each axis, before it was looked through [m]."""


@dataclass(frozen=True)
class HandEye:
    """Belief about the constant error of what a camera on the hand reports.

    Attributes:
        offset: Reported minus true place, along the tool's x and y turned into the table, shape (2,) [m].
        covariance: Of the offset, shape (2, 2) [m²].
    """

    offset: FloatArray
    covariance: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "offset", checked("HandEye.offset", self.offset, shape=(2,)))
        object.__setattr__(self, "covariance", checked("HandEye.covariance", self.covariance, shape=(2, 2)))

    def to_json(self) -> dict[str, Any]:
        """Return the belief as JSON values."""
        return {"offset": self.offset.tolist(), "covariance": self.covariance.tolist()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> HandEye:
        """Return the belief that `to_json` wrote."""
        return cls(np.array(values["offset"]), np.array(values["covariance"]))


UNKNOWN = HandEye(np.zeros(2), CALIBRATION_STD**2 * np.eye(2))


@dataclass(frozen=True)
class CloseLook:
    """One look at a thing through a camera on the hand.

    Attributes:
        position: Reported place along the table, shape (2,) [m].
        covariance: Of that place, the camera's constant error left out, shape (2, 2) [m²].
        tool_yaw: Turn of the tool about the vertical when it looked [rad].
    """

    position: FloatArray
    covariance: FloatArray
    tool_yaw: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", checked("CloseLook.position", self.position, shape=(2,)))
        object.__setattr__(self, "covariance", checked("CloseLook.covariance", self.covariance, shape=(2, 2)))
        checked_scalar("CloseLook.tool_yaw", self.tool_yaw)


def fuse(looks: Sequence[CloseLook], hand_eye: HandEye) -> tuple[FloatArray, FloatArray, HandEye]:
    """Return place, covariance and the camera's error that looks at one resting thing speak for together.

    Least squares over the thing's place p and the error b of position_i = p + R(yaw_i) b, each look weighed
    by its covariance and b by what was believed of it before these looks.

    Args:
        looks: At least one.
        hand_eye: What was believed before the first of them.

    Raises:
        MessageError: there is no look.
    """
    if not looks:
        raise MessageError("fuse was given no look, expected at least one")
    information = np.zeros((4, 4))
    vector = np.zeros(4)
    prior = np.linalg.inv(hand_eye.covariance)
    information[2:, 2:] = prior
    vector[2:] = prior @ hand_eye.offset
    for look in looks:
        A = np.hstack([np.eye(2), rotation(look.tool_yaw)])
        weight = np.linalg.inv(look.covariance)
        information += A.T @ weight @ A
        vector += A.T @ weight @ look.position
    covariance = np.linalg.inv(information)
    covariance = (covariance + covariance.T) / 2.0
    state = covariance @ vector
    return state[:2], covariance[:2, :2], HandEye(state[2:], covariance[2:, 2:])


def rotation(yaw: float) -> FloatArray:
    """Return the rotation by `yaw` [rad] in the plane of the table, shape (2, 2)."""
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([[c, -s], [s, c]])
