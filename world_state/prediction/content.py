"""What moves along: a drawer carries its content, a container what is in it, a plate what is on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hybridctl.messages.arrays import FloatArray, checked, checked_scalar
from world_state.articulation import FRACTIONS, Articulation
from world_state.beliefs import Beliefs
from world_state.slot import Slot
from world_state.so3 import hat
from world_state.transport import carried, inverse

SLIP_STD = 0.003
"""How far a thing slides on what carries it, in one move of LONG_MOVE or more [m]; less in a shorter one."""
LONG_MOVE = 0.1
SOMEBODY_MOVED = 0.01
"""Part of answers about a drawer that come after somebody moved it, rather than of better knowledge of it."""


@dataclass(frozen=True)
class Slide:
    """Which way a drawer goes.

    Attributes:
        axis: Direction in which it opens, unit vector in the base frame, shape (3,).
        travel: From shut to its end [m].
    """

    axis: FloatArray
    travel: float

    def __post_init__(self) -> None:
        axis = checked("Slide.axis", self.axis, shape=(3,))
        object.__setattr__(self, "axis", axis / max(float(np.linalg.norm(axis)), 1e-12))
        checked_scalar("Slide.travel", self.travel, low=1e-6)


def content(beliefs: Beliefs, *parents: str) -> tuple[Slot, ...]:
    """Return what is on or in the parents (slot ids, articulation names), and what is on or in that."""
    found: dict[str, Slot] = {}
    names = set(parents)
    while True:
        fresh = {
            slot.id: slot
            for slot in beliefs.slots.values()
            if slot.id not in found and slot.id not in names and slot.attachment.to in names
            and slot.attachment.kind in ("on", "in")
        }  # fmt: skip
        if not fresh:
            return tuple(found.values())
        found.update(fresh)
        names |= set(fresh)


def slid(beliefs: Beliefs, name: str, change: float, std: float, *, slide: Slide) -> Beliefs:
    """Return the beliefs after a drawer has moved: its slot and its content go along its axis.

    The shift is travel times the change of fraction; what is not known of the change is not known of the
    content's place along the axis. A thing that is only probably in the drawer is taken to move if that is
    more probable than not, and its covariance tells the rest.

    Args:
        beliefs: Before; the articulation itself is not touched.
        name: The articulation's.
        change: Change of the fraction that it is open by, negative when it shuts.
        std: Standard deviation of that.
        slide: Which way it goes.
    """
    shift = slide.travel * change * slide.axis
    along = (slide.travel * std) ** 2 * np.outer(slide.axis, slide.axis)
    T, covariance = np.eye(4), np.zeros((6, 6))
    T[:3, 3], covariance[:3, :3] = shift, along
    front = beliefs.slot_named(name)
    if front is None:
        return _ridden(beliefs, (name,), T, covariance)
    beliefs = beliefs.with_slot(replace(front, pose=carried(front.pose, T @ front.pose.T, spread=covariance)))
    return _ridden(beliefs, (name, front.id), T, covariance)


def with_content(beliefs: Beliefs, before: Slot, after: Slot) -> Beliefs:
    """Return the beliefs with a slot moved, and all that is on or in it moved with it.

    Args:
        beliefs: Before.
        before: The thing where it was.
        after: The same where it is now; it replaces the slot. Where its place became less sure by the
            move, so does that of what it carries, with the lever arm of its turn.
    """
    T = after.pose.T @ inverse(before.pose.T)
    wider = np.maximum(np.diag(after.pose.pose_covariance - before.pose.pose_covariance), 0.0)
    return _ridden(beliefs.with_slot(after), (after.id,), T, np.diag(wider), about=after.position)


def change_of(before: Articulation, after: Articulation) -> tuple[float, float]:
    """Return mean and standard deviation of how far a drawer moved between two beliefs about it.

    Better knowledge of a drawer moves nothing. For each fraction where it may be now, two explanations meet:
    it was there before (as probable as the belief before says), or somebody moved it (SOMEBODY_MOVED, and
    then to anywhere). Only what the latter explains is motion.
    """
    elsewhere = SOMEBODY_MOVED / len(FRACTIONS)
    weights = after.weights * elsewhere / (elsewhere + before.weights)
    probability = float(weights.sum())
    changes = FRACTIONS - before.fraction
    mean = float(weights @ changes)
    second = float(weights @ changes**2) + probability * before.std**2
    return mean, float(np.sqrt(max(0.0, second - mean**2)))


def _ridden(
    beliefs: Beliefs,
    roots: tuple[str, ...],
    T_motion: FloatArray,
    covariance: FloatArray,
    *,
    about: FloatArray | None = None,
) -> Beliefs:
    """Return the beliefs with all that is on or in the roots moved, each as far as it is believed to ride."""
    for rider in content(beliefs, *roots):
        sure = _sureness(beliefs, rider, roots)
        shift = T_motion[:3, :3] @ rider.position + T_motion[:3, 3] - rider.position
        J = np.eye(6)
        if about is not None:
            J[:3, 3:] = -hat(rider.position + shift - about)
        wide = sure * (J @ covariance @ J.T)
        # Perhaps it was left behind, or the contrary: the second moment about the likelier place.
        wide[:3, :3] += min(sure, 1.0 - sure) * np.outer(shift, shift)
        slip = SLIP_STD * min(1.0, float(np.linalg.norm(shift)) / LONG_MOVE)
        wide[:2, :2] += sure * slip**2 * np.eye(2)
        T = T_motion @ rider.pose.T if sure >= 0.5 else rider.pose.T
        pose = carried(rider.pose, T, spread=wide)
        beliefs = beliefs.with_slot(replace(rider, pose=pose))
    return beliefs


def _sureness(beliefs: Beliefs, rider: Slot, roots: tuple[str, ...]) -> float:
    """Return the probability that a thing rests, link by link, on one of the roots."""
    sure, link = 1.0, rider
    while True:
        sure *= link.attachment.probability
        if link.attachment.to in roots:
            return sure
        link = beliefs.slots[link.attachment.to]
