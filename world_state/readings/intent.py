"""What the tree is about to do with the hand, so that what is felt next is understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from hybridctl.messages.arrays import checked_scalar
from world_state.beliefs import Beliefs
from world_state.errors import MeasurementError
from world_state.noise import NoiseModel
from world_state.readings.reading import Correction, Json


@dataclass(frozen=True)
class Intent:
    """The tree is about to grasp or to let go.

    Attributes:
        stamp: When it said so [s].
        grasp: Id of the slot that is about to be grasped; empty when what is held is about to be let go.
    """

    kind: ClassVar[str] = "intent"
    stamp: float
    grasp: str = ""

    def __post_init__(self) -> None:
        checked_scalar("Intent.stamp", self.stamp)

    def correct(self, beliefs: Beliefs, noise: NoiseModel) -> Correction:
        """Note the intent.

        Raises:
            MeasurementError: there is no such slot.
        """
        if self.grasp and self.grasp not in beliefs.slots:
            raise MeasurementError(
                f"the intent is to grasp {self.grasp!r}, expected one of {list(beliefs.slots)}"
            )
        hand = replace(beliefs.hand, intent=self.grasp or None, releasing=not self.grasp)
        cause = "about to grasp" if self.grasp else "about to release"
        return Correction(replace(beliefs, hand=hand), cause)

    def to_json(self) -> Json:
        """Return it as JSON values."""
        return {"stamp": self.stamp, "grasp": self.grasp}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        return cls(**values)
