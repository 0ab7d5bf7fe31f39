"""A belief over names, such as what a thing is called or which colour it has, that is never quite certain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

from hybridctl.messages.arrays import MessageError

OTHER = "…"
"""The rest of the vocabulary: what the thing may be besides the names that were thought of."""
NEW_SHARE = 0.1
"""Part of OTHER's probability that a name gets which was not thought of before."""
LEAST = 1e-4
"""No name falls below this probability, so that no number of answers is beyond correction."""


@dataclass(frozen=True)
class Categorical:
    """Log probabilities of names.

    Attributes:
        log_p: ln p of each name [nat]; OTHER is always among them, and the probabilities sum to 1.
    """

    log_p: Mapping[str, float]

    def __post_init__(self) -> None:
        if OTHER not in self.log_p:
            raise MessageError(f"Categorical has no {OTHER!r}, expected it beside {', '.join(self.log_p)}")
        values = {name: float(value) for name, value in self.log_p.items()}
        total = sum(math.exp(value) for value in values.values())
        if not abs(total - 1.0) < 1e-6:
            raise MessageError(f"Categorical's probabilities sum to {total}, expected 1")
        object.__setattr__(self, "log_p", MappingProxyType(values))

    @classmethod
    def of(cls, probabilities: Mapping[str, float]) -> Self:
        """Return the belief with these probabilities; what they lack of 1 is OTHER's.

        Raises:
            MessageError: one is negative or not finite, or they sum to more than 1.
        """
        total = sum(probabilities.values())
        if not total <= 1.0 + 1e-9 or not all(p >= 0.0 for p in probabilities.values()):
            raise MessageError(f"probabilities {dict(probabilities)} are no part of 1")
        rest = probabilities.get(OTHER, 0.0) + max(0.0, 1.0 - total)
        return cls(_normalised({**{name: _log(p) for name, p in probabilities.items()}, OTHER: _log(rest)}))

    def p(self, name: str) -> float:
        """Return the probability of a name; one that was never thought of has its share of OTHER's."""
        if name in self.log_p:
            return math.exp(self.log_p[name])
        return NEW_SHARE * math.exp(self.log_p[OTHER])

    def best(self) -> str:
        """Return the most probable name; OTHER only where there is no other. Ties go to the first."""
        return self._best

    @cached_property
    def _best(self) -> str:
        named = [name for name in self.log_p if name != OTHER]
        return max(named, key=self.log_p.__getitem__) if named else OTHER

    def updated(self, log_likelihoods: Mapping[str, float], *, weight: float = 1.0) -> Self:
        """Return the belief after evidence (Bayes' rule).

        Args:
            log_likelihoods: For names, ln p(evidence | name) [nat]; a constant added to all changes nothing.
                Names that it lacks take OTHER's entry; without one, the mean: it speaks neither for nor
                against them.
            weight: What the evidence counts, in [0, 1]: less for a repeated look at the same picture.
        """
        if not log_likelihoods:
            return self
        if not all(math.isfinite(value) for value in log_likelihoods.values()):
            raise MessageError(f"log-likelihoods {dict(log_likelihoods)} are not all finite")
        log_p = dict(self.log_p)
        new = [name for name in log_likelihoods if name not in log_p]
        for name in new:  # they share out OTHER's mass in equal parts, in whatever order they are named
            log_p[name] = self.log_p[OTHER] + math.log(NEW_SHARE / len(new))
        if new:
            log_p[OTHER] = self.log_p[OTHER] + math.log1p(-NEW_SHARE)
        mean = sum(log_likelihoods.values()) / len(log_likelihoods)
        rest = log_likelihoods.get(OTHER, mean)
        return type(self)(
            _normalised(
                {name: value + weight * log_likelihoods.get(name, rest) for name, value in log_p.items()}
            )
        )

    def to_json(self) -> dict[str, float]:
        """Return ln p by name; floats survive the round trip exactly."""
        return dict(self.log_p)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the belief that `to_json` wrote."""
        return cls(values)


def _log(p: float) -> float:
    return math.log(max(p, LEAST))


def _normalised(log_p: Mapping[str, float]) -> dict[str, float]:
    """Return log probabilities that sum to 1, none below LEAST by more than the rest demands."""
    top = max(log_p.values())
    scaled = {name: math.exp(value - top) for name, value in log_p.items()}
    total = sum(scaled.values())
    floored = {name: max(value / total, LEAST) for name, value in scaled.items()}
    total = sum(floored.values())
    return {name: math.log(value / total) for name, value in floored.items()}
