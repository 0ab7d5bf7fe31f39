"""Rates with their intervals, and percentiles that know when there is nothing to say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

QUOTABLE = 50
"""A rate over fewer episodes is not quoted."""


def wilson(successes: int, count: int, *, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson score interval of a rate (Wilson, JASA 22, 1927); z = 1.96 gives 95 %.

    Raises:
        ValueError: there are no cases, or more successes than cases.
    """
    if count < 1 or not 0 <= successes <= count:
        raise ValueError(f"{successes} successes of {count} cases is no rate")
    p = successes / count
    centre = p + z * z / (2 * count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def rate(flags: Sequence[bool]) -> float | None:
    """Return the share of True, or None where there are too few to quote."""
    return round(float(np.mean(flags)), 4) if len(flags) >= QUOTABLE else None


def quantile(values: Sequence[float], q: float) -> float | None:
    """Return a quantile rounded to 4 digits, or None of nothing."""
    return round(float(np.quantile(values, q)), 4) if len(values) else None
