"""A plan gone through before it is acted on: what each step finds, and the first problem in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hybridctl.messages.plan import Plan, Skill, Subgoal
from world_state.beliefs import Beliefs
from world_state.prediction.content import Slide
from world_state.prediction.effects import Setting, held_slot, succeeded
from world_state.prediction.imagine import SUCCESS
from world_state.prediction.mixture import mixture
from world_state.prediction.requirements import Requirement, requirements
from world_state.queries import AsOf

STEP_SECONDS = 10.0
"""How long a step takes, where it does not say so itself [s]: beliefs age meanwhile."""


@dataclass(frozen=True, eq=False)
class Step:
    """What one step of a plan finds and leads to.

    Attributes:
        subgoal: The step.
        requirements: What it needs, if the steps before did what they should.
        needless: Whether what it is to bring about is believed already.
        success: Probability that it does what it should if nothing is in its way.
        beliefs: Expected after it, with what the steps up to it may have failed in.
    """

    subgoal: Subgoal
    requirements: tuple[Requirement, ...]
    needless: bool
    success: float
    beliefs: Beliefs

    @property
    def probability(self) -> float:
        """Probability that nothing is in its way; its needs are taken as independent."""
        return math.prod(r.probability for r in self.requirements)

    @property
    def truth(self) -> bool | None:
        """True where nothing is in its way, False where something is, None: not sure."""
        truths = [r.truth for r in self.requirements]
        return False if False in truths else None if None in truths else True

    @property
    def lacks(self) -> Requirement | None:
        """What stands most in its way; None where nothing does."""
        lacking = [r for r in self.requirements if r.truth is not True]
        return min(lacking, key=lambda r: r.probability, default=None)


@dataclass(frozen=True, eq=False)
class Foresight:
    """What a plan will meet with.

    Attributes:
        steps: One for each subgoal.
    """

    steps: tuple[Step, ...]

    @property
    def sound(self) -> bool:
        """Whether every step is believed to find what it needs, if those before it do what they should."""
        return all(step.truth is True for step in self.steps)

    @property
    def problem(self) -> str:
        """The first problem, for a person or a prompt to read; empty where there is none.

        `step 3 place_in drawer: the drawer is believed closed (p = 0.97)`; p is the problem's probability.
        """
        for number, step in enumerate(self.steps, start=1):
            lacks = step.lacks
            if lacks is not None:
                doubt = "" if lacks.truth is False else "not sure: "
                p = f"(p = {1.0 - lacks.probability:.2f})"
                return f"step {number} {step.subgoal}: {doubt}{lacks.problem} {p}"
        return ""

    @property
    def probability(self) -> float:
        """Probability that every step finds what it needs and does what it should."""
        return math.prod(step.probability * step.success for step in self.steps)


def simulate(
    beliefs: Beliefs,
    plan: Plan,
    now: float,
    *,
    success: float | Mapping[Skill, float] = SUCCESS,
    table_height: float = 0.0,
    slides: Mapping[str, Slide] | None = None,
) -> Foresight:
    """Return what a plan will meet with; nothing is acted on, and the beliefs stay as they are.

    Each step is judged by the beliefs that hold if all before it did what they should: a sound plan stays
    sound however long it is. That they may not shows in the probability, which is a product over the steps
    (the chain rule), and in the expected beliefs.

    Args:
        beliefs: Before the plan.
        plan: Its steps.
        now: When it begins [s].
        success: Probability that a step does what it should if nothing is in its way, of all or of each
            skill; SUCCESS for skills that are not named.
        table_height: Of the table top in the base frame [m].
        slides: Which way each drawer goes, by its articulation's name.
    """
    expected, steps, done = beliefs, [], set[tuple[str, str, str]]()
    for subgoal in plan.subgoals:
        rate = success.get(subgoal.skill, SUCCESS) if isinstance(success, Mapping) else success
        needed = (*requirements(beliefs, subgoal, now), *_repeated(beliefs, subgoal, done))
        needless = _holds_already(beliefs, subgoal, now)
        now += subgoal.seconds or STEP_SECONDS
        setting = Setting(now, table_height, slides or {})
        beliefs = succeeded(beliefs, subgoal, setting)
        expected = mixture(expected, succeeded(expected, subgoal, setting), rate)
        steps.append(Step(subgoal, needed, needless, rate, expected))
    return Foresight(tuple(steps))


def _repeated(beliefs: Beliefs, subgoal: Subgoal, done: set[tuple[str, str, str]]) -> tuple[Requirement, ...]:
    """Return what forbids to do the same with the same thing again; `done` takes the step in."""
    held, skill = held_slot(beliefs), subgoal.skill
    if skill in (Skill.PLACE_IN, Skill.PLACE_ON, Skill.INSERT, Skill.HAND_OVER) and held is not None:
        step = (skill.value, held.id, subgoal.target)
    elif skill is Skill.PUSH:
        step = (skill.value, subgoal.target, subgoal.toward)
    else:
        return ()
    if step not in done:
        done.add(step)
        return ()
    what = subgoal.target if held is None else held.phrase
    return (Requirement(0.0, f"the plan has already done that with the {what}"),)


def _holds_already(beliefs: Beliefs, subgoal: Subgoal, now: float) -> bool:
    """Return whether all that a step promises is believed before it; of a step that looks or waits never."""
    if subgoal.skill in (Skill.LOOK, Skill.LOCATE, Skill.ASK, Skill.HOME, Skill.WAIT, Skill.DONE):
        return False
    held, asked = held_slot(beliefs), AsOf(beliefs, now)
    promised = subgoal.postconditions(held="" if held is None else held.phrase)
    return all(asked.believes(condition).truth is True for condition in promised)
