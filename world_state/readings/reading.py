"""What a sensor reading is: a frozen value that corrects beliefs by a pure function, and survives as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from world_state.beliefs import Beliefs
from world_state.noise import NoiseModel

Json = dict[str, Any]


@dataclass(frozen=True)
class Correction:
    """What a reading does to the beliefs.

    Attributes:
        beliefs: What is believed since.
        cause: In words, what changed and why; empty for a tick that changed nothing worth an event.
        surprise: Minus the log of how expected the reading was [nat]: 0 for what was quite sure to come.
    """

    beliefs: Beliefs
    cause: str
    surprise: float = 0.0


class Reading(Protocol):
    """One reading of one sensor, or one thing that somebody said.

    It is frozen and holds all that `correct` needs, so that a store of readings can be filtered anew without
    the pictures that they came of.
    """

    kind: ClassVar[str]
    """Names it in the store."""

    @property
    def stamp(self) -> float:
        """When it was taken [s]."""
        ...

    def correct(self, beliefs: Beliefs, noise: NoiseModel) -> Correction:
        """Return the beliefs after this reading. Depends on nothing but the arguments, changes neither.

        Raises:
            MeasurementError: the reading says nothing that can be believed; nothing changes.
        """
        ...

    def to_json(self) -> Json:
        """Return it as JSON values; floats survive the round trip exactly."""
        ...

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        ...
