"""What a step of a plan needs: its signature's preconditions, and what places and sizes ask besides."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import HELD, Skill, Subgoal
from world_state.beliefs import Beliefs
from world_state.judgement import Judgement
from world_state.prediction.effects import held_slot
from world_state.prediction.footing import Footing, footings_of
from world_state.queries import AsOf
from world_state.slot import Slot

SIZE_STD = 0.004
"""Standard deviation of the difference of two measured sizes [m]."""
PACKED = 0.75
"""Part of a floor that things side by side can take up; circles fill 0.91 at best, in no order 0.82."""
PACKED_STD = 0.05
"""How far that may be wrong."""
STANDS_OFF = 0.01
"""What is on a thing has its bottom within this of its top [m]."""


@dataclass(frozen=True)
class Requirement:
    """One thing that must be so before a step.

    Attributes:
        probability: That it is.
        problem: What is in the way if it is not, in words: `the drawer is believed closed`.
        condition: The precondition that it is, None where no predicate says it.
    """

    probability: float
    problem: str
    condition: Condition | None = None

    @property
    def truth(self) -> bool | None:
        """True where it is so, False where it is not, None: not sure; by the thresholds of all judgements."""
        return Judgement(self.probability).truth


def requirements(beliefs: Beliefs, subgoal: Subgoal, now: float) -> tuple[Requirement, ...]:
    """Return what a step needs, in the order in which a person would say it.

    Args:
        beliefs: Before the step.
        subgoal: The step.
        now: When it begins [s].
    """
    held = held_slot(beliefs)
    asked = AsOf(beliefs, now)
    needed = [
        _precondition(asked, condition, held)
        for condition in subgoal.preconditions(held=held.phrase if held is not None else "")
    ]
    target = beliefs.slot_named(subgoal.target)
    if subgoal.skill is Skill.PICK and target is not None:
        needed += [_reachable(beliefs, target), _bare(beliefs, target)]
    elif subgoal.skill is Skill.PUSH:
        needed += _pushable(beliefs, subgoal, target)
    elif target is not None and subgoal.skill in (Skill.PLACE_IN, Skill.PLACE_ON, Skill.INSERT):
        needed += _takes(beliefs, subgoal, target, held)
    return tuple(needed)


def _precondition(asked: AsOf, condition: Condition, held: Slot | None) -> Requirement:
    beliefs, touch = asked.beliefs, asked.beliefs.touch
    if condition.subject == HELD:
        # Nobody knows what is held, if anything is: holding something is what is asked for.
        return Requirement(touch.probability, "nothing is believed to be in the hand", condition)
    probability = asked.believes(condition).probability
    if condition.predicate is Predicate.HAND_EMPTY:
        what = "something" if held is None else f"the {held.phrase}"
        return Requirement(probability, f"the hand is believed to hold {what}", condition)
    if condition.predicate is Predicate.HOLDING:
        return Requirement(
            probability, f"the {condition.subject} is not believed to be in the hand", condition
        )
    known = beliefs.slot_named(condition.subject)
    if known is None:
        return Requirement(probability, f"no {condition.subject} is known", condition)
    return Requirement(probability, f"the {condition.subject} is not believed to be there", condition)


def _reachable(beliefs: Beliefs, slot: Slot) -> Requirement:
    """Not in a drawer that is shut, nor in anything that is in one."""
    inside, link, seen = 1.0, slot, {slot.id}
    while link.attachment.kind in ("on", "in"):
        inside *= link.attachment.probability
        parent = beliefs.slots.get(link.attachment.to)
        name = link.attachment.to if parent is None else parent.phrase
        articulation = beliefs.articulations.get(name)
        if articulation is not None and link.attachment.kind == "in":
            p = inside * articulation.p_closed
            return Requirement(1.0 - p, f"the {slot.phrase} is believed to be in the closed {name}")
        if parent is None or parent.id in seen:
            break
        seen.add(parent.id)
        link = parent
    return Requirement(1.0, f"the {slot.phrase} is believed to be shut away")


def _bare(beliefs: Beliefs, slot: Slot) -> Requirement:
    """Nothing stands on it. What lies in a container goes along with it."""
    p, on_it = 0.0, ""
    for other in beliefs.slots.values():
        stands = other.p_exists * _stands_on(other, slot)
        if other.id != slot.id and stands > p:
            p, on_it = stands, other.phrase
    return Requirement(1.0 - p, f"the {on_it or 'something'} is believed to stand on the {slot.phrase}")


def _stands_on(other: Slot, slot: Slot) -> float:
    if other.status == "held" or other.attachment.kind in ("held", "in"):
        return 0.0
    if other.attachment.kind == "on":
        return other.attachment.probability if other.attachment.to == slot.id else 0.0
    if other.extent[:2].max() > 2.0 * slot.extent[:2].max():
        return 0.0  # a slab that wide is not balanced on it: the heights are wrong
    away = float(np.hypot(*(other.position - slot.position)[:2]))
    std = math.sqrt(float(np.trace((other.covariance + slot.covariance)[:2, :2])) / 2.0)
    over = float(ndtr((slot.extent[:2].min() / 2.0 - away) / std))
    gap = (other.position[2] - other.extent[2] / 2.0) - (slot.position[2] + slot.extent[2] / 2.0)
    height_std = math.hypot(math.sqrt(float((other.covariance + slot.covariance)[2, 2])), SIZE_STD)
    return over * float(ndtr((gap + STANDS_OFF) / height_std) - ndtr((gap - STANDS_OFF) / height_std))


def _pushable(beliefs: Beliefs, subgoal: Subgoal, slot: Slot | None) -> list[Requirement]:
    toward = beliefs.slot_named(subgoal.toward)
    if slot is None:
        return []
    needed = []
    if toward is not None:
        other = float(toward.id != slot.id)
        needed.append(Requirement(other, f"the {subgoal.target} and the {subgoal.toward} are the same thing"))
    parent = beliefs.slots.get(slot.attachment.to)
    inside = slot.attachment.probability if slot.attachment.kind == "in" else 0.0
    name = slot.attachment.to if parent is None else parent.phrase
    needed.append(Requirement(1.0 - inside, f"the {slot.phrase} is believed to be in the {name}"))
    return needed


def _takes(beliefs: Beliefs, subgoal: Subgoal, place: Slot, held: Slot | None) -> list[Requirement]:
    """It is open, is another thing than what is held, and has room for that."""
    needed = []
    articulation = beliefs.articulations.get(place.phrase)
    if subgoal.skill is Skill.PLACE_IN and articulation is not None:
        states = {"believed closed": articulation.p_closed, "believed only ajar": articulation.p_ajar}
        state = next((words for words, p in states.items() if p > 0.5), "not known to be open")
        needed.append(Requirement(articulation.p_open, f"the {place.phrase} is {state}"))
    if held is None:
        return needed
    if held.id == place.id:
        return [*needed, Requirement(0.0, f"the {place.phrase} is what the hand holds")]
    # What is seen of a drawer is its front or its top, not how much it takes; a hole fits what it is for.
    if articulation is None and subgoal.skill is not Skill.INSERT:
        offered = [f for f in footings_of(beliefs, place) if f.area > 0.0]
        needed += [
            r for footing in offered for r in (_wide_enough(footing, held), _room(beliefs, footing, held))
        ]
    return needed


def _wide_enough(footing: Footing, held: Slot) -> Requirement:
    """Through its opening; a top bears what is wider than itself, as long as its middle is over it."""
    name = footing.slot.phrase
    if footing.kind == "on":
        return Requirement(1.0, f"the {name} is too small for the {held.phrase}")
    inner = np.sort(2.0 * (footing.half - footing.wall))
    spare = float((inner - np.sort(held.extent[:2])).min())
    return Requirement(float(ndtr(spare / SIZE_STD)), f"the {name} is too small for the {held.phrase}")


def _room(beliefs: Beliefs, footing: Footing, held: Slot) -> Requirement:
    """Beside what is there already, by area."""
    there = [
        slot
        for slot in beliefs.slots.values()
        if slot.attachment.to == footing.slot.id and slot.id != held.id
    ]
    if not there:
        return Requirement(1.0, f"the {footing.slot.phrase} is believed full")
    taken = sum(s.p_exists * s.attachment.probability * float(s.extent[:2].prod()) for s in there)
    share = (taken + float(held.extent[:2].prod())) / footing.area
    names = ", ".join(slot.phrase for slot in there)
    word = "full" if footing.kind == "in" else "taken up"
    return Requirement(
        float(ndtr((PACKED - share) / PACKED_STD)), f"the {footing.slot.phrase} is believed {word} ({names})"
    )
