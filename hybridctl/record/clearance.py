"""An arm's clearances to the table and between its links, all at once: the control loop waits for it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import FloatArray

_TINY = 1e-12


class Clearance(NamedTuple):
    """The tightest places of a posture; None where there is nothing to measure.

    Attributes:
        height: Lowest height of a table body over z = 0 [m].
        body: Which body that is.
        gap: Smallest gap between two links [m], negative where they overlap.
        pair: Which two links these are.
    """

    height: float | None
    body: str
    gap: float | None
    pair: str


class Clearances:
    """Distances of a robot model's table bodies to a plane, and between its self-collision pairs."""

    def __init__(self, model: RobotModel) -> None:
        self._model = model
        bodies = model.capsules
        index = {body.name: i for i, body in enumerate(bodies)}
        self._joints = np.array([body.joint + 1 for body in bodies])  # 0 is the base
        self._start = np.array([body.start for body in bodies])
        self._end = np.array([body.end for body in bodies])
        self._radius = np.array([body.radius for body in bodies])
        boxes = [np.zeros((3, 3)) if body.half_sides is None else body.half_sides for body in bodies]
        self._half_sides = np.array(boxes)
        self._is_box = np.array([body.half_sides is not None for body in bodies])
        self._table = np.array([index[name] for name in model.table_bodies], dtype=int)
        pairs = [(index[a], index[b]) for a, b in model.self_collision_pairs]
        self._pairs = np.array(pairs, dtype=int).reshape(-1, 2)

    def measure(self, q: FloatArray) -> Clearance:
        """Return the tightest places; a box is lowest at a corner, everything else is its capsule.

        Args:
            q: Joint positions, shape (n,) [rad].
        """
        T = np.array([np.eye(4), *self._model.joint_poses(q)])[self._joints]
        R, p = T[:, :3, :3], T[:, :3, 3]
        start = (R @ self._start[:, :, None])[:, :, 0] + p
        end = (R @ self._end[:, :, None])[:, :, 0] + p
        low = np.minimum(start[:, 2], end[:, 2]) - self._radius
        reach = np.abs((self._half_sides @ R[:, 2, :, None])[:, :, 0]).sum(axis=1)
        low = np.where(self._is_box, (start[:, 2] + end[:, 2]) / 2 - reach, low)
        a, b = self._pairs.T
        gaps = segment_distances(start[a], end[a], start[b], end[b]) - self._radius[a] - self._radius[b]
        lowest = int(low[self._table].argmin()) if len(self._table) else None
        closest = int(gaps.argmin()) if len(gaps) else None
        return Clearance(
            None if lowest is None else float(low[self._table][lowest]),
            "" if lowest is None else self._model.table_bodies[lowest],
            None if closest is None else float(gaps[closest]),
            "" if closest is None else " to ".join(self._model.self_collision_pairs[closest]),
        )


def segment_distances(a0: FloatArray, a1: FloatArray, b0: FloatArray, b1: FloatArray) -> FloatArray:
    """Return the distances of P pairs of segments, shape (P,) [m], from their ends, each (P, 3).

    Ericson, Real-Time Collision Detection, 5.1.9.
    """
    d1, d2, r = a1 - a0, b1 - b0, a0 - b0
    a, e, b = (d1 * d1).sum(axis=1), (d2 * d2).sum(axis=1), (d1 * d2).sum(axis=1)
    c, f = (d1 * r).sum(axis=1), (d2 * r).sum(axis=1)
    denominator = a * e - b * b
    crossing = (b * f - c * e) / np.maximum(denominator, _TINY)
    # Parallel, or one is a point: the first's nearest point to the second's start will do.
    s = np.clip(np.where(denominator > _TINY, crossing, -c / np.maximum(a, _TINY)), 0.0, 1.0)
    free = (b * s + f) / np.maximum(e, _TINY)
    t = np.clip(free, 0.0, 1.0)
    s = np.where(free == t, s, np.clip((b * t - c) / np.maximum(a, _TINY), 0.0, 1.0))
    gap = r + s[:, None] * d1 - t[:, None] * d2
    return np.asarray(np.sqrt((gap * gap).sum(axis=1)))
