"""What a behavior tree can ask of beliefs: things, what is held, conditions, relations, expressions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from hybridctl.messages.condition import Condition, Predicate
from world_state.beliefs import Beliefs
from world_state.errors import UnknownSlot
from world_state.holding import HoldingState
from world_state.judgement import Judgement
from world_state.judges import JUDGES, Situation
from world_state.posture import Posture
from world_state.referring import Reference
from world_state.relations import is_inside
from world_state.scene import Scene
from world_state.slot import Slot, predict


class Queries(ABC):
    """Read access to beliefs at a time; asking changes nothing.

    The memory itself answers for now, `AsOf` for another time. A phrase names a thing by its label; of
    several things with the same label the most probable one is meant.
    """

    @property
    @abstractmethod
    def beliefs(self) -> Beliefs:
        """What was believed when it was last corrected."""

    @abstractmethod
    def now(self) -> float:
        """Return the time that is asked about [s]."""

    @property
    def posture(self) -> Posture | None:
        """How the arm last stood; None where nobody felt it."""
        return None

    def slot(self, phrase: str) -> Slot:
        """Return what is believed of a thing, as of now: less sure the longer ago it was seen.

        Where several things are called so, the most probable one.

        Raises:
            UnknownSlot: the memory knows no such thing; the error lists those it knows.
        """
        found = self.beliefs.slot_named(phrase)
        if found is None:
            raise UnknownSlot(phrase, {slot.phrase for slot in self.beliefs.slots.values()})
        return predict(found, self.now())

    def has(self, phrase: str) -> bool:
        """Return whether the memory has a slot for the thing."""
        return self.beliefs.slot_named(phrase) is not None

    def slots(self) -> tuple[Slot, ...]:
        """Return all slots as of now, in the order in which they were first seen."""
        now = self.now()
        return tuple(predict(slot, now) for slot in self.beliefs.slots.values())

    def age(self, phrase: str) -> float:
        """Return how long ago the belief about a thing was last corrected [s].

        Raises:
            UnknownSlot: the memory knows no such thing.
        """
        return max(0.0, self.now() - self.slot(phrase).stamp)

    def holding(self) -> str | None:
        """Return what is held; None when nothing is, when not sure, or when nobody knows what it is."""
        held = self.holding_state()
        return held.phrase if held.state is True else None

    def holding_state(self) -> HoldingState:
        """Return whether something is held (True, False, or None: not sure), how sure, and what it is."""
        grip, touch = self.beliefs.hand.grip, self.beliefs.touch
        held = None if grip is None else self.beliefs.slots.get(grip.slot)
        return HoldingState(touch.state, touch.probability, None if held is None else held.phrase)

    def is_open(self, name: str) -> Judgement:
        """Return how far a drawer or door is believed to be open by more than 70 % of its way."""
        return self.believes(Condition(Predicate.OPEN, name))

    def is_in(self, phrase: str, container: str) -> bool | None:
        """Return whether a thing lies in a container; None when one is unknown or the belief too vague.

        A held thing is in nothing; one that may be held is not known to be in anything. It is taken for
        granted that both are there and are what they are called: `believes` weighs that too.
        """
        if phrase == container or not self.has(phrase) or not self.has(container):
            return None
        thing, place = self.slot(phrase), self.slot(container)
        grip = self.beliefs.hand.grip
        if grip is not None and grip.slot == thing.id:
            return False if self.beliefs.touch.state is True else None
        return is_inside(thing, place)

    def believes(self, *conditions: Condition) -> Judgement:
        """Return how far conditions of any predicate are believed, all of them together.

        What the memory cannot know is 0.5, with the reason. What somebody told of a condition, a fact whose
        key is the condition's text, counts where nothing else is known of it.
        """
        situation = self._situation()
        judged = Judgement(1.0)
        for condition in conditions:
            judged &= self._judged(situation, condition)
        return judged

    def _judged(self, situation: Situation, condition: Condition) -> Judgement:
        judged = JUDGES[condition.predicate](situation, condition.subject, condition.object)
        told = self.beliefs.facts.get(str(~condition if condition.negated else condition))
        if judged.truth is None and told is not None:
            age = max(0.0, situation.now - told.stamp)
            judged = Judgement(told.probability(situation.now), age, "told")
        return ~judged if condition.negated else judged

    def relation(self, name: str, thing: str, *landmarks: str) -> Judgement:
        """Return how far a relation is believed: `relation("left of", "red block", "bowl")`.

        Args:
            name: One of relations.RELATIONS.
            thing: The phrase that names what stands so.
            landmarks: To what; two phrases for `between`.

        Raises:
            ValueError: there is no such relation, or it takes another number of landmarks.
        """
        return self._situation().related(name, thing, *landmarks)

    def refer(self, expression: str, *, focus: str | None = None) -> Reference:
        """Return what an expression refers to: `the cup next to the plate`, `the other block`, `what I hold`.

        Args:
            expression: In English.
            focus: What was spoken of last: a slot's id or a phrase. `it` and `its` mean that, and `the other`
                is another than that. None means what is held.

        Raises:
            ExpressionError: it cannot be read; UnknownWord, one of these, names the word that is not known.
            UnknownSlot: the memory knows no such focus.
        """
        return self._situation().refer(expression, focus=self._focus(focus))

    def _focus(self, focus: str | None) -> Mapping[str, float] | None:
        if focus is None:
            return None
        return {focus if focus in self.beliefs.slots else self.slot(focus).id: 1.0}

    def _situation(self) -> Situation:
        beliefs = self.beliefs
        grip, p = beliefs.hand.grip, beliefs.touch.probability
        held = {} if grip is None or grip.slot not in beliefs.slots else {grip.slot: p}
        return Situation(beliefs, Scene(beliefs.slots, self.now(), held), self.posture, self.now())


@dataclass(frozen=True, eq=False)
class AsOf(Queries):
    """Beliefs of another time, asked as if it were then.

    Attributes:
        then: What was believed.
        time: When [s]; things have aged up to it.
    """

    then: Beliefs
    time: float

    @property
    def beliefs(self) -> Beliefs:
        """What was believed then."""
        return self.then

    def now(self) -> float:
        """Return the time that is asked about [s]."""
        return self.time
