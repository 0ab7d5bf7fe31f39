"""Where a plan is picked up: the last place in it from which, by what memory believes, the rest goes through.

After the triangle tables of STRIPS (Fikes, Hart and Nilsson, Learning and executing generalized robot plans,
Artificial Intelligence 3, 1972, section 4): the kernel of a place in a plan is what must be so for the rest
to go through from there and to leave what the whole promises. Execution goes on at the last place whose
kernel holds. A step whose effect was lost is done again, one whose effect is there already is left out.
"""

from __future__ import annotations

from collections.abc import Callable

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Plan
from world_state.memory import WorldMemory

Believes = Callable[[Condition], bool | None]

PASSING = frozenset(
    (Predicate.SEEN, Predicate.KNOWN, Predicate.IN_VIEW, Predicate.AT_HOME, Predicate.AT_REST)
)
"""What the next motion or moment may end, and each subtree sees to by itself: no part of a kernel."""
_PLACES = frozenset(
    (Predicate.IN, Predicate.ON, Predicate.AT, Predicate.NEXT_TO, Predicate.INSERTED, Predicate.WITH)
)
_IN_HAND = frozenset((Predicate.HOLDING, Predicate.HELD_BY))
_CONTRARY = {Predicate.OPEN: Predicate.CLOSED, Predicate.CLOSED: Predicate.OPEN}


def first_to_do(plan: Plan, believes: Believes, *, noted_as_done: int) -> int:
    """Return the index of the subgoal to go on with; the number of subgoals where nothing is left to do.

    Args:
        plan: What is followed.
        believes: Whether a condition holds (None: not sure, which counts as no).
        noted_as_done: How many subgoals the record has as done. It decides for those alone that leave
            nothing behind, as `home` and `wait`: memory cannot tell whether they took place.
    """
    posts = [_lasting(subgoal.postconditions()) for subgoal in plan.subgoals]
    last = next((i for i in range(noted_as_done, len(posts)) if not posts[i]), len(posts))
    for start in range(last, 0, -1):
        if all(believes(condition) is True for condition in kernel(plan, start)):
            return start
    return 0


def kernel(plan: Plan, start: int) -> frozenset[Condition]:
    """Return what must be so for subgoals `start` and later to go through, and to leave what all promise."""
    needed = _promised(plan, len(plan.subgoals))
    for i in range(len(plan.subgoals) - 1, start - 1, -1):
        subgoal, held = plan.subgoals[i], plan.held_before(i)
        needed = needed - _lasting(subgoal.postconditions(held=held))
        needed = needed | _lasting(subgoal.preconditions(held=held))
    return needed


def what_matters(plan: Plan, believes: Believes, *, pending: int) -> tuple[str, ...]:
    """Return the phrases to look at again before the plan is picked up, each once.

    These are what the subgoals from the last that was done on name, what is in the hand when they begin, and
    what earlier subgoals promised that memory is no longer sure of.
    """
    first = max(0, pending - 1)
    phrases = [plan.held_before(first)]
    for subgoal in plan.subgoals[first:]:
        phrases += [subgoal.target, subgoal.toward]
    for condition in sorted(_promised(plan, first), key=str):
        if believes(condition) is not True:
            phrases += [condition.subject, condition.object]
    return tuple(dict.fromkeys(phrase for phrase in phrases if phrase))


def believed_by(memory: WorldMemory) -> Believes:
    """Return what a memory believes of the conditions that pick and place_in know; None of all others."""

    def believes(condition: Condition) -> bool | None:
        held = memory.holding_state()
        truth: bool | None = None
        if condition.predicate is Predicate.HAND_EMPTY:
            truth = None if held.state is None else not held.state
        elif condition.predicate is Predicate.HOLDING:
            truth = held.state if held.phrase in (None, condition.subject) else False
            truth = None if held.state is True and held.phrase is None else truth
        elif condition.predicate is Predicate.IN:
            truth = memory.is_in(condition.subject, condition.object)
        return truth if truth is None else truth is not condition.negated

    return believes


def _promised(plan: Plan, end: int) -> frozenset[Condition]:
    """Return what subgoals before `end` leave behind: what no later one of them undoes."""
    promised: set[Condition] = set()
    for i, subgoal in enumerate(plan.subgoals[:end]):
        posts = _lasting(subgoal.postconditions(held=plan.held_before(i)))
        promised = {old for old in promised if not any(_undoes(new, old) for new in posts)} | posts
    return frozenset(promised)


def _lasting(conditions: tuple[Condition, ...]) -> frozenset[Condition]:
    return frozenset(condition for condition in conditions if condition.predicate not in PASSING)


def _undoes(new: Condition, old: Condition) -> bool:
    """Return whether `old` cannot be so once `new` is."""
    if new.predicate is Predicate.HAND_EMPTY:
        return old.predicate in _IN_HAND
    if new.predicate in _IN_HAND:
        moved = old.predicate in _PLACES and new.subject in (old.subject, old.object)
        other = old.predicate in _IN_HAND and old.subject != new.subject
        return moved or other or old.predicate is Predicate.HAND_EMPTY
    if new.predicate in _PLACES:
        return old.predicate in _PLACES and old.subject == new.subject and old != new
    return _CONTRARY.get(new.predicate) is old.predicate and new.subject == old.subject
