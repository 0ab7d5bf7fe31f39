"""What a depth image says of known things: still there, gone, or not to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar
from hybridctl.messages.observation import Observation
from world_state.slot import Slot

SAYS = ("present", "absent")
"""A thing that depth says nothing of (hidden, out of the image, behind the arm) has no glance."""
ABOVE_SUPPORT = 0.008
"""What stands less than this above a thing's support is the support [m]."""
OVER_TOP = 0.015
"""What reaches higher than this over a thing's top is something else, before it or on it [m]."""
BESIDE = 0.01
"""What lies farther than this beside its outline is something else [m]."""
RADII = (0.0, 0.3, 0.6, 0.8, 0.9, 1.0)
"""Where a footprint is looked at, in half lengths from its centre: mostly its rim, all that a bowl has."""
REACH = 1.5
"""A thing that stands farther than this from where it is looked for shows nothing there, in half lengths."""
TALL = 0.5
"""What stands there must reach this part of its height to be taken for it."""
THERE, THROUGH, STRAY = 0.2, 0.75, 0.1
"""Share of samples that must show it to be present; that must see through to be absent, with at most STRAY
showing anything at its place. A bowl shows by its wall, near half of the samples."""

_turns = 2.0 * np.pi * np.arange(12) / 12
SAMPLES: FloatArray = np.vstack([r * np.column_stack([np.cos(_turns), np.sin(_turns)]) for r in RADII])
"""The samples in half lengths from the centre, shape (72, 2)."""


@dataclass(frozen=True, eq=False)
class Glance:
    """What depth says of one known thing.

    Attributes:
        slot: Its id when the picture was taken.
        place: Where it was looked for, shape (3,) [m].
        says: One of SAYS.
        reach: How far from there it could stand and would still have been seen [m].
    """

    slot: str
    place: FloatArray
    says: str
    reach: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", checked("Glance.place", self.place, shape=(3,)))
        checked_scalar("Glance.reach", self.reach, low=0.0)
        if self.says not in SAYS:
            raise MessageError(f"Glance.says is {self.says!r}, expected one of {', '.join(SAYS)}")

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"slot": self.slot, "place": self.place.tolist(), "says": self.says, "reach": self.reach}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(**values)


def glances(picture: Observation, slots: Sequence[Slot], *, T_base_camera: FloatArray) -> tuple[Glance, ...]:
    """Return what the picture says of each slot, hidden ones left out.

    Rays go to points spread over the middle of the thing. One that ends on the thing's place, above its
    support and not over its top, shows something there. One that goes on behind sees through where the thing
    should be. One that ends before is blocked.

    Args:
        picture: The depth image.
        slots: Things as they are believed to stand at its stamp; held ones are the caller's to leave out.
        T_base_camera: The camera's pose, levelled by the table (world_state/levelling.py), shape (4, 4) [m].
    """
    if not slots:
        return ()
    centre = np.stack([slot.position for slot in slots])
    extent = np.stack([slot.extent for slot in slots])
    half = extent[:, :2].max(axis=1) / 2
    sample = np.repeat(centre[:, None, :], len(SAMPLES), axis=1)
    sample[..., :2] += half[:, None, None] * SAMPLES
    R, p = T_base_camera[:3, :3], T_base_camera[:3, 3]
    local = (sample - p) @ R
    z = local[..., 2]
    before = z > 1e-3
    safe = np.where(before, z, 1.0)
    K = picture.K
    u = np.floor(K[0, 0] * local[..., 0] / safe + K[0, 2])
    v = np.floor(K[1, 1] * local[..., 1] / safe + K[1, 2])
    rows, columns = picture.depth.shape
    inside = before & (u >= 0) & (u < columns) & (v >= 0) & (v < rows)
    column, row = np.where(inside, u, 0).astype(np.int64), np.where(inside, v, 0).astype(np.int64)
    depth = picture.depth[row, column]
    seen = inside & (depth > 0.0)
    # The point that the pixel really shows lies on the pixel's own ray, not on the sample's.
    ray = np.stack([(column + 0.5 - K[0, 2]) / K[0, 0], (row + 0.5 - K[1, 2]) / K[1, 1]], axis=-1)
    shown = np.concatenate([ray * depth[..., None], depth[..., None]], axis=-1) @ R.T + p

    height = shown[..., 2] - (centre[:, 2] - extent[:, 2] / 2)[:, None]
    outline = (extent[:, :2].max(axis=1) / 2 * 2**0.5 + BESIDE)[:, None]
    beside = np.linalg.norm(shown[..., :2] - centre[:, None, :2], axis=-1) > outline
    tall = extent[:, 2][:, None]
    there = seen & (height > ABOVE_SUPPORT) & (height < tall + OVER_TOP) & ~beside
    through = seen & ~there & (depth > z)
    share_there, share_through = there.mean(axis=1), through.mean(axis=1)
    highest = np.where(there, height, 0.0).max(axis=1)
    present = (share_there >= THERE) & (highest > TALL * extent[:, 2])
    absent = (share_through >= THROUGH) & (share_there <= STRAY)
    return tuple(
        Glance(slot.id, slot.position, "present" if present[i] else "absent", float(REACH * half[i]))
        for i, slot in enumerate(slots)
        if present[i] or absent[i]
    )
