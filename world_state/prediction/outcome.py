"""The gap between what a step of a plan was to bring about and what is believed after it."""

from __future__ import annotations

from hybridctl.messages.plan import Subgoal
from world_state.beliefs import Beliefs
from world_state.prediction.effects import held_slot
from world_state.prediction.surprise import Gap, outcome_gap
from world_state.queries import AsOf


def step_gaps(
    subgoal: Subgoal, *, before: Beliefs, expected: Beliefs, believed: Beliefs, now: float
) -> tuple[Gap, ...]:
    """Return the gap of each postcondition that the beliefs after a step decide, true or false.

    Where they are not sure nothing was predicted wrongly yet, and there is no gap.

    Args:
        subgoal: The step.
        before: The beliefs before it.
        expected: What was imagined of it: with a rate of success where it has only been tried, so that a
            failure is as surprising as it is rare; with success 1 where it says itself that it is done, so
            that one which is not is surprising by itself.
        believed: The beliefs after it, from what was seen and felt.
        now: When they are compared [s].
    """
    held = held_slot(before)
    gaps = []
    for condition in subgoal.postconditions(held="" if held is None else held.phrase):
        is_so = AsOf(believed, now).believes(condition)
        if is_so.truth is None:
            continue
        p = AsOf(expected, now).believes(condition).probability
        word = "is so" if is_so.truth else "is not so"
        why = (
            f"after {subgoal} {condition} was expected with p = {p:.2f} and {word} ({is_so.probability:.2f})"
        )
        gaps.append(outcome_gap({"so": p, "not so": 1.0 - p}, "so" if is_so.truth else "not so", why))
    return tuple(gaps)
