"""Which thing was seen at which place: simultaneous looks are explained together.

Depth says that something stands at a place; the policy says what it is called. A place is explained by a
known thing that stayed, was nudged or was moved there, by a new thing, or by clutter. Each explanation has
a likelihood: of the place (a Gaussian about where the thing was; or anywhere, if it was moved), of its size,
and of the words, which may be wrong. One place goes to one thing and one thing to one place, so that the sum
of log-likelihoods is greatest (global nearest neighbour: Bar-Shalom, Willett, Tian, Tracking and data
fusion, 2011, chapter 6).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from hybridctl.messages.arrays import FloatArray
from world_state.depth import ObjectMeasurement
from world_state.motion import DRIFT_VARIANCE, predict
from world_state.noise import NoiseModel
from world_state.pose import PoseBelief, log_likelihood, nis
from world_state.prediction.surprise import measurement_gap
from world_state.sighting import Sighting
from world_state.slot import GATE, Slot

SAME_PLACE = 0.006
"""Answers whose measurements lie nearer than this point at one thing [m]."""
SIZE_STD = 0.004
"""Standard deviation of a measured size [m]."""
NUDGE_STD = 0.025
"""How far a push moves a thing [m]."""
TOO_LARGE, TOO_SMALL = -4.0, -12.0
"""A size that does not fit at all costs this [nat]: depth may join what touches, but takes nothing away."""
ROUNDNESS = -2.0
"""What a turn costs that a thing has now and had not, or the contrary [nat]."""
_LEAST = 1e-12


class Place(NamedTuple):
    """Something that stands at one place, and what the policy was asked for when it pointed there.

    `words` are pairs of a phrase and the probability that pointing here was right, in the order of phrases.
    """

    look: ObjectMeasurement
    words: tuple[tuple[str, float], ...]


class Explanation(NamedTuple):
    """What stands at a place.

    `slot` is the id of a known thing, None for a new one or clutter; `how` is one of `stayed`, `moved`, `new`
    and `clutter`; `surprise` is minus the log of how expected that was [nat].
    """

    slot: str | None
    how: str
    surprise: float


def places(sightings: Sequence[Sighting], *, noise: NoiseModel) -> tuple[Place, ...]:
    """Return the things that the sightings point at; their order does not depend on that of the sightings."""
    found: list[list[Sighting]] = []
    for sighting in sorted(sightings, key=lambda s: (s.phrase, s.look.position.tolist())):
        for group in found:
            if any(_at_one_place(sighting.look, s.look) for s in group):
                group.append(sighting)
                break
        else:
            found.append([sighting])
    return tuple(
        Place(noise.trusted(group[0].look), tuple((s.phrase, noise.p_right(s.confidence)) for s in group))
        for group in found
    )


def explained(
    seen: Sequence[Place], slots: Sequence[Slot], says: Mapping[str, str], *, noise: NoiseModel
) -> tuple[Explanation, ...]:
    """Return the likeliest explanation of all places together, one for each.

    Args:
        seen: What was seen, at one time.
        slots: The things that it may be.
        says: What depth says of them by id, `present` or `absent`; nothing where their places are hidden.
        noise: How far all that is trusted.
    """
    if not seen:
        return ()
    names = {name for place in seen for name, _ in place.words}
    called = {name: np.array([slot.labels.p(name) for slot in slots]) for name in names}
    there = np.array([slot.p_exists for slot in slots])
    taken = {name: float((p * there).max(initial=0.0)) for name, p in called.items()}
    gains = np.full((len(seen), len(slots) + 2 * len(seen)), -np.inf)
    staying = np.full((len(seen), len(slots)), -np.inf)
    aged: dict[str, PoseBelief] = {}
    known = _Known.of(slots, says, noise=noise) if slots else None
    free = {name: np.array([min(0.9, max(noise.alike, 1.0 - taken[name]))]) for name in names}
    for row, place in enumerate(seen):
        if known is not None:
            staying[row], moving = known.fits(place.look, aged, noise=noise)
            gains[row, : len(slots)] = np.logaddexp(staying[row], moving) + _words(place, called, noise)
        born = math.log(noise.new_thing / noise.space)
        gains[row, len(slots) + row] = born + float(_words(place, free, noise)[0])
        gains[row, len(slots) + len(seen) + row] = math.log(noise.clutter / noise.space)
    rows, columns = linear_sum_assignment(np.where(np.isfinite(gains), -gains, 1e6))
    answers: dict[int, Explanation] = {}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if column >= len(slots) + len(seen):
            answers[row] = Explanation(None, "clutter", -math.log(noise.clutter))
        elif column >= len(slots):
            answers[row] = Explanation(None, "new", -math.log(noise.new_thing))
        else:
            slot = slots[column]
            (move,) = _moves((slot,), says, noise)
            stayed = staying[row, column] > move - math.log(noise.space)
            answers[row] = Explanation(
                slot.id,
                "stayed" if stayed else "moved",
                unexpected(slot, seen[row].look, aged, noise=noise) if stayed else -move,
            )
    return tuple(answers[row] for row in range(len(seen)))


def _at_one_place(one: ObjectMeasurement, other: ObjectMeasurement) -> bool:
    """Return whether two looks of one picture are of one thing.

    Two things do not stand in each other: what may be the same by its noise is, within half a width.
    """
    off = one.position - other.position
    apart = math.sqrt(float(off @ off))
    if apart < SAME_PLACE:
        return True
    if apart > 0.5 * min(one.extent[:2].min(), other.extent[:2].min()):
        return False
    return float(off @ np.linalg.solve(one.covariance + other.covariance, off)) < GATE


def unexpected(
    slot: Slot, look: ObjectMeasurement, aged: dict[str, PoseBelief], *, noise: NoiseModel
) -> float:
    """Return minus the log of the chance that a look of a thing that stayed is as far off as this [nat].

    `aged` holds the poses as predicted for the time of the look that were needed so far, by id.
    """
    bias = noise.shared(look)
    pose = _aged(slot, look, aged)
    off = nis(pose, look.position, look.covariance - bias, view=look.view, bias=bias)
    return measurement_gap(off, 3, slot.phrase).nats


def _aged(slot: Slot, look: ObjectMeasurement, aged: dict[str, PoseBelief]) -> PoseBelief:
    if slot.id not in aged:
        dt = 0.0 if slot.status == "held" else look.stamp - slot.stamp
        aged[slot.id] = predict(slot.pose, dt)
    return aged[slot.id]


class _Known(NamedTuple):
    """What the slots, and what depth says of them, bring to every place: arrays of (n,), by slot."""

    slots: Sequence[Slot]
    says: Mapping[str, str]
    positions: FloatArray  # (n, 3) [m]
    spread: FloatArray  # sum of the variances of its place [m²]
    sides: FloatArray  # (n, 2) the shorter and the longer one [m]
    tall: FloatArray  # [m]
    turned: NDArray[np.bool_]  # whether its turn matters
    exists: FloatArray  # ln of the probability that it is there [nat]
    moved: FloatArray  # ln of the density of its being elsewhere [nat]

    @classmethod
    def of(cls, slots: Sequence[Slot], says: Mapping[str, str], *, noise: NoiseModel) -> Self:
        extent = np.array([slot.extent for slot in slots])
        return cls(
            slots, says,
            positions=np.array([slot.pose.position for slot in slots]),
            spread=np.array([slot.pose.scatter for slot in slots]),
            sides=np.sort(extent[:, :2], axis=1),
            tall=extent[:, 2],
            turned=np.array([slot.pose.symmetry != 0 for slot in slots]),
            exists=np.array([math.log(slot.p_exists) for slot in slots]),
            moved=np.array(_moves(slots, says, noise)) - math.log(noise.space),
        )  # fmt: skip

    def fits(
        self, look: ObjectMeasurement, aged: dict[str, PoseBelief], *, noise: NoiseModel
    ) -> tuple[FloatArray, FloatArray]:
        """Return ln p(look | each slot) if it stayed (nudged or not), and if moved, both (n,) [nat]."""
        off = look.position - self.positions
        distance = (off * off).sum(axis=1)
        fits = self._sizes(look)
        stayed = np.full(len(self.slots), -np.inf)
        bias = noise.shared(look)
        own = look.covariance - bias
        blur = 2.0 * float(look.covariance.trace())
        for i in np.flatnonzero(distance <= GATE * (self.spread + NUDGE_STD**2)).tolist():
            slot, spread, away = self.slots[i], float(self.spread[i]), float(distance[i])
            variance = NUDGE_STD**2 + spread / 3.0
            nudged = -0.5 * away / variance - 1.5 * math.log(2.0 * math.pi * variance)
            total = math.log(noise.nudged) + nudged
            older = spread + 3.0 * DRIFT_VARIANCE * max(0.0, look.stamp - slot.stamp)
            # d² / tr(S) <= dᵀ S⁻¹ d: what fails this is outside the gate, and most are, without solving it.
            if slot.pose.moving or away <= GATE * (older + blur):
                pose = _aged(slot, look, aged)
                still = log_likelihood(pose, look.position, own, view=look.view, bias=bias)
                gone = math.log(noise.empty_though_there) if self.says.get(slot.id) == "absent" else 0.0
                there = math.log(1.0 - noise.nudged) + still + gone
                total = max(there, total) + math.log1p(math.exp(-abs(there - total)))
            stayed[i] = fits[i] + self.exists[i] + total
        return stayed, self.moved + fits

    def _sizes(self, look: ObjectMeasurement) -> FloatArray:
        """Return how far size and shape speak against each slot, at most 0, shape (n,) [nat]."""
        if look.clipped:
            return np.zeros(len(self.slots))
        # A square's two sides are measured in either order.
        miss = self.sides - np.sort(look.extent[:2])
        tall = self.tall - look.extent[2]
        most = np.where((miss.max(axis=1) > 0.0) & (miss.min(axis=1) > -SIZE_STD), TOO_SMALL, TOO_LARGE)
        fits = np.maximum(-0.5 * ((miss * miss).sum(axis=1) + tall * tall) / SIZE_STD**2, most)
        return np.asarray(fits + np.where(self.turned != look.yaw_meaningful, ROUNDNESS, 0.0))


def _words(place: Place, called: Mapping[str, FloatArray], noise: NoiseModel) -> FloatArray:
    """Return ln p(what was said of the place | probabilities, (n,), of being called so), shape (n,) [nat]."""
    likely = [
        right * called[name] + (1.0 - right) * noise.wrong_here * (1.0 - called[name])
        for name, right in place.words
    ]
    return np.asarray(np.log(np.maximum(likely, _LEAST)).sum(axis=0))


def _moves(slots: Sequence[Slot], says: Mapping[str, str], noise: NoiseModel) -> list[float]:
    """Return ln of the probability that each thing stands elsewhere in the picture [nat]."""
    gone, hidden = math.log(noise.moved_if_absent), math.log(noise.moved_if_hidden)
    by = {"absent": gone, "present": math.log(noise.moved_if_present)}
    return [
        # What is held may be anywhere; the place of what hardly exists was seen empty before.
        gone if slot.existence < 0.0 or slot.status == "held" else by.get(says.get(slot.id, ""), hidden)
        for slot in slots
    ]
