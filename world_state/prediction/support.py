"""What a thing that is let go or dropped comes to rest on: the table, a top, a container's floor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from hybridctl.messages.arrays import FloatArray
from world_state.attachment import Attachment
from world_state.beliefs import Beliefs
from world_state.errors import UnknownSlot
from world_state.prediction.footing import Footing, footings_of
from world_state.prediction.rigid import at_rest
from world_state.slot import Slot
from world_state.transport import inverse

RELEASE_STD = 0.01
"""How far a thing rolls or tips that is let go on purpose [m]."""
DROP_STD = 0.03
"""... and that is lost on the way [m]."""
HEIGHT_STD = 0.01
"""It may come to lie on its side, or on something that nobody has seen [m]."""
RELEASE_TURN, DROP_TURN = 0.05, 0.5
"""How far it turns meanwhile [rad]."""
LOST, DROPPED_LOST = 0.002, 0.02
"""Probability that what is let go, or dropped, rolls out of reach and rests on nothing that is known."""
ABOVE = 0.02
"""A surface this much higher than the thing's bottom at release may still be below it [m]."""
SAMPLES = 256


@dataclass(frozen=True)
class Support:
    """One outcome of letting go.

    Attributes:
        kind: `on`, `in`, or `none` where the thing rolls out of reach.
        to: Slot id, articulation name or `table`; empty with `none`.
        probability: Of all outcomes together 1.
        height: Of the surface [m], with its standard deviation `height_std` [m].
        middle: Where the thing's centre comes to lie, mean of shape (2,) [m].
        spread: Second moment of that about the mean, shape (2, 2) [m²].
    """

    kind: str
    to: str
    probability: float
    height: float
    height_std: float
    middle: FloatArray
    spread: FloatArray


def supports(
    beliefs: Beliefs, slot_id: str, *, table_height: float, on_purpose: bool = True
) -> tuple[Support, ...]:
    """Return what a thing would come to rest on were it let go now, most probable first.

    Samples of where it falls, and of where everything below it stands, meet from the top down: the highest
    surface under a sample takes it, with the probability that that surface exists and is open.

    Args:
        beliefs: As of the moment of letting go.
        slot_id: The thing.
        table_height: Of the table top in the base frame [m].
        on_purpose: Whether it is set down rather than dropped.

    Raises:
        UnknownSlot: there is no such slot.
    """
    slot = _slot(beliefs, slot_id)
    fall, roll, others = _draws()
    at = slot.position[:2] + fall @ _root(slot.covariance[:2, :2]).T
    rolled = at + roll * (RELEASE_STD if on_purpose else DROP_STD)
    bottom = slot.position[2] - slot.extent[2] / 2.0
    radius = float(slot.extent[:2].min()) / 2.0
    left = np.full(SAMPLES, 1.0 - (LOST if on_purpose else DROPPED_LOST))
    found = [_nothing(slot, 1.0 - float(left[0]))]
    below = [f for f in _candidates(beliefs, slot) if f.height <= bottom + ABOVE]
    for number, footing in enumerate(sorted(below, key=lambda f: -f.height)):
        centre = footing.slot.position[:2]
        draws = np.roll(others, number, axis=0) @ _root(footing.slot.covariance[:2, :2]).T
        taken = left * footing.holds(at - centre - draws) * footing.probability
        if taken.sum() <= 0.0:
            continue
        left = left - taken
        rest = rolled
        if footing.kind == "in":
            rest = centre + draws + footing.kept(rolled - centre - draws, radius=radius)
        found.append(_outcome(footing.kind, footing.to, footing.height, footing.height_std, rest, taken))
    found.append(_outcome("on", "table", table_height, 0.0, rolled, left))
    return tuple(sorted(found, key=lambda s: -s.probability))


def rest(beliefs: Beliefs, slot_id: str, *, table_height: float, stamp: float, on_purpose: bool) -> Slot:
    """Return the belief about a thing that has left the hand: on what is below it, and less sure.

    The mean is that of the most probable support, since a mean between two heights is nowhere; the covariance
    is the second moment of all of them about it.

    Args:
        beliefs: As of the moment of letting go, the thing where the hand had it.
        slot_id: The thing.
        table_height: Of the table top in the base frame [m].
        stamp: When it was let go [s].
        on_purpose: Whether it is set down rather than dropped.

    Raises:
        UnknownSlot: there is no such slot.
    """
    slot = _slot(beliefs, slot_id)
    outcomes = supports(beliefs, slot_id, table_height=table_height, on_purpose=on_purpose)
    landed = [s for s in outcomes if s.kind != "none"]
    best, total = landed[0], sum(s.probability for s in landed)
    mean = np.append(best.middle, best.height + slot.extent[2] / 2.0)
    moment = np.zeros((3, 3))
    for s in landed:
        off = np.append(s.middle - best.middle, s.height - best.height)
        moment += s.probability / total * np.outer(off, off)
        moment[:2, :2] += s.probability / total * s.spread
        moment[2, 2] += s.probability / total * (s.height_std**2 + HEIGHT_STD**2)
    pose = at_rest(slot.pose, mean, moment, turn_std=RELEASE_TURN if on_purpose else DROP_TURN)
    parent = beliefs.slots.get(best.to)
    T = None if parent is None else inverse(parent.pose.T) @ pose.T
    return slot.corrected_by(
        "hand",
        stamp=stamp,
        pose=pose,
        attachment=Attachment(best.kind, best.to, best.probability, T),
        status="released" if on_purpose else "dropped",
    )


def _slot(beliefs: Beliefs, slot_id: str) -> Slot:
    if slot_id not in beliefs.slots:
        raise UnknownSlot(slot_id, beliefs.slots)
    return beliefs.slots[slot_id]


def _candidates(beliefs: Beliefs, slot: Slot) -> list[Footing]:
    """Return all surfaces but the thing's own, those of what rests on it, and those of what is held.

    Nor of what lies in a container: what falls on that rolls off it, to the floor beside.
    """
    found = [
        footing
        for other in beliefs.slots.values()
        if other.id != slot.id
        and other.attachment.kind not in ("held", "in")
        and other.attachment.to != slot.id
        and _may_be_below(other, slot)
        for footing in footings_of(beliefs, other)
    ]
    inside = [f for f in found if f.kind == "in"]
    return [f for f in found if f.kind == "in" or not any(_lies_in(f.slot, c) for c in inside)]


def _may_be_below(other: Slot, slot: Slot) -> bool:
    """Return whether a thing's middle may be over the circle about the other, by six standard deviations."""
    away = float(np.hypot(*(other.position - slot.position)[:2]))
    std = np.sqrt(np.trace((other.covariance + slot.covariance)[:2, :2]))
    return bool(away < float(np.hypot(*other.extent[:2])) / 2.0 + 6.0 * std)


def _lies_in(slot: Slot, container: Footing) -> bool:
    if slot.id == container.slot.id:
        return False
    bottom = slot.position[2] - slot.extent[2] / 2.0
    rim = container.slot.position[2] + container.slot.extent[2] / 2.0
    return bool(bottom < rim and container.holds((slot.position - container.slot.position)[None, :2])[0])


def _outcome(
    kind: str, to: str, height: float, height_std: float, at: FloatArray, weights: FloatArray
) -> Support:
    total = float(weights.sum())
    share = weights / total if total > 0.0 else np.full(SAMPLES, 1.0 / SAMPLES)
    middle = share @ at
    off = at - middle
    return Support(kind, to, total / SAMPLES, height, height_std, middle, (off * share[:, None]).T @ off)


def _nothing(slot: Slot, probability: float) -> Support:
    return Support("none", "", probability, 0.0, 0.0, slot.position[:2], slot.covariance[:2, :2])


@cache
def _draws() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return three standard normal samples, shape (SAMPLES, 2), whose means and covariances are exact.

    The same ones serve every call, so that a belief has one outcome; without anything below, mean and
    covariance come out as if no samples had been taken.
    """
    draws = np.random.default_rng(0).standard_normal((SAMPLES, 6))
    draws -= draws.mean(axis=0)
    draws = draws @ np.linalg.inv(np.linalg.cholesky(draws.T @ draws / SAMPLES)).T
    return draws[:, :2], draws[:, 2:4], draws[:, 4:]


def _root(covariance: FloatArray) -> FloatArray:
    """Return A with A Aᵀ = covariance, shape (2, 2)."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
