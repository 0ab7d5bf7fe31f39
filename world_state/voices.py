"""Who has said what already: a network repeats its error, so the same answer from one place counts once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from hybridctl.messages.arrays import FloatArray, checked, checked_scalar
from world_state.noise import NoiseModel

MOST_VIEWS = 4
"""So many places are remembered a question, the oldest goes first."""


@dataclass(frozen=True, eq=False)
class Voice:
    """What was last said from one place.

    Attributes:
        view: Where the camera stood, shape (3,) [m].
        said: The answer: a word, or the id of the slot that was pointed at.
        stamp: When [s].
    """

    view: FloatArray
    said: str
    stamp: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "view", checked("Voice.view", self.view, shape=(3,)))
        checked_scalar("Voice.stamp", self.stamp)


@dataclass(frozen=True, eq=False)
class Voices:
    """What was said to one question, one voice a place, the newest first."""

    voices: tuple[Voice, ...] = ()

    def weight(self, said: str, *, view: FloatArray, stamp: float, noise: NoiseModel) -> float:
        """Return what an answer weighs: little where it is what was last said from there, not long ago.

        Another answer than the last from the same place weighs in full: then the scene has changed, or the
        noise, and neither is a repeated error.

        Args:
            said: The answer.
            view: Where the camera stood, shape (3,) [m].
            stamp: When it looked [s].
            noise: Says what is the same place, not long ago, and little.
        """
        for voice in self.voices:
            if math.dist(voice.view, view) < noise.same_view:
                repeats = voice.said == said and abs(stamp - voice.stamp) < noise.repeat_within
                return noise.repeat_weight if repeats else 1.0
        return 1.0

    def heard(self, said: str, *, view: FloatArray, stamp: float, noise: NoiseModel) -> Self:
        """Return the voices with this answer in the place of the last from there."""
        others = tuple(
            v for v in self.fresh(stamp, noise=noise).voices if math.dist(v.view, view) >= noise.same_view
        )
        return type(self)((Voice(view, said, stamp), *others)[:MOST_VIEWS])

    def fresh(self, stamp: float, *, noise: NoiseModel) -> Self:
        """Return those that still make a repeated answer weigh less at `stamp` [s]."""
        fresh = tuple(v for v in self.voices if stamp - v.stamp < noise.repeat_within)
        return self if len(fresh) == len(self.voices) else type(self)(fresh)

    def to_json(self) -> dict[str, Any]:
        """Return them as JSON values; floats survive the round trip exactly."""
        said = [{"view": v.view.tolist(), "said": v.said, "stamp": v.stamp} for v in self.voices]
        return {"voices": said}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(tuple(Voice(**voice) for voice in values["voices"]))


SILENT = Voices()


def still_heard(voices: Mapping[str, Voices], stamp: float, *, noise: NoiseModel) -> dict[str, Voices]:
    """Return those of each question that still count at `stamp` [s]; questions without any are left out."""
    fresh = {key: said.fresh(stamp, noise=noise) for key, said in voices.items()}
    return {key: said for key, said in fresh.items() if said.voices}
