"""How far a drawer or a door is open: a histogram filter over its travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.fft import dct, idct

from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar

CELLS = 101
FRACTIONS: FloatArray = np.linspace(0.0, 1.0, CELLS)
"""Where the cells lie: 0 is shut, 1 the end of the travel, and it is never beyond either."""
CLOSED_BELOW, OPEN_ABOVE = 0.05, 0.70
"""As Predicate.CLOSED and Predicate.OPEN say (hybridctl/messages/condition.py)."""
STATES = ("closed", "ajar", "open")
MASKS: FloatArray = np.array(
    [FRACTIONS < CLOSED_BELOW - 1e-9, ~((FRACTIONS < CLOSED_BELOW - 1e-9) | (FRACTIONS > OPEN_ABOVE + 1e-9)),
     FRACTIONS > OPEN_ABOVE + 1e-9], dtype=np.float64
)  # fmt: skip
"""Which cells are in which of STATES, shape (3, 101)."""
UNKNOWN: FloatArray = (MASKS / MASKS.sum(axis=1, keepdims=True)).sum(axis=0) / len(STATES)
"""Weights of one that nobody has seen: each state is equally likely, and within it each cell."""
NUDGE = 0.002
"""It slides by itself, or is touched, by this part of its travel in a second, and by √t times that in t."""
NUDGE_RATES: FloatArray = (NUDGE * (CELLS - 1)) ** 2 * (1.0 - np.cos(np.pi * np.arange(CELLS) / CELLS))
"""How fast each cosine over the cells fades by that [1/s], shape (101,)."""
SOMEBODY = 600.0
"""Mean time after which somebody has opened or shut it [s]."""
OUTLIERS = 0.01
"""Part of measured distances that are of something else."""
LEAST = 1e-7
"""No cell falls below this weight, so that no evidence is beyond correction."""


@dataclass(frozen=True, eq=False)
class Articulation:
    """Belief about one drawer, door or lid.

    Attributes:
        name: What it is called, `drawer`.
        weights: Probability of each of FRACTIONS, shape (101,), sum 1.
        stamp: When the belief was last corrected [s].
    """

    name: str
    weights: FloatArray
    stamp: float

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise MessageError("Articulation.name is empty, expected what it is called")
        checked_scalar("Articulation.stamp", self.stamp)
        weights = checked("Articulation.weights", self.weights, shape=(CELLS,))
        total = float(weights.sum())
        if weights.min() < 0.0 or abs(total - 1.0) > 1e-6:
            raise MessageError(f"Articulation.weights sum to {total} or are negative, expected probabilities")
        object.__setattr__(self, "weights", weights)

    @classmethod
    def unknown(cls, name: str, *, stamp: float) -> Self:
        """Return the belief about one that nobody has looked at."""
        return cls(name, UNKNOWN, stamp)

    @property
    def fraction(self) -> float:
        """Mean part of the travel that it is open by."""
        return float(self.weights @ FRACTIONS)

    @property
    def std(self) -> float:
        """Standard deviation of that part."""
        return float(np.sqrt(max(0.0, float(self.weights @ (FRACTIONS - self.fraction) ** 2))))

    @property
    def p_closed(self) -> float:
        """Probability that it is open by less than 5 %."""
        return float(self.weights @ MASKS[0])

    @property
    def p_ajar(self) -> float:
        """Probability that it is neither closed nor open."""
        return float(self.weights @ MASKS[1])

    @property
    def p_open(self) -> float:
        """Probability that it is open by more than 70 %."""
        return float(self.weights @ MASKS[2])

    @property
    def states(self) -> dict[str, float]:
        """Probability of each of STATES."""
        return {"closed": self.p_closed, "ajar": self.p_ajar, "open": self.p_open}

    def predict(self, dt: float) -> Self:
        """Return the belief `dt` [s] later, its stamp unchanged: less sure, as nobody looked.

        Nudges diffuse it over the cells, and the ends of the travel reflect: a cosine transform diagonalises
        that diffusion, any `dt` is one product. And somebody may have moved it: then anything may be.
        """
        if dt <= 0.0:
            return self
        spread = np.exp(-dt * NUDGE_RATES)
        diffused = np.maximum(idct(dct(self.weights, type=2) * spread, type=2), 0.0)
        moved = -np.expm1(-dt / SOMEBODY)
        weights = (1.0 - moved) * diffused / diffused.sum() + moved * UNKNOWN
        return type(self)(self.name, weights / weights.sum(), self.stamp)

    def correct(self, log_likelihood: FloatArray | Mapping[str, float], *, stamp: float) -> Self:
        """Return the belief after evidence taken at `stamp` [s], aged up to then.

        Args:
            log_likelihood: ln p(evidence | fraction) of each of FRACTIONS, shape (101,) [nat], or of each of
                STATES by name; a state that is not named takes the mean of the others.
            stamp: When it was taken; what is older than the belief counts as if it came with it.

        Raises:
            MessageError: it has another shape, names another state, or is not finite.
        """
        prior = self.predict(stamp - self.stamp)
        log_weights = np.log(np.maximum(prior.weights, LEAST)) + _over_cells(log_likelihood)
        weights = np.exp(log_weights - log_weights.max())
        weights = np.maximum(weights / weights.sum(), LEAST)
        return type(self)(self.name, weights / weights.sum(), max(stamp, self.stamp))

    def to_json(self) -> dict[str, Any]:
        """Return the belief as JSON values; floats survive the round trip exactly."""
        return {"name": self.name, "weights": self.weights.tolist(), "stamp": self.stamp}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the belief that `to_json` wrote."""
        return cls(**values)


def from_travel(distance: float, std: float, *, travel: float) -> FloatArray:
    """Return ln p(measured distance | fraction) of each of FRACTIONS, shape (101,) [nat].

    Args:
        distance: How far it was measured to stand out [m]; beyond an end by noise speaks for that end.
        std: Standard deviation of that [m].
        travel: Its whole travel [m].
    """
    distance = checked_scalar("distance", distance)
    std, travel = checked_scalar("std", std, low=1e-9), checked_scalar("travel", travel, low=1e-9)
    miss = (distance - FRACTIONS * travel) / std
    inlier = np.exp(-0.5 * miss**2) / (std * np.sqrt(2.0 * np.pi))
    return np.asarray(np.log((1.0 - OUTLIERS) * inlier + OUTLIERS / travel), dtype=np.float64)


def _over_cells(log_likelihood: FloatArray | Mapping[str, float]) -> FloatArray:
    if not isinstance(log_likelihood, Mapping):
        return checked("log_likelihood", log_likelihood, shape=(CELLS,))
    strange = set(log_likelihood) - set(STATES)
    if strange or not log_likelihood:
        raise MessageError(f"log_likelihood names {sorted(strange)}, expected some of {', '.join(STATES)}")
    mean = sum(log_likelihood.values()) / len(log_likelihood)
    by_state = np.array([log_likelihood.get(state, mean) for state in STATES])
    return checked("log_likelihood", by_state @ MASKS, shape=(CELLS,))
