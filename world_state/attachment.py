"""What a thing moves with: the hand that holds it, the drawer it lies in, the plate it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from hybridctl.messages.arrays import FloatArray, MessageError, checked_scalar, checked_transform

KINDS = ("none", "on", "in", "held")


@dataclass(frozen=True, eq=False)
class Attachment:
    """Belief about what a thing moves with.

    Attributes:
        kind: One of KINDS; `none` where it stands for itself or nobody knows.
        to: On, in or by what: a slot's id, an articulation's name, `table` or `hand`; empty for `none`.
        probability: That it is so.
        T_parent_object: Pose of the thing in the parent's frame, shape (4, 4) [m]; None where only the kind
            is known. The hand's frame is the tool's.
    """

    kind: str = "none"
    to: str = ""
    probability: float = 1.0
    T_parent_object: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise MessageError(f"Attachment.kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        if (self.kind == "none") != (not self.to):
            raise MessageError(f"Attachment of kind {self.kind!r} names {self.to!r} as its parent")
        checked_scalar("Attachment.probability", self.probability, low=0.0, high=1.0)
        if self.T_parent_object is not None:
            T = checked_transform("Attachment.T_parent_object", self.T_parent_object)
            object.__setattr__(self, "T_parent_object", T)

    def to_json(self) -> dict[str, Any]:
        """Return the belief as JSON values; floats survive the round trip exactly."""
        T = self.T_parent_object
        return {
            "kind": self.kind,
            "to": self.to,
            "probability": self.probability,
            "T_parent_object": None if T is None else T.tolist(),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the belief that `to_json` wrote."""
        return cls(**values)


UNATTACHED = Attachment()
