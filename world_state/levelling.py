"""Corrects a camera's reported pose by the table that it sees: tilt and height, which calibration gets wrong.

Half a degree of tilt moves what stands 0.8 m below a camera by 7 mm, and no number of looks from there tells.
The table does: it is flat, level and at a known height, and fills most of the picture. What it cannot tell is
the camera's place along the table and its turn about the vertical.
"""

from __future__ import annotations

import numpy as np

from hybridctl.messages.arrays import FloatArray

LAYER = 0.03
"""Half thickness of the layer about the reported height in which the table is looked for [m]."""
BAND = 0.003
"""What lies farther from a plane is not of it, whatever the noise [m]: a bowl's floor is 4 mm high."""
THINNEST = 0.0006
"""Nor is the band made thinner than this where there is little noise [m]."""
GUESSES, GUESS_POINTS, FITS = 60, 300, 4
"""Planes through three points that are tried, on how many points; fits that the best is refined by."""
SHARE = 0.1
"""A table that fills less of the picture corrects nothing."""
LEAST_SPREAD = 0.02
"""Nor does one that is seen as a strip: least standard deviation along the table in any direction [m]."""
MOST_TILT = 0.05
"""A larger tilt is no calibration error but another plane [rad]."""
STRIDE = 3


def levelled(
    depth: FloatArray, K: FloatArray, T_base_camera: FloatArray, *, table_height: float
) -> FloatArray:
    """Return the camera's pose, shape (4, 4) [m], turned and raised so that the table it sees is level.

    The pose comes back as it was where no table can be made out.

    Args:
        depth: Distance along the optical axis, shape (h, w) [m]; 0 where nothing was hit.
        K: Intrinsics, shape (3, 3) [px].
        T_base_camera: Reported pose, shape (4, 4) [m].
        table_height: Where the table top lies in the base frame [m].
    """
    seen = depth[::STRIDE, ::STRIDE]
    rows, columns = np.nonzero(seen > 0)
    z = seen[rows, columns]
    x = (columns * STRIDE + 0.5 - K[0, 2]) / K[0, 0] * z
    y = (rows * STRIDE + 0.5 - K[1, 2]) / K[1, 1] * z
    # About the camera, with the base's directions: a turn of the camera leaves its own place alone.
    points = np.column_stack([x, y, z]) @ T_base_camera[:3, :3].T
    height = T_base_camera[2, 3] - table_height
    layer = points[np.abs(points[:, 2] + height) < LAYER]
    if len(layer) < SHARE * seen.size:
        return T_base_camera
    plane = _best_guess(layer)
    band = BAND
    for _ in range(FITS):
        off = np.abs(layer[:, 2] - _heights(layer, plane))
        table = layer[off < band]
        if len(table) < SHARE * seen.size or _spread(table) < LEAST_SPREAD:
            return T_base_camera
        A = np.column_stack([table[:, :2], np.ones(len(table))])
        plane = np.linalg.solve(A.T @ A, A.T @ table[:, 2])
        band = float(np.clip(4.4 * np.median(off[off < band]), THINNEST, BAND))  # three sigma
    if np.hypot(*plane[:2]) > MOST_TILT:
        return T_base_camera
    normal = np.array([-plane[0], -plane[1], 1.0])
    length = float(np.linalg.norm(normal))
    T = np.array(T_base_camera)
    T[:3, :3] = _shortest_turn(normal / length) @ T[:3, :3]
    T[2, 3] = table_height - plane[2] / length  # the camera's distance from the plane
    return T


def _best_guess(points: FloatArray) -> FloatArray:
    """Return the plane z = a x + b y + c, shape (3,), that most points lie on.

    The truncated squares of MSAC (Torr and Zisserman, MLESAC, CVIU 78, 2000). Least squares from the start
    would settle between the table and the floor of a bowl, tilted by a degree.
    """
    rng = np.random.default_rng(0)  # the same picture gives the same answer
    some = points[rng.integers(len(points), size=GUESS_POINTS)]
    three = points[rng.integers(len(points), size=(GUESSES, 3))]
    A = np.concatenate([three[..., :2], np.ones((GUESSES, 3, 1))], axis=2)
    apart = np.abs(np.linalg.det(A)) > LEAST_SPREAD**2  # not nearly on one line
    if not apart.any():
        return np.array([0.0, 0.0, np.median(points[:, 2])])
    planes = np.linalg.solve(A[apart], three[apart][..., 2:])[..., 0]
    off = some[:, 2] - (planes[:, :2] @ some[:, :2].T + planes[:, 2:])
    cost = np.minimum(off**2, BAND**2).sum(axis=1)
    cost[np.hypot(planes[:, 0], planes[:, 1]) > MOST_TILT] = np.inf
    return np.asarray(planes[int(np.argmin(cost))], dtype=np.float64)


def _heights(points: FloatArray, plane: FloatArray) -> FloatArray:
    return np.asarray(points[:, :2] @ plane[:2] + plane[2], dtype=np.float64)


def _spread(points: FloatArray) -> float:
    """Return the least standard deviation of points along the table, in any direction [m]."""
    return float(np.sqrt(max(0.0, np.linalg.eigvalsh(np.cov(points[:, :2].T))[0])))


def _shortest_turn(normal: FloatArray) -> FloatArray:
    """Return the rotation that brings a unit vector near the vertical onto it, shape (3, 3)."""
    axis = np.cross(normal, [0.0, 0.0, 1.0])
    S = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    return np.asarray(np.eye(3) + S + S @ S / (1.0 + normal[2]), dtype=np.float64)
