"""What a person says, in answer to a question or unasked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from hybridctl.messages.arrays import MessageError, checked_scalar
from world_state.beliefs import Beliefs
from world_state.evidence import weighed
from world_state.noise import NoiseModel
from world_state.readings.reading import Correction, Json


@dataclass(frozen=True)
class Told:
    """One statement, as the answer to a question.

    Attributes:
        stamp: When it was said [s].
        question: What it answers: `is the drawer open`, `is there a red block`, `what colour is the cup`.
        answer: What was said.
        answers: All that the question admits, `answer` among them.
    """

    kind: ClassVar[str] = "told"
    stamp: float
    question: str
    answer: str
    answers: tuple[str, ...] = ("yes", "no")

    def __post_init__(self) -> None:
        checked_scalar("Told.stamp", self.stamp)
        if self.answer not in self.answers or len(set(self.answers)) < 2:
            raise MessageError(f"told {self.answer!r} to {self.question!r}, expected one of {self.answers}")

    def correct(self, beliefs: Beliefs, noise: NoiseModel) -> Correction:
        """Weigh what was said: a person is right with probability `trust_in_people`."""
        wrong = (1.0 - noise.trust_in_people) / (len(self.answers) - 1)
        said = {a: math.log(noise.trust_in_people if a == self.answer else wrong) for a in self.answers}
        after, surprise = weighed(beliefs, self.question, said, weight=1.0, stamp=self.stamp, noise=noise)
        after = replace(after, stamp=max(beliefs.stamp, self.stamp))
        return Correction(after, f"told {self.question}: {self.answer}"[:250], surprise)

    def to_json(self) -> Json:
        """Return it as JSON values."""
        answers = list(self.answers)
        return {"stamp": self.stamp, "question": self.question, "answer": self.answer, "answers": answers}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        return cls(**{**values, "answers": tuple(values["answers"])})
