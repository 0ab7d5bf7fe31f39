"""What a question in words asks of the memory, and what its answers speak for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from world_state.articulation import STATES

_IS_STATE = re.compile(r"^is the (?P<name>(?:(?! or ).)+?) (?P<state>open|closed|shut|ajar)$")
_HOW_STATE = re.compile(r"^is the (?P<name>.+?) (?:open|closed|shut|ajar)(?:,? or .*|, .*)$")
_EXISTS = re.compile(
    r"^(?:is there (?:a|an|any)|(?:do|can) you see (?:a|an|any|the)) (?P<name>.+?)"
    r"(?: there| here| on the table)?$"
)
_ATTRIBUTE = re.compile(r"^(?:what|which) (?P<attribute>[a-z]+) (?:is|has) the (?P<name>.+?)$")
_SPELLING = {"color": "colour", "shut": "closed"}
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Asked:
    """What a question is about.

    Attributes:
        about: `articulation`, `existence`, `attribute` or `fact`.
        name: The articulation, the thing's phrase, or the question itself.
        detail: The state that was asked for, or the attribute; empty otherwise.
    """

    about: str
    name: str
    detail: str = ""


def understood(question: str, answers: tuple[str, ...]) -> Asked:
    """Return what a question asks, by its wording and the answers that it admits.

    `is the drawer open` is of an articulation, `is there a red block` of the existence of a thing, `what
    colour is the cup` of an attribute. Anything else is a fact that has the question as its key.
    """
    text = normalised(question)
    said = {_SPELLING.get(answer, answer) for answer in answers}
    yes_or_no = said == {YES, NO}
    if yes_or_no and (match := _IS_STATE.match(text)):
        return Asked("articulation", match["name"], _SPELLING.get(match["state"], match["state"]))
    if said <= set(STATES) and (match := _HOW_STATE.match(text) or _IS_STATE.match(text)):
        return Asked("articulation", match["name"])
    if yes_or_no and (match := _EXISTS.match(text)):
        return Asked("existence", match["name"])
    if not yes_or_no and (match := _ATTRIBUTE.match(text)):
        return Asked("attribute", match["name"], _SPELLING.get(match["attribute"], match["attribute"]))
    return Asked("fact", text)


def normalised(question: str) -> str:
    """Return a question as it is known by: small letters, single spaces, no question mark."""
    return " ".join(question.lower().strip().rstrip("?").split())


def by_state(asked: Asked, log_likelihoods: Mapping[str, float]) -> dict[str, float]:
    """Return ln p(what was said | state) of each articulation state that the answers speak of [nat].

    To `is it open`, a drawer that is ajar is neither a clear yes nor a clear no: it takes their mean
    likelihood.
    """
    if not asked.detail:
        return {_SPELLING.get(answer, answer): value for answer, value in log_likelihoods.items()}
    yes, no = log_likelihoods[YES], log_likelihoods[NO]
    between = log_mean((yes, no))
    if asked.detail == "ajar":
        return {"closed": no, "ajar": yes, "open": no}
    other = "closed" if asked.detail == "open" else "open"
    return {asked.detail: yes, "ajar": between, other: no}


def log_mean(values: tuple[float, ...]) -> float:
    """Return ln of the mean of exp(values)."""
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values) / len(values))
