"""Small capsules around shapes that are none: exact around boxes and cylinders, searched around meshes."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.spatial import ConvexHull, QhullError

from controllers.errors import ControllerError
from hybridctl.messages.arrays import FloatArray


def capsule_around_prism(half_length: float, corner_radius: float) -> tuple[float, float]:
    """Return half the inner segment and the radius of the smallest capsule along a prism's axis [m].

    A cylinder is a prism, and so is a box along its longest side: what counts is where its corners are. A
    capsule of radius r holds corners at (half_length, corner_radius) if its segment reaches to
    half_length − √(r² − corner_radius²); the r of least volume is found on that line.

    Args:
        half_length: Half the prism's length [m].
        corner_radius: Distance of its corners from its axis [m].
    """

    def half_segment(r: float) -> float:
        return max(0.0, half_length - float(np.sqrt(max(0.0, r * r - corner_radius * corner_radius))))

    found = minimize_scalar(
        lambda r: _volume(2.0 * half_segment(r), r),
        bounds=(corner_radius, float(np.hypot(half_length, corner_radius))),
        method="bounded",
        options={"xatol": 1e-7},
    )
    # The search stops short of the ends of its range, where the best often is.
    radii = (corner_radius, float(found.x), float(np.hypot(half_length, corner_radius)))
    radius = min(radii, key=lambda r: _volume(2.0 * half_segment(r), r))
    return half_segment(radius), radius


def capsule_around_points(name: str, points: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return the ends and the radius of a small capsule that holds every point [m].

    The search (Nelder-Mead on the ends, least volume) starts along each principal axis of the points, and
    the best of the three is kept. The radius is the largest distance from the segment, so every point is
    inside whatever the search found.

    Args:
        name: Whose points they are, for errors.
        points: Vertices of a mesh, shape (m, 3) [m].

    Raises:
        ControllerError: there are no points, or they are not finite.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
        raise ControllerError(f"mesh {name} has no vertices, expected at least one")
    if not np.isfinite(points).all():
        raise ControllerError(f"mesh {name} has vertices that are not finite")
    outer = _outer(points)
    centre = outer.mean(axis=0)
    _, axes = np.linalg.eigh((outer - centre).T @ (outer - centre))  # columns
    best = min((_searched(outer, centre, axis) for axis in axes.T), key=lambda ends: _cost(ends, outer))
    start, end = best[:3], best[3:]
    return start, end, float(_distances(start, end, points).max())


def _outer(points: FloatArray) -> FloatArray:
    """Return the corners of the convex hull: a capsule that holds them holds all."""
    try:
        return points[ConvexHull(points).vertices]
    except (QhullError, ValueError):  # flat, straight or too few: all of them are corners
        return np.unique(points, axis=0)


def _searched(points: FloatArray, centre: FloatArray, axis: FloatArray) -> FloatArray:
    """Return the ends of the best segment, shape (6,), that a search from along `axis` finds."""
    along = (points - centre) @ axis
    across = float(np.linalg.norm(points - centre - np.outer(along, axis), axis=1).max())
    middle, half = (along.max() + along.min()) / 2, (along.max() - along.min()) / 2
    half = max(0.5 * half, half - across)
    ends = np.concatenate([centre + (middle + sign * half) * axis for sign in (-1.0, 1.0)])
    size = float(np.ptp(points, axis=0).max()) or 1.0
    simplex = np.vstack((ends, ends + 0.1 * size * np.eye(6)))
    found = minimize(
        _cost,
        ends,
        args=(points,),
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "maxfev": 800, "xatol": 1e-5, "fatol": 1e-9},
    ).x
    return min((ends, np.asarray(found)), key=lambda item: _cost(item, points))


def _cost(ends: FloatArray, points: FloatArray) -> float:
    start, end = ends[:3], ends[3:]
    return _volume(float(np.linalg.norm(end - start)), float(_distances(start, end, points).max()))


def _volume(length: float, radius: float) -> float:
    return float(np.pi * radius * radius * (length + 4.0 / 3.0 * radius))


def _distances(start: FloatArray, end: FloatArray, points: FloatArray) -> FloatArray:
    """Return each point's distance from the segment, shape (m,) [m]."""
    axis = end - start
    share = np.clip((points - start) @ axis / max(float(axis @ axis), 1e-18), 0.0, 1.0)
    return np.asarray(np.linalg.norm(points - start - share[:, None] * axis, axis=1))
