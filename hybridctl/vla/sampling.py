"""How a token is taken from the allowed ones: the most likely, or drawn at a temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridctl.vla.automaton import IntArray


class DecodingError(RuntimeError):
    """The model gave logits that no token can be taken from."""


@dataclass(frozen=True)
class Draw:
    """How one answer is drawn: greedily at temperature 0, else from p^(1/T) by its own generator.

    The noise depends on the seed and on what was allowed so far, and on nothing else in the batch.
    """

    temperature: float = 0.0
    generator: np.random.Generator | None = None

    @classmethod
    def seeded(cls, temperature: float, *, seed: int, sample: int) -> Draw:
        """Return the draw of one of several samples.

        Raises:
            ValueError: the temperature is not above 0.
        """
        if not temperature > 0 or not np.isfinite(temperature):
            raise ValueError(f"samples are drawn at a temperature above 0, got {temperature}")
        return cls(temperature, np.random.default_rng((seed, sample)))


GREEDY = Draw()


def choose(
    logits: NDArray[np.float32], allowed: NDArray[np.bool_], draws: Sequence[Draw] | None = None
) -> IntArray:
    """Return the column that each row takes, shape (n,).

    Sampling is by the Gumbel maximum: argmax(logit + T·g) is distributed as p^(1/T) (Maddison, Tarlow and
    Minka, NeurIPS 2014).

    Args:
        logits: Shape (n, A).
        allowed: Which columns may be taken, shape (n, A).
        draws: How each row draws; greedily when None.

    Raises:
        DecodingError: a row has a NaN or infinite logit among the allowed.
    """
    values = np.where(allowed, logits, np.float32(-np.inf))
    scored = values
    if draws is not None:
        scored = values.astype(np.float64)
        for row, draw in enumerate(draws):
            if draw.generator is not None:
                columns = np.flatnonzero(allowed[row])
                scored[row, columns] += draw.temperature * draw.generator.gumbel(size=columns.size)
    taken: IntArray = scored.argmax(axis=1)  # a NaN counts as the largest, so it is found below
    best = values[np.arange(len(taken)), taken]
    if not np.isfinite(best).all():
        row = int(np.flatnonzero(~np.isfinite(best))[0])
        raise DecodingError(
            f"the logits of answer {row} in the batch are not finite ({best[row]}): the model's weights or "
            "its image hold NaN or infinite values"
        )
    return taken
