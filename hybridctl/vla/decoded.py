"""What came out of a decode: token ids, and for each free choice the logits of what was allowed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arrays import FloatArray
from hybridctl.vla.automaton import IntArray


@dataclass(frozen=True, eq=False)
class Choice:
    """A position where more than one token was allowed.

    Attributes:
        position: Index in the answer.
        token: The token that was taken.
        allowed: Token ids that were allowed, ascending, shape (n,).
        logits: The model's logits for them, before any temperature, shape (n,).
    """

    position: int
    token: int
    allowed: IntArray
    logits: NDArray[np.float32]

    @cached_property
    def p(self) -> FloatArray:
        """Probabilities of the allowed tokens at temperature 1, shape (n,)."""
        shifted = np.exp(self.logits.astype(np.float64) - float(self.logits.max()))
        return np.asarray(shifted / shifted.sum(), dtype=np.float64)

    @property
    def log_probability(self) -> float:
        """ln p of the token that was taken [nat]."""
        return float(np.log(max(self.p[int(np.searchsorted(self.allowed, self.token))], 1e-30)))

    @property
    def entropy(self) -> float:
        """Entropy of the choice [nat]."""
        return -float((self.p * np.log(np.maximum(self.p, 1e-30))).sum())


@dataclass(frozen=True, eq=False)
class Decoded:
    """An answer's token ids with its free choices in order; forced tokens have none."""

    ids: list[int]
    choices: list[Choice]

    @property
    def log_probability(self) -> float:
        """Sum of ln p of the chosen tokens [nat]."""
        return min(sum(choice.log_probability for choice in self.choices), 0.0)

    @property
    def entropy(self) -> float:
        """Mean entropy of the free choices [nat]; 0 without any."""
        return float(np.mean([choice.entropy for choice in self.choices])) if self.choices else 0.0


@dataclass(frozen=True)
class Answer:
    """The most likely answer, token by token, and answers sampled beside it."""

    greedy: Decoded
    samples: list[Decoded]
