"""What a thing offers others to rest on or in: its top, or its floor within walls, with the outline of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridctl.messages.arrays import FloatArray
from world_state.beliefs import Beliefs
from world_state.lexicon import CONTAINERS, FRUITS, named
from world_state.slot import Slot

TAKES_IN = frozenset((*CONTAINERS, "hole"))
"""Kinds that take things in; whatever else is known offers its top."""
ROUND = frozenset({"bowl", "plate", "cup", "ball", "cylinder", "can", *FRUITS})
"""Kinds with a round outline; of the rest, what has no turn that matters is taken as round too."""
WALL = 0.005
"""Thickness of a container's wall [m]; the simulator's are 3 to 6 mm."""
FLOOR, FLOOR_STD = 0.006, 0.004
"""Height of a container's floor above what it stands on, and how far that may be wrong [m]."""
DRAWER_FLOOR, DRAWER_FLOOR_STD = 0.025, 0.010
"""The same of a drawer, whose cabinet stands on the table [m]."""
TOP_STD = 0.003
"""How far the height of a thing's top may be wrong beside its own uncertainty [m]."""
_SECTOR = 0.5  # part of a half open drawer's mouth that a thing may fall through


@dataclass(frozen=True)
class Footing:
    """One surface that things come to rest on.

    Attributes:
        to: The thing's slot id, as an attachment names it.
        kind: `on` it or `in` it.
        slot: The thing that offers it.
        half: Half sides of the outline along and across its turn, shape (2,) [m]; the radius, twice, of a
            round one.
        wall: Thickness of the wall within that [m], 0 for a top.
        round: Whether the outline is a circle.
        height: Of the surface in the base frame [m], and its standard deviation `height_std` [m].
        probability: That it is there and takes things.
    """

    to: str
    kind: str
    slot: Slot
    half: FloatArray
    wall: float
    round: bool
    height: float
    height_std: float
    probability: float

    def holds(self, offsets: FloatArray) -> FloatArray:
        """Return which offsets from its middle, shape (n, 2) [m], base frame, are over it, shape (n,)."""
        if self.round:
            return np.asarray(np.linalg.norm(offsets, axis=1) < self.half[0])
        return np.asarray((np.abs(self._turned(offsets, back=True)) < self.half).all(axis=1))

    def kept(self, offsets: FloatArray, *, radius: float) -> FloatArray:
        """Return offsets from its middle, shape (n, 2) [m], pushed inside its walls.

        Args:
            offsets: Where the middle of a thing would be.
            radius: Of that thing [m]; one that is wider than the inside rests in the middle.
        """
        room = np.maximum(self.half - self.wall - radius, 0.0)
        if self.round:
            distance = np.linalg.norm(offsets, axis=1, keepdims=True)
            return np.asarray(offsets * np.minimum(1.0, room[0] / np.maximum(distance, 1e-9)))
        return self._turned(np.clip(self._turned(offsets, back=True), -room, room))

    @property
    def area(self) -> float:
        """Area within its walls [m²]."""
        inner = np.maximum(self.half - self.wall, 0.0)
        return float(np.pi * inner[0] ** 2 if self.round else 4.0 * inner.prod())

    def _turned(self, offsets: FloatArray, *, back: bool = False) -> FloatArray:
        c, s = np.cos(self.slot.yaw or 0.0), np.sin(self.slot.yaw or 0.0)
        R = np.array([[c, -s], [s, c]])
        return np.asarray(offsets @ (R if back else R.T))


def footings_of(beliefs: Beliefs, slot: Slot) -> tuple[Footing, ...]:
    """Return what a thing offers: its top or, of a container, its floor; of a drawer both, so far as open."""
    kind, turned = named(slot.phrase).kind, slot.yaw is not None
    half = slot.extent[:2] / 2.0
    is_round = kind in ROUND or not turned
    if is_round:
        half = np.full(2, half.min())
    std = float(np.sqrt(slot.covariance[2, 2]))
    bottom, top = (slot.position[2] + side * slot.extent[2] / 2.0 for side in (-1.0, 1.0))

    def footing(kind: str, to: str, height: float, height_std: float, p: float) -> Footing:
        wall = WALL if kind == "in" else 0.0
        height_std = float(np.hypot(std, height_std))
        return Footing(to, kind, slot, half, wall, is_round, float(height), height_std, p * slot.p_exists)

    articulation = beliefs.articulations.get(slot.phrase)
    if articulation is not None:
        takes = articulation.p_open + _SECTOR * articulation.p_ajar
        return (
            footing("in", slot.id, bottom + DRAWER_FLOOR, DRAWER_FLOOR_STD, takes),
            footing("on", slot.id, top, TOP_STD, 1.0 - takes),
        )
    if kind in TAKES_IN:
        return (footing("in", slot.id, bottom + FLOOR, FLOOR_STD, 1.0),)
    return (footing("on", slot.id, top, TOP_STD, 1.0),)
