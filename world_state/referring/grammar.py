"""Reads an English expression that refers to a thing; where it has several readings, all of them.

    expression  = "it" | "what" who "hold" | "what is" (hand | "held") | described
    described   = [article] before* (colour* noun | phrase of the memory) [clauses]
    before      = extreme | "other"
    clauses     = ["that is" | "which stands" | …] clause (["and"] clause)*
    clause      = relation expression | "between" expression "and" expression | extreme "to" expression
                | "of" its "colour" | "of the same colour" ["as" expression] | "that I hold" | colour

It is a recursive descent in which each rule yields every way to go on, since what a clause belongs to is
often open: `the cup next to the plate on the book`. The scene decides between readings, not the grammar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice

from world_state.errors import ExpressionError, UnknownWord
from world_state.lexicon import CATEGORIES, COLOURS, KINDS, words_of
from world_state.referring.expression import Called, Clause, Described, Expression, Extreme, Focus, Held

MOST_READINGS = 12
"""More ways to read one expression than this are not looked at."""

_RELATIONS: Mapping[str, str] = {
    "in": "in", "inside": "in", "inside of": "in", "within": "in",
    "on": "on", "on top of": "on", "upon": "on",
    "left of": "left of", "to the left of": "left of", "on the left of": "left of",
    "right of": "right of", "to the right of": "right of", "on the right of": "right of",
    "in front of": "in front of", "before": "in front of", "behind": "behind", "in back of": "behind",
    "next to": "next to", "beside": "next to", "by": "next to", "near": "next to", "close to": "next to",
    "at": "at", "touching": "at",
    "the same colour as": "same colour as", "of the same colour as": "same colour as",
    "with the same colour as": "same colour as", "has the same colour as": "same colour as",
    "in the same colour as": "same colour as",
    "of the colour of": "same colour as",
    "the same kind as": "same kind as", "of the same kind as": "same kind as",
    "smaller than": "smaller than", "larger than": "larger than", "bigger than": "larger than",
    "other than": "other than",
}  # fmt: skip
"""How people say a relation to one thing, and which it is."""
_OF_FOCUS: Mapping[str, str] = {
    "of its colour": "same colour as", "of the same colour": "same colour as",
    "with the same colour": "same colour as", "matches its colour": "same colour as",
    "has the same colour": "same colour as", "of its own colour": "same colour as",
    "of the same kind": "same kind as", "of its kind": "same kind as",
}  # fmt: skip
"""Relations to what is spoken of already."""
_EXTREMES: Mapping[str, str] = {
    "smallest": "smallest", "small": "smallest", "little": "smallest", "largest": "largest",
    "biggest": "largest", "large": "largest", "big": "largest", "tallest": "tallest",
    "highest": "tallest", "nearest": "nearest",
    "closest": "nearest", "farthest": "farthest", "furthest": "farthest", "leftmost": "leftmost",
    "rightmost": "rightmost",
}  # fmt: skip
_HELD = (
    "what i hold", "what you hold", "what is held", "what is in my hand", "what is in your hand",
    "what is in the hand", "what i am holding", "what you are holding", "what is in the gripper",
    "what the robot holds", "what the hand holds",
)  # fmt: skip
_IN_HAND = (
    "i hold", "you hold", "i am holding", "you are holding", "is held", "is in my hand", "is in your hand",
    "is in the hand", "is in the gripper", "in my hand", "in your hand", "in the hand", "in the gripper",
)  # fmt: skip
_ARTICLES = ("the", "a", "an", "that", "this")
_LINKS = ("that is", "which is", "that stands", "which stands", "that lies", "which lies", "that", "which",
          "standing", "lying")  # fmt: skip
_GRAMMAR_WORDS = frozenset(
    word
    for phrases in (_RELATIONS, _OF_FOCUS, _EXTREMES, _HELD, _IN_HAND, _ARTICLES, _LINKS)
    for phrase in phrases
    for word in phrase.split()
) | {"it", "its", "and", "between", "other", "to", "from", "of"}
_NOUNS = KINDS | frozenset(CATEGORIES)


def read(text: str, phrases: Iterable[str] = ()) -> tuple[Expression, ...]:
    """Return every reading of an expression, at least one.

    Args:
        text: `the smallest fruit left of the bowl`.
        phrases: What the memory calls its things; they may stand for a noun, whatever words they are of.

    Raises:
        UnknownWord: it holds a word that is neither in the lexicon nor in a phrase.
        ExpressionError: its words make no expression.
    """
    return _read(text, frozenset(words_of(phrase) for phrase in phrases))


@lru_cache(maxsize=512)
def _read(text: str, phrases: frozenset[tuple[str, ...]]) -> tuple[Expression, ...]:
    words = words_of(text)
    if not words:
        raise ExpressionError(text, "it is empty")
    whole = words[1:] if words[0] in _ARTICLES else words
    if whole in phrases and not _composed(whole):
        return (Called(" ".join(whole)),)
    known = _NOUNS | frozenset(COLOURS) | _GRAMMAR_WORDS | {word for phrase in phrases for word in phrase}
    for word in words:
        if word not in known:
            raise UnknownWord(word, text, get_close_matches(word, sorted(known), n=3), sorted(_NOUNS))
    reader = _Reader(words, {phrase for phrase in phrases if phrase and not _composed(phrase)})
    complete = (node for node, end in reader.expression(0) if end == len(words))
    found = tuple(dict.fromkeys(islice(complete, MOST_READINGS)))
    if not found:
        read_so_far = " ".join(words[: reader.farthest]) or "nothing"
        rest = " ".join(words[reader.farthest :]) or "its end"
        raise ExpressionError(text, f"after {read_so_far!r} it cannot go on with {rest!r}")
    return found


def _composed(words: tuple[str, ...]) -> bool:
    """Whether the grammar reads it as colours and a noun: then it says more than a name does."""
    return words[-1] in _NOUNS and all(word in COLOURS for word in words[:-1])


Steps = Iterator[tuple[Expression, int]]


class _Reader:
    """The rules over the words of one text; each yields what it read and where it ended."""

    def __init__(self, words: tuple[str, ...], phrases: set[tuple[str, ...]]) -> None:
        self._words = words
        self._phrases = phrases
        self.farthest = 0

    def expression(self, at: int) -> Steps:
        for end in self._any_of(_HELD, at):
            yield Held(), end
        for end in self._any_of(("it",), at):
            yield Focus(), end
        for end in self._optional(_ARTICLES, at):
            yield from self._described(end, extreme=None, others=())

    def _described(self, at: int, *, extreme: Extreme | None, others: tuple[Clause, ...]) -> Steps:
        for word, name in _EXTREMES.items():
            if extreme is None:
                for end in self._any_of((word,), at):
                    yield from self._described(end, extreme=Extreme(name), others=others)
        if not others:
            for end in self._any_of(("other",), at):
                yield from self._described(end, extreme=extreme, others=(Clause("other than", (Focus(),)),))
        for phrase in self._phrases:
            for end in self._any_of((" ".join(phrase),), at):
                if extreme is None and not others:
                    yield Called(" ".join(phrase)), end
        for colours, noun, end in self._noun(at, ()):
            bare = Described(noun, colours, others, extreme)
            yield bare, end
            for after_link in self._optional(_LINKS, end):
                yield from self._clauses(bare, after_link)

    def _noun(self, at: int, colours: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, int]]:
        if at >= len(self._words):
            return
        word = self._words[at]
        if word in _NOUNS:
            yield colours, word, self._reached(at + 1)
        if word in COLOURS:
            yield from self._noun(self._reached(at + 1), (*colours, word))

    def _clauses(self, node: Described, at: int) -> Steps:
        for more, end in self._clause(node, at):
            yield more, end
            for after_and in self._optional(("and",), end):
                for after_link in self._optional(_LINKS, after_and):
                    yield from self._clauses(more, after_link)

    def _clause(self, node: Described, at: int) -> Iterator[tuple[Described, int]]:
        """Yield the description with one clause more."""
        for said, relation in _RELATIONS.items():
            for start in self._any_of((said,), at):
                for landmark, end in self.expression(start):
                    yield _with_clause(node, Clause(relation, (landmark,))), end
        for start in self._any_of(("between",), at):
            for first, middle in self.expression(start):
                for after_and in self._any_of(("and",), middle):
                    for second, end in self.expression(after_and):
                        yield _with_clause(node, Clause("between", (first, second))), end
        for said, relation in _OF_FOCUS.items():
            for end in self._any_of((said,), at):
                yield _with_clause(node, Clause(relation, (Focus(),))), end
        for end in self._any_of(_IN_HAND, at):
            yield _with_clause(node, Clause("is", (Held(),))), end
        if node.extreme is None:
            for after_article in self._optional(("the",), at):
                for word in ("nearest", "closest", "farthest", "furthest"):
                    for start in self._any_of((f"{word} to", f"{word} from"), after_article):
                        for landmark, end in self.expression(start):
                            extreme = Extreme(_EXTREMES[word], landmark)
                            yield Described(node.noun, node.colours, node.clauses, extreme), end
        elif node.extreme.landmark is None and node.extreme.word in ("nearest", "farthest"):
            for start in self._any_of(("to", "from"), at):
                for landmark, end in self.expression(start):
                    extreme = Extreme(node.extreme.word, landmark)
                    yield Described(node.noun, node.colours, node.clauses, extreme), end
        if at < len(self._words) and self._words[at] in COLOURS and at and self._words[at - 1] == "is":
            colours = (*node.colours, self._words[at])
            yield Described(node.noun, colours, node.clauses, node.extreme), self._reached(at + 1)

    def _any_of(self, options: Iterable[str], at: int) -> Iterator[int]:
        """Yield where each of the options ends that stands here."""
        for option in options:
            words = tuple(option.split())
            if self._words[at : at + len(words)] == words:
                yield self._reached(at + len(words))

    def _optional(self, options: Iterable[str], at: int) -> Iterator[int]:
        yield at
        yield from self._any_of(options, at)

    def _reached(self, at: int) -> int:
        self.farthest = max(self.farthest, at)
        return at


def _with_clause(node: Described, clause: Clause) -> Described:
    return Described(node.noun, node.colours, (*node.clauses, clause), node.extreme)
