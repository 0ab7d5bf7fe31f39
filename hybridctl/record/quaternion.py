"""Rotation matrix to unit quaternion and back, as MCAP's pose types want it."""

from __future__ import annotations

import math

import numpy as np

from hybridctl.messages.arrays import FloatArray


def quaternion(R: FloatArray) -> tuple[float, float, float, float]:
    """Return the unit quaternion (w, x, y, z) of a rotation matrix, shape (3, 3), with the largest part > 0.

    Shepperd, Quaternion from rotation matrix, J. Guidance and Control 1(3), 1978: divides by the largest
    of the four parts, so that no posture is singular.
    """
    (a, b, c), (d, e, f), (g, h, i) = R.tolist()
    squares = (1 + a + e + i, 1 + a - e - i, 1 - a + e - i, 1 - a - e + i)
    largest = max(range(4), key=squares.__getitem__)
    s = 2 * math.sqrt(squares[largest])  # four times the largest part
    if largest == 0:
        parts = (s / 4, (h - f) / s, (c - g) / s, (d - b) / s)
    elif largest == 1:
        parts = ((h - f) / s, s / 4, (b + d) / s, (c + g) / s)
    elif largest == 2:
        parts = ((c - g) / s, (b + d) / s, s / 4, (f + h) / s)
    else:
        parts = ((d - b) / s, (c + g) / s, (f + h) / s, s / 4)
    return parts


def rotations(q: FloatArray) -> FloatArray:
    """Return rotation matrices, shape (N, 3, 3), of unit quaternions (w, x, y, z), shape (N, 4)."""
    w, x, y, z = q.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows, dtype=np.float64), 2, 0)
