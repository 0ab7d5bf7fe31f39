"""How far beliefs satisfy each predicate that a skill may need or promise: one judge a predicate.

The probability that a relation holds is that of the relation, given that both things are there, times the
probability that each is there. A phrase that nothing is called is read as an expression (`smallest fruit`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hybridctl.messages.condition import Predicate
from world_state.beliefs import Beliefs
from world_state.errors import ExpressionError
from world_state.judgement import Judgement, unsure
from world_state.posture import Posture, p_in_view
from world_state.questions import NO, YES, understood
from world_state.referring import Reference, read, resolve
from world_state.relations import p_related
from world_state.scene import Scene
from world_state.slot import Slot

STALE = 0.5
"""How the arm stood longer ago than this says nothing about now [s]."""
PART_DISTANCES = {"rim": 0.034, "handle": 0.060}
"""How far from a cup's axis its parts are [m]."""
PART_STD, STRAY = 0.006, 1e-3
"""How well the hand's distance from the axis is known [m]; likelihood, to that of a part, of any distance."""
Candidate = tuple[float, Slot]
"""A thing that a phrase may name, with its share."""


@dataclass(frozen=True, eq=False)
class Situation:
    """What a judge looks at.

    Attributes:
        beliefs: As last corrected.
        things: All as of now.
        posture: How the arm last stood; None where nobody felt it.
        now: The time that is asked about [s].
    """

    beliefs: Beliefs
    things: Scene
    posture: Posture | None
    now: float

    def refer(self, expression: str, *, focus: Mapping[str, float] | None = None) -> Reference:
        """Return what an expression refers to."""
        phrases = {phrase for slot in self.beliefs.slots.values() for phrase in slot.labels.log_p}
        return resolve(expression, read(expression, phrases), self.things, focus=focus)

    def candidates(self, phrase: str) -> list[Candidate]:
        """Return the things that a phrase may name, each with its share of 1; none where there are none."""
        called = [slot for slot in self.beliefs.slots.values() if slot.phrase == phrase]
        # What is more likely gone than there is meant only where there is nothing else.
        called = [slot for slot in called if slot.existence > 0.0] or called
        named = [(slot.p_exists * slot.labels.p(phrase), slot.id) for slot in called]
        if not named:
            try:
                reference = self.refer(phrase)
            except ExpressionError:
                return []
            if reference.p_none > 0.5:
                return []
            named = [(p, id) for id, p in reference.probabilities.items()]
        total = sum(weight for weight, _ in named)
        return [(weight / total, self.things.slot(id)) for weight, id in named if weight > 1e-3 * total]

    def related(self, name: str, *phrases: str) -> Judgement:
        """Return how far things stand in a relation."""
        sets = [self.candidates(phrase) for phrase in phrases]
        for phrase, found in zip(phrases, sets, strict=True):
            if not found and phrase == phrases[-1] and len(phrases) == 2:
                return self._attached(name, sets[0], phrase)
            if not found:
                return unsure(f"nothing is known of a {phrase}")
        combinations: list[tuple[float, tuple[Slot, ...]]] = [(1.0, ())]
        for found in sets:
            combinations = [(weight * share, (*slots, slot)) for weight, slots in combinations
                            for share, slot in found]  # fmt: skip
        p = 0.0
        for weight, slots in combinations:
            if len(set(map(id, slots))) == len(slots):
                there = float(np.prod([slot.p_exists for slot in slots]))
                p += weight * there * p_related(self.things, name, *slots)
        return self.judged(p, [slot for _, slot in (max(found, key=lambda c: c[0]) for found in sets)])

    def _attached(self, kind: str, things: Sequence[Candidate], to: str) -> Judgement:
        """Return how far a thing is on or in what has no slot itself: the table, or a drawer."""
        p = sum(
            share * slot.p_exists * slot.attachment.probability * (1.0 - self.things.p_held(slot))
            for share, slot in things
            if (slot.attachment.kind, slot.attachment.to) == (kind, to)
        )
        if p == 0.0:
            return unsure(f"nothing is known of a {to}")
        return self.judged(p, [slot for _, slot in things])

    def judged(self, p: float, slots: Sequence[Slot], why: str = "") -> Judgement:
        """Return a judgement that rests on these things."""
        oldest = min((slot.stamp for slot in slots), default=self.now)
        return Judgement(min(max(p, 0.0), 1.0), max(0.0, self.now - oldest), why)


def _seen(situation: Situation, thing: str, _: str) -> Judgement:
    found = situation.candidates(thing)
    seen = [(share, slot) for share, slot in found if "seen" in slot.sources or "close look" in slot.sources]
    p = sum(share * slot.p_exists for share, slot in seen)
    return situation.judged(p, [slot for _, slot in seen], "" if found else f"nothing is called {thing}")


def _holding(situation: Situation, thing: str, _: str) -> Judgement:
    touch, grip = situation.beliefs.touch, situation.beliefs.hand.grip
    found = situation.candidates(thing)
    if grip is None and touch.state is not False:
        # Something may be held and nobody knows what: it may be this as well as not.
        return Judgement(0.5 * touch.probability, why="what is in the hand is not known")
    p = sum(share * situation.things.p_held(slot) for share, slot in found)
    return Judgement(p, max(0.0, situation.now - touch.stamp), "" if found else f"nothing is called {thing}")


def _held_by(situation: Situation, thing: str, part: str) -> Judgement:
    held, grip = _holding(situation, thing, ""), situation.beliefs.hand.grip
    if grip is None or grip.slot not in {slot.id for _, slot in situation.candidates(thing)}:
        return Judgement(0.5 * held.probability, held.age, held.why)
    away = float(np.linalg.norm(grip.T_tool_object[:2, 3]))
    if part not in PART_DISTANCES:
        return Judgement(0.5 * held.probability, held.age, f"where its {part} is, nobody knows")
    likelihoods = {name: math.exp(-0.5 * ((away - at) / PART_STD) ** 2) + STRAY
                   for name, at in PART_DISTANCES.items()}  # fmt: skip
    return Judgement(held.probability * likelihoods[part] / sum(likelihoods.values()), held.age)


def _hand_empty(situation: Situation, _: str, __: str) -> Judgement:
    touch = situation.beliefs.touch
    return Judgement(1.0 - touch.probability, max(0.0, situation.now - touch.stamp))


def _related(name: str) -> Callable[[Situation, str, str], Judgement]:
    return lambda situation, thing, place: situation.related(name, thing, place)


def _opened(situation: Situation, name: str, _: str) -> Judgement:
    return _articulation(situation, name, "open")


def _closed(situation: Situation, name: str, _: str) -> Judgement:
    return _articulation(situation, name, "closed")


def _articulation(situation: Situation, name: str, state: str) -> Judgement:
    belief = situation.beliefs.articulations.get(name)
    if belief is None:
        return unsure(f"nobody looked whether the {name} is {state}")
    age = max(0.0, situation.now - belief.stamp)
    aged = belief.predict(age)
    return Judgement(_clipped(aged.states[state]), age)


def _known(situation: Situation, question: str, _: str) -> Judgement:
    """How sure the answer is, whichever it is; a question that nobody asked has none."""
    asked, beliefs, now = understood(question, (YES, NO)), situation.beliefs, situation.now
    if asked.about == "articulation" and asked.name in beliefs.articulations:
        state = _articulation(situation, asked.name, asked.detail)
        return Judgement(max(state.probability, 1.0 - state.probability), state.age)
    if asked.about == "existence" and (found := situation.candidates(asked.name)):
        p = max(slot.p_exists for _, slot in found)
        return situation.judged(max(p, 1.0 - p), [slot for _, slot in found])
    if asked.about == "fact" and asked.name in beliefs.facts:
        fact = beliefs.facts[asked.name]
        p = fact.probability(now)
        return Judgement(max(p, 1.0 - p), max(0.0, now - fact.stamp))
    asked = understood(question, ())
    if asked.about == "articulation" and (part := beliefs.articulations.get(asked.name)) is not None:
        age = max(0.0, now - part.stamp)  # asked how it stands, not whether it stands so
        return Judgement(_clipped(max(part.predict(age).states.values())), age)
    slot = beliefs.slot_named(asked.name) if asked.about == "attribute" else None
    if slot is not None and asked.detail in slot.attributes:
        value = slot.attributes[asked.detail]
        return situation.judged(value.p(value.best()), [slot])
    return Judgement(0.0, why="nobody asked")


def _in_view(situation: Situation, thing: str, _: str) -> Judgement:
    posture = situation.posture
    if posture is None or posture.camera is None or situation.now - posture.stamp > STALE:
        return unsure("where the hand's camera looks is not known")
    found = situation.candidates(thing)
    if not found:
        return unsure(f"nothing is known of a {thing}")
    p = sum(
        share * slot.p_exists * p_in_view(posture.camera, posture.T_base_tool, slot) for share, slot in found
    )
    return situation.judged(p, [slot for _, slot in found])


def _posture(p: Callable[[Posture], float]) -> Callable[[Situation, str, str], Judgement]:
    def judge(situation: Situation, _: str, __: str) -> Judgement:
        posture = situation.posture
        if posture is None or situation.now - posture.stamp > STALE:
            return unsure("nobody felt the arm lately")
        return Judgement(_clipped(p(posture)), max(0.0, situation.now - posture.stamp))

    return judge


def _clipped(p: float) -> float:
    """Return a sum of probabilities without what rounding added."""
    return min(max(p, 0.0), 1.0)


JUDGES: Mapping[Predicate, Callable[[Situation, str, str], Judgement]] = {
    Predicate.SEEN: _seen,
    Predicate.KNOWN: _known,
    Predicate.HOLDING: _holding,
    Predicate.HELD_BY: _held_by,
    Predicate.HAND_EMPTY: _hand_empty,
    Predicate.IN: _related("in"),
    Predicate.ON: _related("on"),
    Predicate.AT: _related("at"),
    Predicate.NEXT_TO: _related("next to"),
    Predicate.INSERTED: _related("inserted"),
    Predicate.WITH: _related("on"),
    Predicate.OPEN: _opened,
    Predicate.CLOSED: _closed,
    Predicate.IN_VIEW: _in_view,
    Predicate.AT_HOME: _posture(Posture.p_at_home),
    Predicate.AT_REST: _posture(Posture.p_at_rest),
}
"""A judge for each predicate; it is asked for the subject and the object."""
