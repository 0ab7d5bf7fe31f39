"""Decodes of random logits through the real grammars, read by parsers that know nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.action import ACTION_NAMES
from hybridctl.messages.arrays import MessageError
from hybridctl.messages.plan import Argument, parse_plan
from hybridctl.vla.automaton import Grammar, IntArray
from hybridctl.vla.constrained import walk
from hybridctl.vla.grammar import (
    act_grammar,
    ask_grammar,
    describe_grammar,
    locate_grammar,
    plan_grammar,
)
from hybridctl.vla.prompts import COLOUR_WORDS, SHAPE_WORDS, object_phrases

PHRASES: Mapping[Argument, tuple[str, ...]] = {
    Argument.THING: (*object_phrases(), "mug", "bottle"),
    Argument.CONTAINER: ("bowl", "bin", "blue bin"),
    Argument.SURFACE: ("green card", "tray"),
    Argument.HOLE: ("square hole",),
    Argument.ARTICULATION: ("drawer", "top drawer"),
    Argument.PERSON: ("person",),
    Argument.QUESTION: ("is the drawer open", "what does the card say"),
    Argument.PLACE: ("drawer", "bowl", "table"),
}
"""Names of everything that a plan may be about; some begin alike."""
ANSWERS = ("yes", "no", "not seen", "not sure")
WORDS = ("the", "a", "is", "on", "in", "left", "of", "table", *COLOUR_WORDS, *SHAPE_WORDS, "drawer")
SEPARATOR = "Action:"
CHUNK = 1000
"""Answers that are put together side by side."""


class _Words:
    """One token a word, and integers of their own, as far as words are met."""

    def __init__(self) -> None:
        self.texts: list[str] = ["<end>", *map(str, range(256))]
        self._ids: dict[str, int] = {}
        self.integers = range(1, 257)

    def encode(self, piece: str) -> list[int]:
        return [self._id(word) for word in piece.split()]

    def text(self, ids: list[int]) -> str:
        return " ".join(self.texts[i] for i in ids)

    def _id(self, word: str) -> int:
        if word not in self._ids:
            self._ids[word] = len(self.texts)
            self.texts.append(word)
        return self._ids[word]


@dataclass(frozen=True)
class Form:
    """A kind of answer: its grammar, its share of the decodes, and how to tell that a text is one."""

    grammar: Grammar
    share: float
    well_formed: Callable[[str], bool]


class RandomLogits:
    """A source of logits without a model: normal numbers of any size, on forbidden tokens as on allowed."""

    def __init__(self, columns: int, seed: int) -> None:
        self._columns, self._rng = columns, np.random.default_rng(seed)

    def __call__(self, owners: IntArray, tokens: IntArray, counts: IntArray) -> NDArray[np.float32]:
        """See LogitSource."""
        logits = self._rng.standard_normal((owners.size, self._columns), dtype=np.float32)
        return logits * np.float32(10.0) ** self._rng.integers(-30, 30, (owners.size, 1)).astype(np.float32)


def count_malformed(decodes: int, *, seed: int, advance: Callable[[int], None]) -> tuple[int, int]:
    """Decode random logits; returns how many answers were not well formed, and how many there were.

    Args:
        decodes: About how many answers.
        seed: Of the logits.
        advance: Called with the number of answers done since the last call.
    """
    words = _Words()
    malformed = done = 0
    for form in make_forms(words).values():
        for first in range(0, round(form.share * decodes), CHUNK):
            count = min(CHUNK, round(form.share * decodes) - first)
            source = RandomLogits(form.grammar.alphabet.size, seed)
            seed += 1
            found = walk(
                source, form.grammar, starts=np.zeros(count, dtype=np.int64), owners=np.arange(count)
            )
            for ids, length in zip(found.ids.tolist(), found.lengths.tolist(), strict=True):
                malformed += not form.well_formed(words.text(ids[:length]))
            done += count
            advance(count)
    return malformed, done


def make_forms(words: _Words) -> dict[str, Form]:
    """Return the forms of all questions by their names."""
    separator = words.encode(SEPARATOR)
    plan = plan_grammar(PHRASES, words.encode, end=0)
    acting = plan_grammar(PHRASES, words.encode, end=0, action=(separator, words.integers))
    return {
        "plan": Form(plan, 0.25, lambda text: _ended(text, _is_plan)),
        "plan, then act": Form(acting, 0.35, _is_plan_and_action),
        "act": Form(act_grammar(words.integers, separator), 0.1, _is_act),
        "locate": Form(locate_grammar(words.integers), 0.1, lambda text: _are_bins(text, 2)),
        "ask": Form(
            ask_grammar(ANSWERS, words.encode, end=0),
            0.1,
            lambda text: _ended(text, lambda said: said in ANSWERS),
        ),
        "describe": Form(
            describe_grammar(WORDS, words.encode, end=0),
            0.1,
            lambda text: _ended(text, _is_description),
        ),
    }  # fmt: skip


def _ended(text: str, is_right: Callable[[str], bool]) -> bool:
    body, space, end = text.rpartition(" <end>")
    return bool(space) and not end and is_right(body)


def _is_plan(text: str) -> bool:
    """Whether the messages' own reader takes it, and its subgoals are about what has a name."""
    known = {phrase for kind in PHRASES.values() for phrase in kind} | {""}
    try:
        subgoals = parse_plan(text).subgoals
    except MessageError:
        return False
    return all(s.target in known and s.toward in known for s in subgoals) and bool(text)


def _is_plan_and_action(text: str) -> bool:
    plan, found, action = text.partition(f" {SEPARATOR} ")
    return bool(found) and _is_plan(plan) and _are_bins(action, len(ACTION_NAMES))


def _is_description(text: str) -> bool:
    words = text.split()
    return 0 < len(words) <= 24 and set(words) <= set(WORDS)


def _is_act(text: str) -> bool:
    place, found, action = text.partition(f" {SEPARATOR} ")
    return bool(found) and _are_bins(place, 2) and _are_bins(action, len(ACTION_NAMES))


def _are_bins(text: str, count: int) -> bool:
    numbers = text.split(" ")
    return len(numbers) == count and all(n.isdecimal() and 0 <= int(n) <= 255 for n in numbers)
