"""What an expression means once it is read: what it refers to, and in relation to what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Focus:
    """What is spoken of already, `it`: what is in the hand unless the asker says what."""

    def __str__(self) -> str:
        return "it"


@dataclass(frozen=True)
class Held:
    """What is in the hand, `what I hold`."""

    def __str__(self) -> str:
        return "what is held"


@dataclass(frozen=True)
class Called:
    """What the memory knows by this very phrase."""

    phrase: str

    def __str__(self) -> str:
        return self.phrase


@dataclass(frozen=True)
class Clause:
    """A relation to one or two other things.

    Attributes:
        relation: One of relations.RELATIONS, or `other than`.
        landmarks: What it relates to.
    """

    relation: str
    landmarks: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"{self.relation} {' and '.join(_bracketed(landmark) for landmark in self.landmarks)}"


@dataclass(frozen=True)
class Extreme:
    """The one of those described that is the most so: the smallest, the nearest to something.

    Attributes:
        word: `smallest`, `largest`, `tallest`, `leftmost`, `rightmost`, `nearest` or `farthest`.
        landmark: To or from what, of the last two; None is the robot.
    """

    word: str
    landmark: Expression | None = None

    def __str__(self) -> str:
        return self.word if self.landmark is None else f"{self.word} to {_bracketed(self.landmark)}"


@dataclass(frozen=True)
class Described:
    """What has these properties.

    Attributes:
        noun: A kind or a category of the lexicon.
        colours: Colour words that all must be right.
        clauses: Relations that all must hold.
        extreme: Which of those that are left; None where it does not say.
    """

    noun: str
    colours: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    extreme: Extreme | None = None

    def __str__(self) -> str:
        words = [*self.colours, self.noun]
        text = " ".join([*words, " and ".join(map(str, self.clauses))]).strip()
        if self.extreme is None:
            return text
        if self.extreme.landmark is None:
            return f"{self.extreme} {text}"
        return f"{text} {self.extreme}"


Expression = Focus | Held | Called | Described


def _bracketed(expression: Expression) -> str:
    plain = not isinstance(expression, Described) or not (expression.clauses or expression.extreme)
    return f"the {expression}" if isinstance(expression, Described) and plain else (
        str(expression) if plain else f"(the {expression})"
    )  # fmt: skip
