"""Whether a thing is still there: what being seen, or its empty place, does to its log-odds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from world_state.fact import sigmoid
from world_state.noise import NoiseModel
from world_state.presence import Glance
from world_state.slot import Slot


def present(slot: Slot, *, noise: NoiseModel) -> Slot:
    """Return the belief about a thing at whose place something of its height was seen."""
    return _by(slot, math.log(noise.seen_there / noise.seen_for_another), noise)


def absent(slot: Slot, glance: Glance, *, noise: NoiseModel) -> tuple[Slot, float]:
    """Return the belief about a thing whose place was seen empty, and how surprising that is [nat].

    It speaks against the thing as far as the thing would have stood within reach of the look: where one is
    only vaguely believed to be, an empty middle says little.
    """
    variance = float(np.trace(slot.pose.joint[:2, :2])) / 2.0
    off = float(np.linalg.norm(slot.position[:2] - glance.place[:2]))
    covered = -math.expm1(-0.5 * max(0.0, glance.reach - off) ** 2 / variance)
    if_there = covered * noise.empty_though_there + (1.0 - covered)
    if_gone = 1.0 - noise.seen_for_another
    p = sigmoid(slot.existence)
    surprise = -math.log(min(1.0, p * if_there + (1.0 - p) * if_gone))
    return _by(slot, min(0.0, math.log(if_there / if_gone)), noise), surprise


def is_dead(slot: Slot, *, now: float, noise: NoiseModel) -> bool:
    """Return whether a thing is to be forgotten: its place was seen empty, and it turned up nowhere since."""
    return slot.status != "held" and slot.existence < noise.dead and now - slot.last_seen > noise.keep_lost


def _by(slot: Slot, change: float, noise: NoiseModel) -> Slot:
    limit = noise.existence_limit
    existence = max(-limit, min(limit, slot.existence + change))
    return slot if existence == slot.existence else replace(slot, existence=existence)
