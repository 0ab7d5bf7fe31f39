"""An answer of the memory: true, false or not sure, with its probability and how old it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from hybridctl.messages.arrays import checked_scalar
from world_state.holding import CERTAIN


@dataclass(frozen=True)
class Judgement:
    """How far something is believed.

    It is never used as a bool: `if memory.is_open("drawer"):` would take `not sure` for a yes or a no.

    Attributes:
        probability: That it is so, 0 to 1.
        age: How long ago the oldest belief that it rests on was corrected [s]; 0 where it rests on none.
        why: In words, where the probability alone does not say it; may be empty.
    """

    probability: float
    age: float = 0.0
    why: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "probability", checked_scalar("Judgement.probability", self.probability, low=0.0, high=1.0)
        )
        checked_scalar("Judgement.age", self.age, low=0.0)

    @property
    def truth(self) -> bool | None:
        """True above CERTAIN, False where the contrary is above it, None between: not sure."""
        if self.probability > CERTAIN:
            return True
        return False if 1.0 - self.probability > CERTAIN else None

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Judgement is true, false or not sure and no bool; "
            "write `.truth is True` (or `is False`, `is None`), and `&`, `|`, `~` for and, or, not"
        )

    def __invert__(self) -> Judgement:
        return Judgement(1.0 - self.probability, self.age, self.why)

    def __and__(self, other: Judgement) -> Judgement:
        """Return that both are so: the least probability that any dependence of the two allows.

        max(0, a + b - 1) <= P(A and B) <= min(a, b) (Fréchet). The two may rest on the same belief, so no
        product is taken. The lower bound never says `true` too early; where it is below CERTAIN but the
        upper bound does not rule it out, the answer is not sure: the bound nearer to one half is given.
        """
        low = max(0.0, self.probability + other.probability - 1.0)
        high = min(self.probability, other.probability)
        return Judgement(_nearest_half(low, high), max(self.age, other.age), _joined(self.why, other.why))

    def __or__(self, other: Judgement) -> Judgement:
        """Return that one of both is so, by De Morgan's law and the bounds of `&`."""
        return ~(~self & ~other)


def unsure(why: str) -> Judgement:
    """Return the judgement of what the memory cannot know."""
    return Judgement(0.5, why=why)


def _nearest_half(low: float, high: float) -> float:
    """Return the value of an interval that claims least."""
    return min(max(0.5, low), high)


def _joined(a: str, b: str) -> str:
    return "; ".join(part for part in dict.fromkeys((a, b)) if part)
