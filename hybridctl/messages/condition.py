"""Conditions in words of memory: what a skill needs and promises, and what a task wants to be so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from hybridctl.messages.arrays import MessageError


class Predicate(Enum):
    """What can be believed of things; the value is the word in a condition's text.

    `{a}` is the condition's subject, `{b}` its object.
    """

    SEEN = "seen"
    """Memory has a slot of {a} that was corrected by a look."""
    KNOWN = "known"
    """The question {a} has an answer."""
    HOLDING = "holding"
    """{a} is in the gripper and off its support."""
    HELD_BY = "held_by"
    """{a} is in the gripper and off its support, taken by its part {b}."""
    HAND_EMPTY = "hand_empty"
    """Nothing is in the gripper."""
    IN = "in"
    """{a} rests inside the container {b}, let go."""
    ON = "on"
    """{a} rests on {b}: its centre is over it, let go."""
    AT = "at"
    """{a} lies at {b}: their outlines overlap or are at most 2 cm apart."""
    NEXT_TO = "next_to"
    """{a} stands beside {b}, nearer than anything else of its kind."""
    INSERTED = "inserted"
    """{a} is in the hole of {b} by more than half of its depth."""
    WITH = "with"
    """{a} is with the person {b}."""
    OPEN = "open"
    """The articulation {a} is open by more than 70 % of its way."""
    CLOSED = "closed"
    """The articulation {a} is open by less than 5 % of its way."""
    IN_VIEW = "in_view"
    """{a} is near the middle of the wrist camera's picture, and not hidden there."""
    AT_HOME = "at_home"
    """The tool is where the arm does not hide the scene."""
    AT_REST = "at_rest"
    """The arm does not move."""


PLACES = {
    Predicate.HAND_EMPTY: 0, Predicate.AT_HOME: 0, Predicate.AT_REST: 0,
    Predicate.SEEN: 1, Predicate.KNOWN: 1, Predicate.HOLDING: 1, Predicate.OPEN: 1, Predicate.CLOSED: 1,
    Predicate.IN_VIEW: 1,
    Predicate.IN: 2, Predicate.ON: 2, Predicate.AT: 2, Predicate.NEXT_TO: 2, Predicate.INSERTED: 2,
    Predicate.WITH: 2, Predicate.HELD_BY: 2,
}  # fmt: skip
"""How many phrases a predicate takes."""


@dataclass(frozen=True)
class Condition:
    """One predicate over the phrases that name things, or its contrary.

    Attributes:
        predicate: What is believed.
        subject: Of what, a phrase such as `red block`; empty where the predicate takes none.
        object: In relation to what; empty where the predicate takes one phrase or none.
        negated: Whether the contrary is meant.
    """

    predicate: Predicate
    subject: str = ""
    object: str = ""
    negated: bool = False

    def __post_init__(self) -> None:
        given = (self.subject.strip(), self.object.strip())
        wanted = PLACES[self.predicate]
        if [bool(phrase) for phrase in given] != [wanted > 0, wanted > 1]:
            raise MessageError(
                f"condition {self.predicate.value} takes {wanted} phrases, got {[p for p in given if p]}"
            )

    def __invert__(self) -> Condition:
        return replace(self, negated=not self.negated)

    def __str__(self) -> str:
        phrases = ", ".join(phrase for phrase in (self.subject, self.object) if phrase)
        return f"{'not ' if self.negated else ''}{self.predicate.value}({phrases})"
