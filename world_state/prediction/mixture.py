"""Beliefs where one of two things happened and nobody has looked yet: it worked, or it did not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hybridctl.messages.arrays import FloatArray, checked_scalar
from world_state.articulation import Articulation
from world_state.beliefs import Beliefs
from world_state.fact import LIMIT
from world_state.holding import LIMIT as TOUCH_LIMIT
from world_state.slot import Slot

LOST = 0.1
"""Part of failures with a thing after which it is out of reach: it rolled off the table."""


def mixture(before: Beliefs, after: Beliefs, success: float) -> Beliefs:
    """Return what is believed where `after` came about with probability `success`, else all stayed as before.

    What is discrete mixes as probabilities do. A place keeps the mean of the likelier case, since a mean
    between two places is nowhere, with the second moment of both about it. Facts are as in `after`.

    Args:
        before: The beliefs where it failed; a thing that it was about may be lost then (LOST).
        after: The beliefs where it worked.
        success: Probability of that, 0 to 1.
    """
    p = checked_scalar("success", success, low=0.0, high=1.0)
    if p == 1.0 or after is before:
        return after
    slots: dict[str, Slot] = {}
    for name, slot in after.slots.items():
        old = before.slots.get(name)
        if old is None:
            slots[name] = replace(slot, existence=log_odds(p * slot.p_exists))
        else:
            slots[name] = slot if slot is old else _mixed_slot(old, slot, p)
    articulations = {
        name: new if new is (had := before.articulations.get(name)) else _mixed_articulation(had, new, p)
        for name, new in after.articulations.items()
    }
    likely, other = (after, before) if p >= 0.5 else (before, after)
    touch = p * after.touch.probability + (1.0 - p) * before.touch.probability
    return replace(
        after,
        slots=slots,
        articulations=articulations,
        # Whether anything is held is the touch's to say; the hand knows what, in either case.
        hand=replace(likely.hand, grip=likely.hand.grip or other.hand.grip),
        touch=replace(after.touch, log_odds=log_odds(touch, limit=TOUCH_LIMIT)),
    )


def log_odds(p: float, *, limit: float = LIMIT) -> float:
    """Return ln(p / (1 - p)) [nat], held within the limit."""
    least = 1.0 / (1.0 + math.exp(limit))
    p = min(max(p, least), 1.0 - least)
    return math.log(p / (1.0 - p))


def _mixed_slot(old: Slot, new: Slot, p: float) -> Slot:
    likely, other, q = (new, old, 1.0 - p) if p >= 0.5 else (old, new, p)
    off = other.position - likely.position
    wider = q * (np.outer(off, off) + _positive(other.covariance - likely.covariance))
    attachment = likely.attachment
    if old.attachment is not new.attachment:
        attachment = replace(attachment, probability=attachment.probability * (1.0 - q))
    handled = bool(off.any())
    exists = p * new.p_exists + (1.0 - p) * old.p_exists * (1.0 - LOST if handled else 1.0)
    return replace(likely, pose=likely.pose.spread(wider), attachment=attachment, existence=log_odds(exists))


def _positive(matrix: FloatArray) -> FloatArray:
    """Return a symmetric matrix, shape (3, 3), without what is negative in it."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)


def _mixed_articulation(old: Articulation | None, new: Articulation, p: float) -> Articulation:
    if old is None:
        old = Articulation.unknown(new.name, stamp=new.stamp)
    return replace(new, weights=p * new.weights + (1.0 - p) * old.weights)
