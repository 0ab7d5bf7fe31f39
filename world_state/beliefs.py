"""All that the robot believes of its world at one time: one value, changed by making another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

from hybridctl.messages.arrays import MessageError, checked_scalar
from world_state.articulation import Articulation
from world_state.fact import Fact
from world_state.hand import Hand
from world_state.hand_eye import UNKNOWN, HandEye
from world_state.holding import Touch
from world_state.slot import Slot
from world_state.voices import Voices

PARTS = ("slots", "articulations", "facts", "voices")
_PART_TYPES: dict[str, type[Slot] | type[Articulation] | type[Fact] | type[Voices]] = {
    "slots": Slot,
    "articulations": Articulation,
    "facts": Fact,
    "voices": Voices,
}


@dataclass(frozen=True, eq=False)
class Beliefs:
    """Belief about everything; those that did not change are shared with the value before.

    Attributes:
        slots: Things by id, in the order in which they were first seen.
        articulations: Drawers and doors by name.
        facts: What else is so, by key.
        voices: What was last answered to each question, so that a repeated answer counts once.
        hand: What the hand is about to do and what it holds.
        touch: Whether the fingers hold something.
        hand_eye: Where the camera on the hand errs.
        next_id: Number of the next new slot.
        stamp: When any of it was last corrected [s].
    """

    slots: Mapping[str, Slot] = field(default_factory=dict)
    articulations: Mapping[str, Articulation] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    voices: Mapping[str, Voices] = field(default_factory=dict)
    hand: Hand = field(default_factory=Hand)
    touch: Touch = field(default_factory=Touch)
    hand_eye: HandEye = UNKNOWN
    next_id: int = 1
    stamp: float = 0.0

    def __post_init__(self) -> None:
        for name in PARTS:
            value = getattr(self, name)
            if not isinstance(value, MappingProxyType):
                object.__setattr__(self, name, MappingProxyType(dict(value)))
                if name == "slots":
                    _check_ids(self.slots)
        if self.next_id < 1:
            raise MessageError(f"Beliefs.next_id is {self.next_id}, expected 1 or more")
        checked_scalar("Beliefs.stamp", self.stamp)

    def slot_named(self, phrase: str) -> Slot | None:
        """Return the thing that is most probably there and called `phrase`; None when none likely is.

        A thing counts by the probability that it exists times that of the label, and only where `phrase` is
        its best label and it is more likely there than not; of equals the first seen.
        """
        named = [slot for slot in self.slots.values() if slot.phrase == phrase and slot.existence > 0.0]
        return max(named, key=lambda slot: slot.p_exists * slot.labels.p(phrase), default=None)

    def with_slot(self, slot: Slot) -> Self:
        """Return the beliefs with a slot added, or put in place of the one with its id."""
        return replace(self, slots={**self.slots, slot.id: slot}, stamp=max(self.stamp, slot.stamp))

    def without_slot(self, id: str) -> Self:
        """Return the beliefs without a slot; one that is not there changes nothing."""
        return replace(self, slots={key: slot for key, slot in self.slots.items() if key != id})

    def with_articulation(self, articulation: Articulation) -> Self:
        """Return the beliefs with an articulation added or replaced."""
        parts = {**self.articulations, articulation.name: articulation}
        return replace(self, articulations=parts, stamp=max(self.stamp, articulation.stamp))

    def with_fact(self, fact: Fact) -> Self:
        """Return the beliefs with a fact added or replaced."""
        return replace(self, facts={**self.facts, fact.key: fact}, stamp=max(self.stamp, fact.stamp))

    def new_id(self) -> tuple[str, Self]:
        """Return an id that no slot has or had, and the beliefs that know it is taken."""
        return f"s{self.next_id}", replace(self, next_id=self.next_id + 1)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values, a snapshot; floats survive the round trip exactly."""
        whole: dict[str, Any] = {
            name: {key: one.to_json() for key, one in getattr(self, name).items()} for name in PARTS
        }
        return {**whole, **self._rest_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the beliefs that `to_json` wrote, or what its fields say of those it lacks.

        Raises:
            MessageError: a value has the wrong shape or range.
        """
        return cls().with_delta(values)

    def delta(self, before: Beliefs) -> dict[str, Any]:
        """Return as JSON values what `before` lacks to be this; None for what it has too much.

        `before.with_delta(self.delta(before))` is this, to the last bit.
        """
        changes: dict[str, Any] = {}
        for name in PARTS:
            new, old = getattr(self, name), getattr(before, name)
            if new is old:
                continue
            part: dict[str, Any] = {}
            for key, one in new.items():
                if one is not (other := old.get(key)):
                    values = one.to_json()
                    if other is None or _plainly_other(one, other) or values != other.to_json():
                        part[key] = values
            part.update({key: None for key in old if key not in new})
            if part:
                changes[name] = part
        for name in ("hand", "touch", "hand_eye"):
            mine, its = getattr(self, name), getattr(before, name)
            if mine is not its and mine.to_json() != its.to_json():
                changes[name] = mine.to_json()
        for name in ("next_id", "stamp"):
            if getattr(self, name) != getattr(before, name):
                changes[name] = getattr(self, name)
        return changes

    def with_delta(self, delta: dict[str, Any]) -> Self:
        """Return the beliefs after a change that `delta` wrote.

        Raises:
            MessageError: a value has the wrong shape or range.
        """
        changes: dict[str, Any] = {}
        for name in PARTS:
            if name in delta:
                part = dict(getattr(self, name))
                for key, values in delta[name].items():
                    if values is None:
                        part.pop(key, None)
                    else:
                        part[key] = _PART_TYPES[name].from_json(values)
                changes[name] = part
        if "hand" in delta:
            changes["hand"] = Hand.from_json(delta["hand"])
        if "touch" in delta:
            changes["touch"] = Touch.from_json(delta["touch"])
        if "hand_eye" in delta:
            changes["hand_eye"] = HandEye.from_json(delta["hand_eye"])
        changes.update({name: delta[name] for name in ("next_id", "stamp") if name in delta})
        return replace(self, **changes) if changes else self

    def _rest_json(self) -> dict[str, Any]:
        """Return the fields that are one value each as JSON."""
        return {
            "hand": self.hand.to_json(),
            "touch": self.touch.to_json(),
            "hand_eye": self.hand_eye.to_json(),
            "next_id": self.next_id,
            "stamp": self.stamp,
        }


def _check_ids(slots: Mapping[str, Slot]) -> None:
    for key, slot in slots.items():
        if slot.id != key:
            raise MessageError(f"Beliefs.slots has {slot.id!r} under {key!r}, expected its own id")


def _plainly_other(one: object, other: object) -> bool:
    """Return whether two beliefs differ by a number: most that was made anew does, and is not compared."""
    return any(getattr(one, name, None) != getattr(other, name, None) for name in ("stamp", "existence"))
