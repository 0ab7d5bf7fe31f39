"""What moves along: a drawer carries its content, a container what is in it, a plate what is on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hybridctl.messages.arrays import FloatArray, checked, checked_scalar
from world_state.beliefs import Beliefs
from world_state.slot import Slot
from world_state.so3 import hat
from world_state.transport import carried, inverse

SLIP_VARIANCE = 0.003**2 / 0.1
"""How far a thing slides on what carries it [m² a metre of way]: 3 mm in 10 cm, in however many steps."""
UNKNOWN_TRAVEL = 0.16
"""How far a drawer goes of which nobody said how it does [m]."""


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


def slid(beliefs: Beliefs, name: str, change: float, std: float, *, slide: Slide | None) -> Beliefs:
    """Return the beliefs after a drawer has moved: its slot and its content go along its axis.

    The shift is travel times the change of fraction; what is not known of the change is not known of the
    content's place along the axis. A thing that is only probably in the drawer is taken to move if that is
    more probable than not, and its covariance tells the rest.

    Args:
        beliefs: Before; the articulation itself is not touched.
        name: The articulation's.
        change: Change of the fraction that it is open by, negative when it shuts.
        std: Standard deviation of that.
        slide: Which way it goes. None where nobody knows: then all stays where it is, give or take as much,
            either way along the table.
    """
    T, covariance = np.eye(4), np.zeros((6, 6))
    if slide is None:
        covariance[:2, :2] = UNKNOWN_TRAVEL**2 * (change**2 + std**2) * np.eye(2)
    else:
        T[:3, 3] = slide.travel * change * slide.axis
        covariance[:3, :3] = (slide.travel * std) ** 2 * np.outer(slide.axis, slide.axis)
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
        wide[:2, :2] += sure * SLIP_VARIANCE * float(np.linalg.norm(shift)) * np.eye(2)
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
