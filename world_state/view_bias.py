"""The error that looks at one thing from one place share, and what two claims about it have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.linalg import eigh

from hybridctl.messages.arrays import FloatArray, checked

SAME_VIEW = 0.05
"""Cameras nearer to each other than this see the same picture and make the same error [m]."""
SAME_CLAIM = 1e-3
"""Covariances that differ by no more than this part are of the same error."""


@dataclass(frozen=True, eq=False)
class ViewBias:
    """The error that looks from one place share.

    Attributes:
        place: Where the camera stood, shape (3,) [m].
        mean: Its estimate, shape (3,) [m].
        prior: Its covariance before anything was learned of it, shape (3, 3) [m²].
    """

    place: FloatArray
    mean: FloatArray
    prior: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", checked("ViewBias.place", self.place, shape=(3,)))
        object.__setattr__(self, "mean", checked("ViewBias.mean", self.mean, shape=(3,)))
        object.__setattr__(self, "prior", checked("ViewBias.prior", self.prior, shape=(3, 3)))

    def with_mean(self, mean: FloatArray) -> Self:
        """Return the bias with another estimate, a finite array that nobody else writes to."""
        mean.flags.writeable = False
        after = object.__new__(type(self))
        after.__dict__.update(place=self.place, mean=mean, prior=self.prior)
        return after

    def to_json(self) -> dict[str, Any]:
        """Return the bias as JSON values; floats survive the round trip exactly."""
        return {"place": self.place.tolist(), "mean": self.mean.tolist(), "prior": self.prior.tolist()}


class Common(NamedTuple):
    """What a later look's error has in common with the bias b of those before; all of shape (3, 3).

    The common part is `keep` @ b plus something of covariance `rest`; its own covariance is `prior`. Besides
    it the look has an error of its own of covariance `noise`.
    """

    keep: FloatArray
    rest: FloatArray
    prior: FloatArray
    noise: FloatArray


def in_common(before: FloatArray, now: FloatArray) -> Common | None:
    """Return how an error of covariance `now` goes with one of covariance `before`, both (3, 3) [m²].

    Looks from one place may claim different errors: the thing was hidden in one, the network less sure in
    another. With before = V Vᵀ and now = V diag(λ) Vᵀ they have V diag(m) Vᵀ in common, m = min(1, λ), the
    most that either allows. None where the two are the same.
    """
    if np.abs(now - before).max() <= SAME_CLAIM * before.diagonal().max():
        return None
    ratio, W = eigh(now, before)
    V = before @ W
    m = np.minimum(ratio, 1.0)
    return Common(
        keep=(V * m) @ W.T, rest=(V * (m - m * m)) @ V.T, prior=(V * m) @ V.T, noise=(V * (ratio - m)) @ V.T
    )
