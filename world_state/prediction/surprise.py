"""The gap between what was predicted and what was seen, one number a reading, and a detector over these.

Every gap is put on one scale: s = -ln P(a gap at least as large | the belief is right) [nat]. Where the
belief is right, s is exponentially distributed with mean 1 for a measurement, and no larger than that for an
answer of few kinds, whatever the sensor and however many numbers it measures. So one threshold serves all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from scipy.special import gammaincc

from hybridctl.messages.arrays import MessageError, checked_scalar

RARE = math.log(100.0)
"""A reading with a larger gap is surprising by itself [nat]: one in a hundred that the belief explains."""
ALARM = 5.0
"""The running sum from which on the world is not as believed [nat]: for nothing in 1,400 readings once."""
TIMES = 3.0
"""How many times larger than under a right belief the gaps are taken to be under a wrong one."""
MOST = 12.0
"""One reading counts at most this much [nat]: enough for an alarm by itself."""
HIGHEST = 8.0
"""The sum grows no further [nat], so that readings as predicted end an alarm after about seven."""
KEPT = 3
"""How many of the largest gaps are kept to say why."""


class Gap(NamedTuple):
    """How far one reading is from what was predicted: `nats` [nat] as the module says, and `why` in words."""

    nats: float
    why: str

    @property
    def surprising(self) -> bool:
        """Whether a right belief gives as large a gap at most once in a hundred readings."""
        return self.nats > RARE


def measurement_gap(nis: float, dimensions: int, why: str) -> Gap:
    """Return the gap of a measurement from its normalised innovation squared.

    Under a right linear-Gaussian belief νᵀS⁻¹ν is chi-square with as many degrees of freedom as there are
    dimensions (Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001,
    section 5.4), and its upper tail is the regularised incomplete gamma function Q(n/2, nis/2).

    Args:
        nis: Innovation squared over its predicted covariance.
        dimensions: How many numbers were measured.
        why: What was measured and how far off it is, in words.

    Raises:
        MessageError: `nis` is negative or not finite, or there are no dimensions.
    """
    checked_scalar("measurement_gap nis", nis, low=0.0)
    if dimensions < 1:
        raise MessageError(f"measurement_gap: dimensions is {dimensions}, expected 1 or more")
    tail = float(gammaincc(dimensions / 2.0, nis / 2.0))
    # Where the tail underflows its leading term is e^{-nis/2}.
    return Gap(-math.log(tail) if tail > 0.0 else nis / 2.0, why)


def outcome_gap(predicted: dict[str, float], seen: str, why: str) -> Gap:
    """Return the gap of an answer of few kinds from its predicted probabilities.

    The tail is that of all outcomes no likelier than the one seen (Box, Sampling and Bayes' inference in
    scientific modelling and robustness, JRSS A 143, 1980), so a certain outcome gives 0.

    Args:
        predicted: Probability of each outcome, sums to 1.
        seen: Which of them came.
        why: What was asked and answered, in words.

    Raises:
        MessageError: the probabilities do not sum to 1, or the outcome is none of them.
    """
    if abs(sum(predicted.values()) - 1.0) > 1e-6 or min(predicted.values()) < 0.0:
        raise MessageError(f"outcome_gap: probabilities are {predicted}, expected some that sum to 1")
    if seen not in predicted:
        raise MessageError(f"outcome_gap: {seen!r} came, expected one of {', '.join(predicted)}")
    tail = sum(p for p in predicted.values() if p <= predicted[seen] * (1.0 + 1e-9))
    return Gap(0.0 if tail >= 1.0 else -math.log(max(tail, 1e-300)), why)


@dataclass(frozen=True)
class SurpriseWatch:
    """A detector that runs over the gaps of successive readings.

    Page's cumulative sum (Continuous inspection schemes, Biometrika 41, 1954) of the log-likelihood ratio of
    two exponential distributions: mean 1 where the beliefs are right, mean TIMES where they are not. Between
    two false alarms lie e^ALARM readings or more on average (Lorden, Procedures for reacting to a change in
    distribution, Annals of Mathematical Statistics 42, 1971), and no detector with as few is quicker by more
    than a constant.

    Attributes:
        level: The sum [nat], never below 0.
        gaps: The largest of the gaps since it was last 0, largest first.
    """

    level: float = 0.0
    gaps: tuple[Gap, ...] = ()

    @property
    def surprised(self) -> bool:
        """Whether the readings since the sum was last 0 are not those of the world that is believed."""
        return self.level > ALARM

    @property
    def why(self) -> str:
        """What gave the alarm, the largest gap first; empty where there is none."""
        return "; ".join(gap.why for gap in self.gaps if gap.nats > 1.0) if self.surprised else ""

    def after(self, gap: Gap) -> SurpriseWatch:
        """Return the detector after one more reading."""
        nats = min(gap.nats, MOST)
        level = min(HIGHEST, self.level + nats * (1.0 - 1.0 / TIMES) - math.log(TIMES))
        if level <= 0.0:
            return SurpriseWatch()
        largest = sorted((*self.gaps, gap), key=lambda g: -g.nats)[:KEPT]
        return replace(self, level=level, gaps=tuple(largest))
