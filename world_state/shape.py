"""Centre, footprint and turn of one object from the points that a camera sees of it.

A camera above a table sees an object's top and the sides that face it, so the mean of all points lies
towards the camera. Three shapes are told apart, and each has a centre without that bias:

- `ball`: a sphere fits all points to about a millimetre; its centre is the centre.
- `flat`: most points lie at one height (a block, an upright cylinder). That face is seen whole, and pixels
  sample it evenly: its mean is the centre, its second moments give the size, its fourth moment the turn.
- `hollow`: only a rim lies at the top (a bowl). Its convex hull is the footprint.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from hybridctl.messages.arrays import FloatArray

TOP_BAND = 0.003  # [m] points this close to the top height belong to the top face
BALL_RMS = 0.0025  # [m] a sphere that fits worse is no sphere; depth noise alone may be 2 mm
BALL_RADIUS = (0.008, 0.06)  # [m]
FLAT_SHARE = 0.5  # a ball of 4-5 cm shows about a quarter of its points in the top band, a block two thirds
FILLED = 0.6  # top area over hull area: a rim has about 0.3, a face about 1.2 (the hull loses half a pixel)
SQUARENESS = 0.2  # 0.43 for a square, 0 for a disc (see `turn`)
ELONGATION = 1.3  # from here on the second moments tell the turn better than the fourth


class Shape(NamedTuple):
    """What the points of one object say of it; `yaw` [rad] is None where the thing has no preferred turn."""

    kind: str
    centre: FloatArray  # (2,) [m]
    size: FloatArray  # (2,) along yaw and across it [m]
    top: float  # height of the highest face or pole [m]
    yaw: float | None  # in (-π/4, π/4]
    evidence: int  # number of points that the centre rests on


def fit_shape(points: FloatArray, area: FloatArray, *, pitch: float) -> Shape:
    """Fit the one of three shapes that explains the points.

    Args:
        points: Points of one object in the base frame, shape (n, 3) [m], n at least 6.
        area: Horizontal area that each point's pixel covers, shape (n,) [m²].
        pitch: Distance of neighbouring pixels at the object [m].
    """
    # The third highest of a hundred: one stray point does not lift the top.
    peak = float(np.quantile(points[:, 2], 0.97))
    on_top = np.abs(points[:, 2] - peak) < TOP_BAND
    if on_top.mean() < FLAT_SHARE:
        ball = _fit_ball(points)
        if ball is not None:
            return ball
    height = float(np.median(points[on_top, 2]))
    on_top = np.abs(points[:, 2] - height) < TOP_BAND
    return _fit_top(points[on_top, :2], area[on_top], height, pitch=pitch)


def _fit_ball(points: FloatArray) -> Shape | None:
    """Fit a sphere by linear least squares, |p|² = 2 c·p + (r² - |c|²); None where it does not fit."""
    origin = points.mean(axis=0)  # near the ball, so that the squares stay well conditioned
    local = points - origin
    A = np.column_stack([2.0 * local, np.ones(len(local))])
    solution, _, rank, _ = np.linalg.lstsq(A, (local**2).sum(axis=1), rcond=1e-6)
    centre = solution[:3]
    square = float(solution[3] + centre @ centre)
    if rank < 4 or not BALL_RADIUS[0] ** 2 < square < BALL_RADIUS[1] ** 2:
        return None
    radius = square**0.5
    residual = np.linalg.norm(local - centre, axis=1) - radius
    if float(np.sqrt((residual**2).mean())) > BALL_RMS:
        return None
    centre = centre + origin
    return Shape(
        kind="ball",
        centre=centre[:2],
        size=np.array([2 * radius, 2 * radius]),
        top=float(centre[2] + radius),
        yaw=None,
        evidence=len(points),
    )


def _fit_top(xy: FloatArray, area: FloatArray, height: float, *, pitch: float) -> Shape:
    """Fit a filled face or a rim to the points at the top, shape (n, 2) [m]."""
    try:
        hull = xy[ConvexHull(xy).vertices] if len(xy) >= 3 else None
    except QhullError:  # all on one line
        hull = None
    if hull is not None and area.sum() < FILLED * polygon_area(hull):
        yaw, size = smallest_rectangle(hull)
        centre = polygon_centroid(hull)
        # Pixel centres reach to half a pixel inside the edge on either side, hull corners a little further.
        size = size + 0.7 * pitch
        elongated = size.max() > ELONGATION * size.min()
        return Shape("hollow", centre, size, height, yaw if elongated else None, len(xy))
    centre = np.average(xy, axis=0, weights=area)
    yaw_found = turn(xy - centre)
    size = _face_size(xy - centre, yaw_found, pitch=pitch)
    return Shape("flat", centre, size, height, yaw_found, len(xy))


def turn(xy: FloatArray) -> float | None:
    """Return the turn of a filled, centred face modulo 90 degrees in (-π/4, π/4] [rad], None for a disc.

    With w = x + iy, the mean of w⁴ is -4/15 a⁴ e^{4iψ} for a square of half side a turned by ψ and 0 for a
    disc; divided by the mean of |w|⁴ it is 3/7 and 0. (Shape alignment by fold-symmetric moments: Tsai and
    Chou, Detection of generalized principal axes, Pattern Recognition 24, 1991.) An elongated face has its
    turn in the second moments instead, where the fourth would change its sign at an aspect of about 1.6.
    """
    w = xy[:, 0] + 1j * xy[:, 1]
    second = complex((w**2).mean())
    spread = float((np.abs(w) ** 2).mean())
    # For sides a >= b, |second| / spread = (a² - b²) / (a² + b²).
    if abs(second) > spread * (ELONGATION**2 - 1) / (ELONGATION**2 + 1):
        return quarter(float(np.angle(second)) / 2)
    fourth = -complex((w**4).mean())
    if abs(fourth) < SQUARENESS * float((np.abs(w) ** 4).mean()):
        return None
    return quarter(float(np.angle(fourth)) / 4)


def _face_size(xy: FloatArray, yaw: float | None, *, pitch: float) -> FloatArray:
    """Return the sides of a rectangle (variance s²/12 a side) or the diameter of a disc (variance d²/16)."""
    if len(xy) < 2:
        return np.array([pitch, pitch])
    if yaw is None:
        diameter = 4.0 * float(np.sqrt((xy**2).mean()))
        return np.array([diameter, diameter])
    c, s = np.cos(yaw), np.sin(yaw)
    along = xy @ np.array([[c, -s], [s, c]])
    return np.asarray(np.sqrt(12.0 * (along**2).mean(axis=0)), dtype=np.float64)


def quarter(angle: float) -> float:
    """Return `angle` modulo 90 degrees, in (-π/4, π/4] [rad]."""
    return float(-((-angle + np.pi / 4) % (np.pi / 2)) + np.pi / 4)


def polygon_area(corners: FloatArray) -> float:
    """Return the area of a polygon with counter-clockwise corners, shape (n, 2) (shoelace formula)."""
    x, y = (corners - corners[0]).T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def polygon_centroid(corners: FloatArray) -> FloatArray:
    """Return the centroid of the area of a polygon with corners of shape (n, 2), shape (2,)."""
    local = corners - corners[0]
    following = np.roll(local, -1, axis=0)
    cross = local[:, 0] * following[:, 1] - local[:, 1] * following[:, 0]
    centroid = ((local + following) * cross[:, None]).sum(axis=0) / (3.0 * cross.sum())
    return np.asarray(corners[0] + centroid, dtype=np.float64)


def smallest_rectangle(hull: FloatArray) -> tuple[float, FloatArray]:
    """Return turn [rad] and sides, shape (2,), of the smallest rectangle around a convex polygon.

    One of its sides lies on a side of the polygon (Freeman and Shapira, CACM 18(7), 1975).
    """
    edges = np.roll(hull, -1, axis=0) - hull
    angles = np.unique(np.round(np.arctan2(edges[:, 1], edges[:, 0]) % (np.pi / 2), 9))
    c, s = np.cos(angles), np.sin(angles)
    along = np.outer(c, hull[:, 0]) + np.outer(s, hull[:, 1])
    across = np.outer(c, hull[:, 1]) - np.outer(s, hull[:, 0])
    sides = np.stack([np.ptp(along, axis=1), np.ptp(across, axis=1)], axis=1)
    best = int(np.argmin(sides.prod(axis=1)))
    yaw = quarter(float(angles[best]))
    size = sides[best] if angles[best] <= np.pi / 4 else sides[best, ::-1]
    return yaw, np.asarray(size, dtype=np.float64)
