"""The wish that a thing be forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from hybridctl.messages.arrays import checked_scalar
from world_state.beliefs import Beliefs
from world_state.noise import NoiseModel
from world_state.readings.reading import Correction, Json


@dataclass(frozen=True)
class Forgotten:
    """A slot is dropped, with the grip on it and the intent to grasp it; one that is not there is no error.

    Attributes:
        stamp: When [s].
        slot: Its id.
    """

    kind: ClassVar[str] = "forgotten"
    stamp: float
    slot: str

    def __post_init__(self) -> None:
        checked_scalar("Forgotten.stamp", self.stamp)

    def correct(self, beliefs: Beliefs, noise: NoiseModel) -> Correction:
        """Drop the slot."""
        hand = beliefs.hand
        grip = None if hand.grip is not None and hand.grip.slot == self.slot else hand.grip
        intent = None if hand.intent == self.slot else hand.intent
        hand = replace(hand, grip=grip, intent=intent)
        return Correction(replace(beliefs.without_slot(self.slot), hand=hand), "asked to")

    def to_json(self) -> Json:
        """Return it as JSON values."""
        return {"stamp": self.stamp, "slot": self.slot}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        return cls(**values)
