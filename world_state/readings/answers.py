"""An answer of the policy to a question about a picture, as calibrated evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self

from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar
from hybridctl.messages.policy import AskAnswer
from world_state.beliefs import Beliefs
from world_state.evidence import weighed
from world_state.noise import NoiseModel
from world_state.questions import normalised
from world_state.readings.reading import Correction, Json
from world_state.voices import SILENT, still_heard


@dataclass(frozen=True, eq=False)
class Answered:
    """One answer.

    Attributes:
        stamp: Stamp of the picture [s].
        question: What was asked.
        log_likelihoods: For each answer that it admits, ln p(what was said | that answer) [nat].
        view: Where the camera stood, shape (3,) [m].
    """

    kind: ClassVar[str] = "answered"
    stamp: float
    question: str
    log_likelihoods: Mapping[str, float]
    view: FloatArray

    def __post_init__(self) -> None:
        checked_scalar("Answered.stamp", self.stamp)
        object.__setattr__(self, "view", checked("Answered.view", self.view, shape=(3,)))
        if len(self.log_likelihoods) < 2:
            raise MessageError(
                f"answers to {self.question!r} are {dict(self.log_likelihoods)}, expected two or more"
            )
        values = {
            answer: checked_scalar(f"Answered.log_likelihoods[{answer}]", value)
            for answer, value in self.log_likelihoods.items()
        }
        object.__setattr__(self, "log_likelihoods", MappingProxyType(values))

    @classmethod
    def of(cls, answer: AskAnswer) -> Self:
        """Return what a policy's answer says."""
        values = dict(zip(answer.answers, answer.log_likelihoods.tolist(), strict=True))
        return cls(answer.stamp, answer.question, values, answer.observation.T_base_camera[:3, 3])

    @property
    def said(self) -> str:
        """The answer that it speaks for most."""
        return max(self.log_likelihoods, key=self.log_likelihoods.__getitem__)

    def correct(self, beliefs: Beliefs, noise: NoiseModel) -> Correction:
        """Weigh the answer: next to nothing where it was given from the same place a moment ago."""
        key = normalised(self.question)
        voices = beliefs.voices.get(key, SILENT)
        weight = voices.weight(self.said, view=self.view, stamp=self.stamp, noise=noise)
        after, surprise = weighed(
            beliefs, self.question, self.log_likelihoods, weight=weight, stamp=self.stamp, noise=noise
        )
        heard = voices.heard(self.said, view=self.view, stamp=self.stamp, noise=noise)
        others = still_heard(beliefs.voices, self.stamp, noise=noise)
        stamp = max(beliefs.stamp, self.stamp)
        after = replace(after, voices={**others, key: heard}, stamp=stamp)
        return Correction(after, f"{self.question}: {self.said}"[:250], surprise)

    def to_json(self) -> Json:
        """Return it as JSON values; floats survive the round trip exactly."""
        return {
            "stamp": self.stamp,
            "question": self.question,
            "log_likelihoods": dict(self.log_likelihoods),
            "view": self.view.tolist(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        return cls(**values)
