"""Something that is so or not, such as an answered question: log-odds that fade as the answer ages."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self

from hybridctl.messages.arrays import MessageError, checked_scalar

LIMIT = 9.2
"""Log-odds are held within this [nat], a probability of 0.9999, so that a mind can still be changed."""

FADED = 0.001
"""Log-odds this near to the prior's are the prior's [nat]: after ten half-lives of what a person said."""


@dataclass(frozen=True)
class Fact:
    """Belief that something is so.

    Attributes:
        key: What is believed, `light is on`.
        log_odds: ln(p / (1 - p)) at `stamp` [nat].
        stamp: When evidence last came in [s].
        half_life: Time in which the log-odds lose half their distance to the prior's [s]; infinite for what
            nobody changes.
        prior_log_odds: What is believed without evidence [nat].
    """

    key: str
    log_odds: float
    stamp: float
    half_life: float
    prior_log_odds: float = 0.0

    def __post_init__(self) -> None:
        if not self.key.strip():
            raise MessageError("Fact.key is empty, expected what is believed")
        for name in ("log_odds", "stamp", "prior_log_odds"):
            checked_scalar(f"Fact.{name}", getattr(self, name))
        if not self.half_life > 0.0:
            raise MessageError(f"Fact.half_life is {self.half_life}, expected a positive time [s]")

    def log_odds_at(self, now: float) -> float:
        """Return the log-odds at `now` [s]: nearer to the prior's by half each half-life."""
        age = max(0.0, now - self.stamp)
        if age == 0.0:
            return self.log_odds
        left = math.exp2(-age / self.half_life)
        return self.prior_log_odds + left * (self.log_odds - self.prior_log_odds)

    def probability(self, now: float) -> float:
        """Return the probability at `now` [s] that it is so."""
        return sigmoid(self.log_odds_at(now))

    def faded(self, now: float) -> bool:
        """Return whether at `now` [s] it says no more than the prior."""
        return abs(self.log_odds_at(now) - self.prior_log_odds) < FADED

    def updated(self, llr: float, stamp: float) -> Self:
        """Return the belief after evidence.

        Args:
            llr: ln p(evidence | so) - ln p(evidence | not so) [nat].
            stamp: When it was taken [s]; what is older than the belief counts as if it came with it.
        """
        checked_scalar("llr", llr)
        log_odds = max(-LIMIT, min(LIMIT, self.log_odds_at(stamp) + llr))
        return replace(self, log_odds=log_odds, stamp=max(stamp, self.stamp))

    def to_json(self) -> dict[str, Any]:
        """Return the belief as JSON values; an infinite half-life is None."""
        return {
            "key": self.key,
            "log_odds": self.log_odds,
            "stamp": self.stamp,
            "half_life": self.half_life if math.isfinite(self.half_life) else None,
            "prior_log_odds": self.prior_log_odds,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the belief that `to_json` wrote."""
        half_life = math.inf if values["half_life"] is None else values["half_life"]
        return cls(**{**values, "half_life": half_life})


def sigmoid(log_odds: float) -> float:
    """Return the probability with these log-odds [nat]."""
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))
