"""A picture in which the policy pointed at things: what stands there, and what depth says of the others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from hybridctl.messages.arrays import MessageError, checked_scalar
from world_state.association import Explanation, Place, explained, places
from world_state.beliefs import Beliefs
from world_state.existence import absent, is_dead, present
from world_state.naming import newborn, passed_over, pointed_at, question
from world_state.noise import NoiseModel
from world_state.presence import Glance
from world_state.readings.reading import Correction, Json
from world_state.sighting import Sighting
from world_state.slot import Slot, correct, first_look, inside_gate
from world_state.voices import SILENT, still_heard

REACH_OF_HAND = 0.08
"""A look nearer than this to what is held may be of it: the fingers hide it [m]."""
GLANCED = 0.02
"""A glance is of the thing that is believed within this of where it looked [m]."""
PERHAPS_MOVED = "perhaps moved"
"""Source of a thing seen once where nothing stood, while another of its name could not be seen."""
LONGEST_CAUSE = 250


@dataclass(frozen=True, eq=False)
class Looks:
    """Simultaneous looks.

    Attributes:
        stamp: Stamp of the picture [s].
        camera: Which camera took it.
        sightings: What was pointed at; their order means nothing.
        glances: What depth says of the things that were known when it was taken.
    """

    kind: ClassVar[str] = "seen"
    stamp: float
    camera: str
    sightings: tuple[Sighting, ...]
    glances: tuple[Glance, ...] = ()

    def __post_init__(self) -> None:
        checked_scalar("Looks.stamp", self.stamp)
        for sighting in self.sightings:
            if sighting.look.stamp != self.stamp:
                raise MessageError(
                    f"the {sighting.phrase} was seen at {sighting.look.stamp} s, expected {self.stamp} s"
                )

    def correct(self, beliefs: Beliefs, noise: NoiseModel) -> Correction:
        """Explain what was seen, and correct place, name and existence by it."""
        return _Scene(self, beliefs, noise).corrected()

    def to_json(self) -> Json:
        """Return it as JSON values; floats survive the round trip exactly."""
        return {
            "stamp": self.stamp,
            "camera": self.camera,
            "sightings": [sighting.to_json() for sighting in self.sightings],
            "glances": [glance.to_json() for glance in self.glances],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        sightings = tuple(Sighting.from_json(one) for one in values["sightings"])
        glances = tuple(Glance.from_json(one) for one in values["glances"])
        return cls(values["stamp"], values["camera"], sightings, glances)


class _Scene:
    """One call of `correct` at work."""

    def __init__(self, looks: Looks, beliefs: Beliefs, noise: NoiseModel) -> None:
        self.looks, self.before, self.noise = looks, beliefs, noise
        self.slots = dict(beliefs.slots)
        self.voices = still_heard(beliefs.voices, looks.stamp, noise=noise)
        self.hand, self.next_id = beliefs.hand, beliefs.next_id
        self.glances = dict(self._matched(looks.glances))
        self.says = {id: glance.says for id, glance in self.glances.items()}
        self.causes: dict[str, list[str]] = {}
        self.surprise = 0.0
        self.seen: set[str] = set()

    def corrected(self) -> Correction:
        taken = []
        for sighting in sorted(self.looks.sightings, key=lambda s: s.phrase):
            why = self._ignored(sighting)
            if why:
                self.causes.setdefault(why, []).append(sighting.phrase)
            else:
                taken.append(sighting)
        found = places(taken, noise=self.noise)
        known = tuple(self.slots.values())
        answers = explained(found, known, self.says, noise=self.noise)
        again = {  # to be judged by what they were before this picture
            e.slot for e in answers if e.slot and self.slots[e.slot].sources == (PERHAPS_MOVED,)
        }
        pointed = [(place, self._apply(place, e)) for place, e in zip(found, answers, strict=True)]
        self._glance()
        for place, id in pointed:
            if id is not None:
                self._name(place, id)
        self._recognise(again)
        self._bury()
        slots = self.before.slots if self._unchanged() else self.slots
        beliefs = replace(
            self.before, slots=slots, voices=self.voices, hand=self.hand, next_id=self.next_id,
            stamp=max(self.before.stamp, self.looks.stamp),
        )  # fmt: skip
        return Correction(beliefs, self._cause(), self.surprise)

    def _matched(self, glances: Iterable[Glance]) -> Iterable[tuple[str, Glance]]:
        """Pair glances with the things they are of: filtered anew, another may have that id, or none."""
        for glance in glances:
            slot = self.slots.get(glance.slot)
            if slot is None or not _about(slot, glance):
                near = [other for other in self.slots.values() if _about(other, glance)]
                slot = min(near, key=lambda s: math.dist(s.position, glance.place), default=None)
            if slot is not None and slot.status != "held" and slot.stamp <= self.looks.stamp:
                yield slot.id, glance

    def _ignored(self, sighting: Sighting) -> str:
        """Return why a sighting says nothing of the thing that it is of, empty where it does."""
        slot = self.before.slot_named(sighting.phrase)
        if slot is None:
            return ""
        if slot.stamp > self.looks.stamp:
            return "ignored: older than the belief"
        if slot.status == "held":
            off = float(np.linalg.norm(sighting.look.position - slot.position))
            if off < REACH_OF_HAND or inside_gate(slot, sighting.look):
                return "ignored: in the hand"
        return ""

    def _apply(self, place: Place, e: Explanation) -> str | None:
        """Correct the place of what was seen, and return its id; None for what is no thing."""
        self.surprise += e.surprise
        phrases = [phrase for phrase, _ in place.words]
        if e.how == "clutter":
            cause, id = "ignored: clutter", None
        elif e.slot is None:
            id = f"s{self.next_id}"
            self.next_id += 1
            slot = newborn(place.words, place.look, id=id, noise=self.noise)
            if self._unseen(slot.phrase):
                slot = replace(slot, sources=(PERHAPS_MOVED,))
            self.slots[id] = slot
            cause = "first look"
        else:
            id, slot = e.slot, self.slots[e.slot]
            if slot.stamp > self.looks.stamp:
                cause, id = "ignored: older than the belief", None
            elif slot.status == "held" and e.how == "stayed":
                cause, id = "ignored: in the hand", None
            else:
                self.slots[id], cause = self._placed(slot, place, moved=e.how == "moved")
        self.causes.setdefault(cause, []).extend(phrases)
        if id is not None:
            self.seen.add(id)
        return id

    def _placed(self, slot: Slot, place: Place, *, moved: bool) -> tuple[Slot, str]:
        if slot.status == "held":
            grip = self.hand.grip
            if grip is not None and grip.slot == slot.id:
                self.hand = replace(self.hand, grip=None, releasing=False)
            after, cause = _put(slot, place, self.noise), "seen elsewhere while held"
        elif moved:
            after, cause = _put(slot, place, self.noise), "moved"
        else:
            after, cause = correct(slot, place.look, bias=self.noise.shared(place.look))
            if cause == "seen":  # still where it was, so in or on what it was
                after = replace(after, attachment=slot.attachment)
        return present(after, noise=self.noise), cause

    def _glance(self) -> None:
        """Correct the existence of what depth looked at beside the places that were pointed at."""
        for id, glance in self.glances.items():
            slot = self.slots[id]
            if id in self.seen:
                continue
            if glance.says == "present":
                self.slots[id] = present(slot, noise=self.noise)
            else:
                self.slots[id], surprise = absent(slot, glance, noise=self.noise)
                self.surprise += surprise
                if slot.existence > 0.0 >= self.slots[id].existence:
                    self.causes.setdefault("gone", []).append(slot.phrase)

    def _name(self, place: Place, id: str) -> None:
        """Correct what things are called by what was asked for when this one was pointed at."""
        born = id not in self.before.slots
        for phrase, right in place.words:
            key, view, stamp = question(phrase), place.look.view, self.looks.stamp
            voices = self.voices.get(key, SILENT)
            weight = voices.weight(id, view=view, stamp=stamp, noise=self.noise)
            self.voices[key] = voices.heard(id, view=view, stamp=stamp, noise=self.noise)
            if not born:
                slot = self.slots[id]
                self.slots[id] = pointed_at(slot, phrase, right, weight=weight, noise=self.noise)
            for other, says in self.says.items():
                if other != id and says == "present":
                    slot = self.slots[other]
                    self.slots[other] = passed_over(slot, phrase, right, weight=weight, noise=self.noise)

    def _recognise(self, again: set[str]) -> None:
        """Give a thing that turned up elsewhere its own slot back, once that is more than one look's word.

        It is when its old place is seen empty, or when the new one is looked at again and the old one still
        cannot be seen.
        """
        for fresh in [slot for slot in self.slots.values() if PERHAPS_MOVED in slot.sources]:
            for old in self._unseen(fresh.phrase, but=fresh.id):
                if fresh.id in again or (
                    fresh.sources[0] == PERHAPS_MOVED and self.says.get(old.id) == "absent"
                ):
                    del self.slots[fresh.id]
                    if self.hand.intent == fresh.id:
                        self.hand = replace(self.hand, intent=old.id)
                    self.slots[old.id] = replace(
                        fresh, id=old.id, attributes={**old.attributes, **fresh.attributes},
                        existence=max(old.existence, fresh.existence), sources=("seen", *old.sources[:3]),
                    )  # fmt: skip
                    self.causes.setdefault("moved", []).append(old.phrase)
                    break

    def _unseen(self, phrase: str, *, but: str = "") -> list[Slot]:
        """Return the things of that name that this picture does not show in their places, likeliest first."""
        named = [
            slot
            for slot in self.slots.values()
            if slot.phrase == phrase and slot.id != but and slot.id not in self.seen
            and self.says.get(slot.id) != "present" and slot.status != "held"
            and PERHAPS_MOVED not in slot.sources
        ]  # fmt: skip
        return sorted(named, key=lambda slot: -slot.existence)

    def _bury(self) -> None:
        now = self.looks.stamp
        for id in [i for i, s in self.slots.items() if is_dead(s, now=now, noise=self.noise)]:
            self.causes.setdefault("forgotten", []).append(self.slots[id].phrase)
            del self.slots[id]

    def _unchanged(self) -> bool:
        old = self.before.slots
        return len(old) == len(self.slots) and all(old.get(id) is slot for id, slot in self.slots.items())

    def _cause(self) -> str:
        if not self.causes:
            return "" if self._unchanged() else "looked over"
        if len(self.looks.sightings) == 1 and len(self.causes) == 1:
            return next(iter(self.causes))
        words = "; ".join(f"{cause}: {', '.join(phrases)}" for cause, phrases in self.causes.items())
        return words if len(words) <= LONGEST_CAUSE else f"{words[: LONGEST_CAUSE - 1]}…"


def _about(slot: Slot, glance: Glance) -> bool:
    T, p = slot.pose.T, glance.place
    return bool((T[0, 3] - p[0]) ** 2 + (T[1, 3] - p[1]) ** 2 + (T[2, 3] - p[2]) ** 2 < GLANCED**2)


def _put(slot: Slot, place: Place, noise: NoiseModel) -> Slot:
    """Return the belief about a thing that was seen at another place than where it was: begun anew there."""
    fresh = first_look(slot.phrase, place.look, id=slot.id, bias=noise.shared(place.look))
    return replace(
        slot, pose=fresh.pose, extent=slot.extent if place.look.clipped else fresh.extent,
        existence=max(slot.existence, fresh.existence), attachment=fresh.attachment, stamp=fresh.stamp,
        last_seen=fresh.last_seen, last_view=fresh.last_view, status="seen",
        sources=("seen", *(s for s in slot.sources if s != "seen"))[:4],
    )  # fmt: skip
