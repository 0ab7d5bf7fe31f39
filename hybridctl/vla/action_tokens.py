"""From physical quantities to bins and back: uniform bins with true centres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hybridctl.messages.action import Action, ActionSpec
from hybridctl.messages.arrays import FloatArray, checked


class ActionTokenizer:
    """Eight quantities to eight bins and back, by the bounds of an ActionSpec.

    A value is clipped to its bounds, bin i covers [low + i·w, low + (i+1)·w), and decodes to its centre
    low + (i + ½)·w: the error is at most w/2 and unbiased (flooring to i·w is what RT-1 does, biased by
    half a bin).
    """

    def __init__(self, spec: ActionSpec) -> None:
        self.spec = spec

    def encode(self, values: ArrayLike) -> NDArray[np.int64]:
        """Return the bins of values of shape (8,), in the order of ACTION_NAMES.

        Raises:
            MessageError: a value is NaN or infinite, or there are not eight.
        """
        array = checked("action values", values, shape=self.spec.low.shape)
        return to_bins(array, low=self.spec.low, high=self.spec.high, bins=self.spec.bins)

    def decode(self, bins: Sequence[int] | NDArray[np.int64]) -> FloatArray:
        """Return the bin centres, shape (8,).

        Raises:
            ValueError: there are not eight bins, or one is out of range.
        """
        ids = np.asarray(bins, dtype=np.int64)
        if ids.shape != self.spec.low.shape:
            raise ValueError(f"an action has {self.spec.low.size} tokens, got {ids.size}")
        if ids.min() < 0 or ids.max() >= self.spec.bins:
            raise ValueError(f"action bins lie in 0..{self.spec.bins - 1}, got {ids.tolist()}")
        return from_bins(ids, low=self.spec.low, high=self.spec.high, bins=self.spec.bins)

    def action(self, bins: Sequence[int] | NDArray[np.int64]) -> Action:
        """Return the Action that eight bins stand for."""
        v = self.decode(bins)
        return Action(terminate=float(v[0]), translation=v[1:4], rotation=v[4:7], gripper=float(v[7]))


def to_bins(values: ArrayLike, *, low: ArrayLike, high: ArrayLike, bins: int) -> NDArray[np.int64]:
    """Clip to the bounds and return bin indices of the same shape."""
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    unit = (np.clip(values, low, high) - low) / (high - low)
    return np.asarray(np.minimum((unit * bins).astype(np.int64), bins - 1), dtype=np.int64)


def from_bins(ids: ArrayLike, *, low: ArrayLike, high: ArrayLike, bins: int) -> FloatArray:
    """Return bin centres of the same shape."""
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    return np.asarray(low + (np.asarray(ids) + 0.5) * (high - low) / bins, dtype=np.float64)
