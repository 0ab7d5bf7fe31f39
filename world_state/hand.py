"""What the hand is about to do, what it holds, and where a held thing is carried."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridctl.messages.arrays import FloatArray, checked
from world_state.shape import quarter
from world_state.slot import Slot

BETWEEN_FINGERS = 0.04  # [m] a belief farther than this from the tool is wrong about a thing that is held
GRASP_VARIANCE = 0.003**2  # [m²] how far closing fingers push a thing
RELEASE_VARIANCE = 0.01**2  # [m²] how far a thing rolls or tips that is let go on purpose
DROP_VARIANCE = 0.03**2  # [m²] ... and that is lost on the way
HEIGHT_VARIANCE = 0.01**2  # [m²] it may lie on a bowl's floor or on its side
LET_GO = 0.003  # [m] fingers this much wider than at the grasp no longer carry


@dataclass(frozen=True)
class Grip:
    """How a thing sits between the fingers.

    Attributes:
        phrase: What is held.
        p_tool_object: Its centre in the tool frame, shape (3,) [m].
        yaw_tool: Its turn less the tool's [rad]; None where it has none that matters.
        width: Finger distance when it was grasped [m].
    """

    phrase: str
    p_tool_object: FloatArray
    yaw_tool: float | None
    width: float

    def __post_init__(self) -> None:
        value = checked("Grip.p_tool_object", self.p_tool_object, shape=(3,))
        object.__setattr__(self, "p_tool_object", value)


@dataclass(frozen=True)
class Hand:
    """The hand's part of the belief.

    Attributes:
        intent: What the tree is about to grasp, None when nothing.
        releasing: Whether the tree is letting go on purpose.
        grip: What is held and how, None when nothing is or nobody knows what.
    """

    intent: str | None = None
    releasing: bool = False
    grip: Grip | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the belief as JSON values."""
        grip = None
        if self.grip is not None:
            grip = {
                "phrase": self.grip.phrase,
                "p_tool_object": self.grip.p_tool_object.tolist(),
                "yaw_tool": self.grip.yaw_tool,
                "width": self.grip.width,
            }
        return {"intent": self.intent, "releasing": self.releasing, "grip": grip}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Hand:
        """Return the belief that `to_json` wrote."""
        grip = None if values["grip"] is None else Grip(**values["grip"])
        return cls(intent=values["intent"], releasing=values["releasing"], grip=grip)


def grasp(slot: Slot, T_base_tool: FloatArray, *, width: float) -> Grip:
    """Return how the thing sits between the fingers that have just closed `width` [m] apart on it."""
    R, p = T_base_tool[:3, :3], T_base_tool[:3, 3]
    offset = R.T @ (slot.position - p)
    if float(np.linalg.norm(offset)) > BETWEEN_FINGERS:
        offset = np.zeros(3)
    yaw = None if slot.yaw is None else quarter(slot.yaw - tool_yaw(T_base_tool))
    return Grip(slot.phrase, offset, yaw, width)


def carry(slot: Slot, grip: Grip, T_base_tool: FloatArray, *, stamp: float) -> Slot:
    """Return the belief of a held thing at a tool pose: it moves with the tool."""
    covariance = slot.covariance
    if slot.source != "held":
        covariance = covariance + GRASP_VARIANCE * np.eye(3)
    return replace(
        slot,
        position=T_base_tool[:3, :3] @ grip.p_tool_object + T_base_tool[:3, 3],
        yaw=None if grip.yaw_tool is None else quarter(grip.yaw_tool + tool_yaw(T_base_tool)),
        covariance=covariance,
        stamp=stamp,
        source="held",
    )


def lay_down(slot: Slot, *, table_height: float, stamp: float, on_purpose: bool) -> Slot:
    """Return the belief of a thing that left the hand: under where it was, standing, and less sure."""
    spread = RELEASE_VARIANCE if on_purpose else DROP_VARIANCE
    x, y, _ = slot.position
    return replace(
        slot,
        position=np.array([x, y, table_height + slot.extent[2] / 2]),
        covariance=slot.covariance + np.diag([spread, spread, HEIGHT_VARIANCE]),
        stamp=stamp,
        source="released" if on_purpose else "dropped",
    )


def tool_yaw(T_base_tool: FloatArray) -> float:
    """Return the turn of the tool's x axis about the base z axis [rad]."""
    return float(np.arctan2(T_base_tool[1, 0], T_base_tool[0, 0]))
