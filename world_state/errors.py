"""What can go wrong in the memory, as one small hierarchy."""

from __future__ import annotations

from collections.abc import Iterable


class WorldStateError(RuntimeError):
    """Any failure of the memory; catch this to catch them all."""


class MeasurementError(WorldStateError):
    """A located pixel and its depth image do not show an object."""


class StoreError(WorldStateError):
    """Events could not be written or read."""


class UnknownSlot(WorldStateError, KeyError):  # noqa: N818 - it reads as what it says
    """A phrase that the memory has no slot for.

    Attributes:
        phrase: What was asked for.
        known: The phrases that would have been right.
    """

    def __init__(self, phrase: str, known: Iterable[str]) -> None:
        self.phrase = phrase
        self.known = tuple(sorted(known))
        super().__init__(phrase)

    def __str__(self) -> str:
        names = ", ".join(map(repr, self.known)) or "nothing yet"
        return f"no slot for {self.phrase!r}; the memory knows {names}"


class ExpressionError(WorldStateError, ValueError):
    """An expression that should refer to a thing cannot be read.

    Attributes:
        text: The expression.
    """

    def __init__(self, text: str, problem: str) -> None:
        self.text = text
        super().__init__(f"{text!r} is no expression that refers to a thing: {problem}")


class UnknownWord(ExpressionError):  # noqa: N818 - it reads as what it says
    """An expression holds a word that the memory does not know.

    Attributes:
        word: Which.
        similar: Known words that look like it.
    """

    def __init__(self, word: str, text: str, similar: Iterable[str], nouns: Iterable[str]) -> None:
        self.word = word
        self.similar = tuple(similar)
        meant = f" (is {' or '.join(map(repr, self.similar))} meant?)" if self.similar else ""
        super().__init__(text, f"{word!r} is not known{meant}; known nouns are {', '.join(nouns)}")
