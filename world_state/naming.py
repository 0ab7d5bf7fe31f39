"""What a thing is called: who is pointed at when a phrase is asked for is evidence for the name."""

from __future__ import annotations

import math
from dataclasses import replace

from world_state.categorical import OTHER, Categorical
from world_state.depth import ObjectMeasurement
from world_state.noise import NoiseModel
from world_state.slot import Slot, attributes_of, first_look

WORTH = 0.02
"""A thing that goes by a phrase with less than this probability is not weighed when another is pointed at."""


def question(phrase: str) -> str:
    """Return the question that a location answers, by which repeated answers are known."""
    return f"where is the {phrase}"


def newborn(
    words: tuple[tuple[str, float], ...], look: ObjectMeasurement, *, id: str, noise: NoiseModel
) -> Slot:
    """Return the belief about a thing that was pointed at for the first time.

    Args:
        words: The phrases that were asked for, each with the probability that pointing here was right.
        look: What was seen.
        id: The new slot's.
        noise: How often a new thing is what was asked for (`alike`), and wrong answers fall on it.
    """
    (phrase, right), *others = words
    so = right * noise.alike
    p = so / (so + (1.0 - right) * noise.wrong_here * (1.0 - noise.alike))
    labels = Categorical.of({phrase: p})
    for name, p_right in others:
        labels = labels.updated(_pointed(name, p_right, noise))
    slot = first_look(phrase, look, id=id, bias=noise.shared(look))
    return replace(slot, labels=labels, attributes=attributes_of(labels.best()))


def pointed_at(slot: Slot, phrase: str, p_right: float, *, weight: float, noise: NoiseModel) -> Slot:
    """Return the belief about a thing that was pointed at when `phrase` was asked for.

    A wrong answer falls on this very thing with probability `wrong_here`, whatever it is called.
    """
    labels = slot.labels.updated(_pointed(phrase, p_right, noise), weight=weight)
    if labels.best() == slot.labels.best():
        return replace(slot, labels=labels)
    return replace(slot, labels=labels, attributes={**slot.attributes, **attributes_of(labels.best())})


def passed_over(slot: Slot, phrase: str, p_right: float, *, weight: float, noise: NoiseModel) -> Slot:
    """Return the belief about a thing in plain view when `phrase` was asked for and another was pointed at.

    It speaks against the phrase as far as two things seldom share one.
    """
    if slot.labels.p(phrase) < WORTH:
        return slot
    though = (1.0 - p_right) + p_right * noise.alike / 2.0
    return replace(slot, labels=slot.labels.updated({phrase: math.log(though), OTHER: 0.0}, weight=weight))


def _pointed(phrase: str, p_right: float, noise: NoiseModel) -> dict[str, float]:
    return {phrase: math.log(p_right), OTHER: math.log((1.0 - p_right) * noise.wrong_here)}
