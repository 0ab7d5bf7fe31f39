"""What differs between two beliefs, in words: the answer to what happened between two times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from world_state.articulation import Articulation
from world_state.attachment import Attachment
from world_state.beliefs import Beliefs
from world_state.fact import sigmoid
from world_state.slot import Slot

MOVED = 0.01
"""A thing whose believed place changed by less is not said to have moved [m]."""
SURER = 2.0
"""... nor one whose standard deviation changed by a smaller factor to be known better or worse."""


class Change(NamedTuple):
    """One difference: of what, and what it is."""

    subject: str
    what: str


def diff(before: Beliefs, after: Beliefs) -> tuple[Change, ...]:
    """Return what changed from one belief to another: things, then drawers, facts and the hand."""
    return (
        *_slots(before, after),
        *_articulations(before, after),
        *_facts(before, after),
        *_hand(before, after),
    )


def _slots(before: Beliefs, after: Beliefs) -> Iterator[Change]:
    for id, slot in after.slots.items():
        old = before.slots.get(id)
        if old is None:
            yield Change(_named(slot), f"is new, {slot.status} at {_place(slot)}")
        elif old is not slot:
            yield from (Change(_named(slot), what) for what in _slot_changes(old, slot, after))
    for id, slot in before.slots.items():
        if id not in after.slots:
            yield Change(_named(slot), f"is forgotten, last {slot.status} at {_place(slot)}")


def _slot_changes(old: Slot, new: Slot, after: Beliefs) -> Iterator[str]:
    if old.phrase != new.phrase:
        yield f"is called so now, before {old.phrase!r}"
    distance = float(np.linalg.norm(new.position - old.position))
    if distance >= MOVED:
        yield f"moved {100 * distance:.1f} cm, from {_place(old)} to {_place(new)}"
    if old.status != new.status:
        yield f"is {new.status}, was {old.status}"
    if (old.attachment.kind, old.attachment.to) != (new.attachment.kind, new.attachment.to):
        yield f"{_attached(new.attachment, after)}, before: {_attached(old.attachment, after)}"
    for name, belief in new.attributes.items():
        was = old.attributes.get(name)
        if was is None or was.best() != belief.best():
            yield f"its {name} is {belief.best()}, {'was not known' if was is None else f'was {was.best()}'}"
    if abs(new.p_exists - old.p_exists) >= 0.1:
        yield f"is there with {_percent(new.p_exists)}, was {_percent(old.p_exists)}"
    ratio = _sigma(new) / _sigma(old)
    if max(ratio, 1.0 / ratio) >= SURER:
        yield f"is known to {_sigma(new):.1f} mm, was {_sigma(old):.1f} mm"


def _articulations(before: Beliefs, after: Beliefs) -> Iterator[Change]:
    for name, new in after.articulations.items():
        old = before.articulations.get(name)
        if old is None or _state(old)[0] != _state(new)[0] or abs(old.fraction - new.fraction) >= 0.05:
            word, p = _state(new)
            was = "not known" if old is None else f"{_state(old)[0]} to {_percent(old.fraction)}"
            yield Change(name, f"is {word} ({_percent(p)}), to {_percent(new.fraction)}; was {was}")
    for name in before.articulations:
        if name not in after.articulations:
            yield Change(name, "is forgotten")


def _facts(before: Beliefs, after: Beliefs) -> Iterator[Change]:
    for key, new in after.facts.items():
        old = before.facts.get(key)
        p, was = sigmoid(new.log_odds), None if old is None else sigmoid(old.log_odds)
        if was is None or abs(p - was) >= 0.1:
            earlier = "not known" if was is None else _percent(was)
            yield Change(key, f"is so with {_percent(p)}, before: {earlier}")
    for key in before.facts:
        if key not in after.facts:
            yield Change(key, "is forgotten")


def _hand(before: Beliefs, after: Beliefs) -> Iterator[Change]:
    old, new = _held(before), _held(after)
    if old != new:
        yield Change("hand", f"holds {new}, before: {old}")
    if after.hand.intent is not None and after.hand.intent != before.hand.intent:
        yield Change("hand", f"is about to grasp {_of_id(after, after.hand.intent)}")
    if after.hand.releasing and not before.hand.releasing:
        yield Change("hand", "is about to let go")


def _held(beliefs: Beliefs) -> str:
    if beliefs.touch.state is not True:
        return "nothing" if beliefs.touch.state is False else "perhaps something"
    grip = beliefs.hand.grip
    return "something" if grip is None else _of_id(beliefs, grip.slot)


def _attached(attachment: Attachment, beliefs: Beliefs) -> str:
    if attachment.kind == "none":
        return "stands for itself"
    by = "by" if attachment.kind == "held" else attachment.kind
    return f"{'held ' if attachment.kind == 'held' else ''}{by} {_of_id(beliefs, attachment.to)}"


def _of_id(beliefs: Beliefs, id: str) -> str:
    return _named(beliefs.slots[id]) if id in beliefs.slots else f"the {id}"


def _named(slot: Slot) -> str:
    return slot.phrase if slot.phrase == slot.id else f"{slot.phrase} ({slot.id})"


def _place(slot: Slot) -> str:
    return f"({', '.join(f'{value:.3f}' for value in slot.position)}) m"


def _sigma(slot: Slot) -> float:
    return 1e3 * math.sqrt(float(np.linalg.eigvalsh(slot.covariance)[-1]))


def _state(articulation: Articulation) -> tuple[str, float]:
    p = articulation.states
    word = max(p, key=p.__getitem__)
    return word, p[word]


def _percent(p: float) -> str:
    return f"{100 * p:.0f} %"
