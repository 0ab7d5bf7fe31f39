"""What the hand is about to do, what it holds, and where a held thing is carried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridctl.messages.arrays import FloatArray, MessageError, checked_scalar, checked_transform
from world_state.attachment import Attachment
from world_state.slot import Slot
from world_state.transport import carried, inverse

BETWEEN_FINGERS = 0.04  # [m] a belief farther than this from the tool is wrong about a thing that is held
GRASP_VARIANCE = 0.003**2  # [m²] how far closing fingers push a thing
LET_GO = 0.003  # [m] fingers this much wider than at the grasp no longer carry


@dataclass(frozen=True, eq=False)
class Grip:
    """How a thing sits between the fingers.

    Attributes:
        slot: Id of what is held.
        T_tool_object: Its pose in the tool frame, shape (4, 4) [m].
        width: Finger distance when it was grasped [m].
    """

    slot: str
    T_tool_object: FloatArray
    width: float

    def __post_init__(self) -> None:
        if not self.slot.strip():
            raise MessageError("Grip.slot is empty, expected the id of what is held")
        T = checked_transform("Grip.T_tool_object", self.T_tool_object)
        object.__setattr__(self, "T_tool_object", T)
        checked_scalar("Grip.width", self.width)


@dataclass(frozen=True, eq=False)
class Hand:
    """The hand's part of the belief.

    Attributes:
        intent: Id of what the tree is about to grasp, None when nothing.
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
                "slot": self.grip.slot,
                "T_tool_object": self.grip.T_tool_object.tolist(),
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
    T = inverse(T_base_tool) @ slot.pose.T
    if float(np.linalg.norm(T[:3, 3])) > BETWEEN_FINGERS:
        T[:3, 3] = 0.0
    return Grip(slot.id, T, width)


def carry(slot: Slot, grip: Grip, T_base_tool: FloatArray, *, stamp: float) -> Slot:
    """Return the belief of a held thing at a tool pose: it moves with the tool, its uncertainty too."""
    spread = None if slot.status == "held" else GRASP_VARIANCE * np.eye(3)
    return slot.corrected_by(
        "hand", stamp=stamp, status="held",
        pose=carried(slot.pose, T_base_tool @ grip.T_tool_object, spread=spread),
        attachment=Attachment("held", "hand", 1.0, grip.T_tool_object),
    )  # fmt: skip
