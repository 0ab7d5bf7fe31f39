"""The English words by which people name what is on the table, and what a phrase says of kind and colour."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

COLOURS = (
    "red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown", "olive", "white", "black",
    "grey",
)  # fmt: skip
FRUITS: Mapping[str, str | None] = {
    "strawberry": "red", "plum": "purple", "lime": "green", "apple": "red", "orange": "orange",
    "lemon": "yellow", "pear": None, "melon": None, "grapefruit": None, "mango": None,
}  # fmt: skip
"""Each fruit with its colour; None where people differ about what to call it."""
CONTAINERS = ("bowl", "bin", "tray", "compartment", "drawer", "cup")
"""What takes things in: what is over their floor is in them, however tall it stands."""
KINDS = frozenset({
    "block", "ball", "cylinder", "cross", "dumbbell", "pyramid", "egg", "bar", "can", "peg", "plate", "book",
    "card", "hole", "person", "obstacle", "heart", "star", *CONTAINERS, *FRUITS,
})  # fmt: skip
CATEGORIES: Mapping[str, frozenset[str]] = {
    "fruit": frozenset(FRUITS),
    "container": frozenset(CONTAINERS),
    "thing": frozenset(),
    "object": frozenset(),
    "one": frozenset(),
}
"""Words for several kinds; no kinds: any thing at all."""
SPELLINGS: Mapping[str, str] = {"color": "colour", "gray": "grey", "colours": "colour", "colors": "colour"}
_HEAD_ENDS = frozenset({
    "next", "left", "right", "in", "on", "between", "behind", "beside", "near", "at", "of", "with", "to",
    "from", "that", "which", "nearest", "closest", "farthest", "inside", "by", "under", "other",
})  # fmt: skip
"""Words behind which a phrase names something else: `cup next to the plate` is a cup."""


class Named(NamedTuple):
    """What a phrase says of a thing: its kind and its colour, None where it does not say."""

    kind: str | None
    colour: str | None


@lru_cache(maxsize=1024)
def named(phrase: str) -> Named:
    """Return what a phrase says of a thing: `red block` a kind and a colour, `lemon` both by itself."""
    head: list[str] = []
    for word in words_of(phrase):
        if head and word in _HEAD_ENDS:
            break
        head.append(word)
    kind = next((word for word in reversed(head) if word in KINDS), None)
    # `orange` alone is a fruit, in `orange ball` a colour.
    before = head[: len(head) - 1 - head[::-1].index(kind)] if kind else head
    colour = next((word for word in before if word in COLOURS), None)
    return Named(kind, colour or FRUITS.get(kind or ""))


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case and one spelling, without punctuation."""
    plain = "".join(c if c.isalnum() or c in "'-" else " " for c in text.lower())
    return tuple(SPELLINGS.get(word, word) for word in plain.split())
