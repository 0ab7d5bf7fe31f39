"""What an expression refers to: a distribution over slots, with the chance that it is none of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hybridctl.messages.arrays import MessageError


@dataclass(frozen=True)
class Reference:
    """What an expression may refer to.

    Attributes:
        text: The expression as it was asked.
        reading: How it was understood, in words; the most probable way where there were several.
        probabilities: Of each slot, by id.
        p_none: That it refers to none of them: to something unseen, or to nothing.
    """

    text: str
    reading: str
    probabilities: Mapping[str, float]
    p_none: float

    def __post_init__(self) -> None:
        values = (*self.probabilities.values(), self.p_none)
        if min(values) < -1e-9 or abs(sum(values) - 1.0) > 1e-6:
            raise MessageError(f"Reference to {self.text!r} has probabilities {values}, expected a sum of 1")
        object.__setattr__(self, "probabilities", MappingProxyType(dict(self.probabilities)))

    @property
    def best(self) -> str | None:
        """Id of the most probable slot, the first of equals; None where none of them is more probable."""
        if not self.probabilities:
            return None
        best = max(self.probabilities, key=self.probabilities.__getitem__)
        return best if self.probabilities[best] > self.p_none else None

    @property
    def margin(self) -> float:
        """By how much the most probable outcome, none among them, is more probable than the next."""
        first, second, *_ = sorted((*self.probabilities.values(), self.p_none, 0.0), reverse=True)
        return first - second

    @property
    def entropy(self) -> float:
        """Entropy of the outcome [nat]: 0 when sure."""
        values = (*self.probabilities.values(), self.p_none)
        return -sum(p * math.log(p) for p in values if p > 0.0)

    def __str__(self) -> str:
        ranked = sorted(self.probabilities.items(), key=lambda item: -item[1])
        shares = [f"{slot} {p:.2f}" for slot, p in ranked if p >= 0.005] + [f"none {self.p_none:.2f}"]
        return f"{self.text!r}, read as {self.reading!r}: {', '.join(shares)}"
