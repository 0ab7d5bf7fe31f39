"""What an answered question does to the beliefs, whoever answered it: a network or a person."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from world_state.articulation import Articulation
from world_state.beliefs import Beliefs
from world_state.categorical import OTHER, Categorical
from world_state.fact import Fact
from world_state.noise import NoiseModel
from world_state.questions import NO, YES, Asked, by_state, log_mean, plain, understood
from world_state.slot import Slot

UNLISTED = 0.05
"""Probability that what is so is none of the answers that a question admits."""


def weighed(
    beliefs: Beliefs, question: str, log_likelihoods: Mapping[str, float], *, weight: float, stamp: float,
    noise: NoiseModel,
) -> tuple[Beliefs, float]:  # fmt: skip
    """Return the beliefs after an answer, and how surprising it was [nat].

    Args:
        beliefs: Before.
        question: What was asked, in words (world_state/questions.py says what is understood).
        log_likelihoods: For each answer that the question admits, ln p(what was said | that answer) [nat].
        weight: What the evidence counts, in [0, 1].
        stamp: When it was taken [s].
        noise: Of facts the half-life, of existence the limit.
    """
    asked = understood(question, tuple(log_likelihoods))
    thing = _thing(beliefs, asked.name)
    if asked.about == "articulation":
        return _articulation(beliefs, asked, by_state(asked, log_likelihoods), weight=weight, stamp=stamp)
    if asked.about == "existence" and thing is not None:
        llr = weight * (log_likelihoods[YES] - log_likelihoods[NO])
        limit = noise.existence_limit
        existence = max(-limit, min(limit, thing.existence + llr))
        surprise = _surprise({YES: thing.p_exists, NO: 1.0 - thing.p_exists}, log_likelihoods)
        return beliefs.with_slot(replace(thing, existence=existence)), surprise
    if asked.about == "attribute" and thing is not None:
        return _attribute(beliefs, thing, asked.detail, log_likelihoods, weight=weight)
    key = asked.name if asked.about == "fact" else plain(question)
    return _fact(beliefs, key, log_likelihoods, weight=weight, stamp=stamp, noise=noise)


def _thing(beliefs: Beliefs, phrase: str) -> Slot | None:
    """Return the thing of that name, even one that is no longer believed to be there."""
    named = [slot for slot in beliefs.slots.values() if slot.phrase == phrase]
    return max(named, key=lambda slot: slot.p_exists * slot.labels.p(phrase), default=None)


def _articulation(
    beliefs: Beliefs, asked: Asked, states: dict[str, float], *, weight: float, stamp: float
) -> tuple[Beliefs, float]:
    before = beliefs.articulations.get(asked.name) or Articulation.unknown(asked.name, stamp=stamp)
    now = before.predict(stamp - before.stamp)
    after = before.correct({state: weight * value for state, value in states.items()}, stamp=stamp)
    return beliefs.with_articulation(after), _surprise(now.states, states)


def _attribute(
    beliefs: Beliefs, thing: Slot, attribute: str, log_likelihoods: Mapping[str, float], *, weight: float
) -> tuple[Beliefs, float]:
    before = thing.attributes.get(attribute)
    if before is None:  # any of the answers, or none of them
        share = (1.0 - UNLISTED) / len(log_likelihoods)
        before = Categorical.of(dict.fromkeys(log_likelihoods, share))
    # Of what was no possible answer the answer says nothing.
    evidence = {OTHER: log_mean(tuple(log_likelihoods.values())), **log_likelihoods}
    after = before.updated(evidence, weight=weight)
    surprise = _surprise({answer: before.p(answer) for answer in log_likelihoods}, log_likelihoods)
    slot = replace(thing, attributes={**thing.attributes, attribute: after})
    return beliefs.with_slot(slot), surprise


def _fact(
    beliefs: Beliefs, key: str, log_likelihoods: Mapping[str, float], *, weight: float, stamp: float,
    noise: NoiseModel,
) -> tuple[Beliefs, float]:  # fmt: skip
    """Weigh a yes or no as one fact, and each of other answers as a fact of its own, `question: answer`."""
    if set(log_likelihoods) == {YES, NO}:
        ratios = {key: log_likelihoods[YES] - log_likelihoods[NO]}
        prior = 0.0
    else:
        prior = -math.log(len(log_likelihoods) - 1.0)
        ratios = {}
        for answer, value in log_likelihoods.items():
            others = tuple(other for name, other in log_likelihoods.items() if name != answer)
            ratios[f"{key}: {answer}"] = value - log_mean(others)
    surprise = 0.0
    # What has faded is as if nobody had asked: the memory does not grow by each question.
    kept = {name: fact for name, fact in beliefs.facts.items() if not fact.faded(stamp)}
    if len(kept) < len(beliefs.facts):
        beliefs = replace(beliefs, facts=kept)
    for name, llr in ratios.items():
        before = beliefs.facts.get(name) or Fact(name, prior, stamp, noise.fact_half_life, prior)
        p = before.probability(stamp)
        surprise = max(
            surprise, -math.log(p * math.exp(min(0.0, llr)) + (1.0 - p) * math.exp(min(0.0, -llr)))
        )
        beliefs = beliefs.with_fact(before.updated(weight * llr, stamp))
    return beliefs, surprise


def _surprise(predicted: Mapping[str, float], log_likelihoods: Mapping[str, float]) -> float:
    """Return minus the log of how likely the answer was, compared with the belief that fits it best [nat]."""
    top = max(log_likelihoods.values())
    weighted = sum(predicted.get(name, 0.0) * math.exp(v - top) for name, v in log_likelihoods.items())
    rest = max(0.0, 1.0 - sum(predicted.get(name, 0.0) for name in log_likelihoods))
    mean = math.exp(log_mean(tuple(log_likelihoods.values())) - top)
    return -math.log(min(1.0, max(weighted + rest * mean, 1e-30)))
