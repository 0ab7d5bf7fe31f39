"""A located pixel and the depth image around it, made a measurement of an object in the base frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, QhullError

from hybridctl.messages.arrays import FloatArray, checked
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import LocateAnswer
from world_state.errors import MeasurementError
from world_state.levelling import levelled
from world_state.shape import fit_shape

REACH = (0.025, 0.05)  # [m] how far from the located pixel the object may begin: at least, at most
REACH_STDS = 4.0  # ... and in between, this many of the answer's own standard deviations
LINK = 0.012  # [m] neighbouring pixels nearer than this are one object
STEEPNESS = 2.5  # heights count this much less: a wall seen from above spaces its pixels far apart in height
MIN_POINTS = 6
WINDOW = 0.2  # [m] half the side of the square that is looked at
DEPTH_STD = 0.001  # [m] of a depth camera's plane fit at 0.8 m


@dataclass(frozen=True)
class ObjectMeasurement:
    """One look at one object.

    Attributes:
        position: Centre of the object, at half its height above the table, shape (3,) [m], base frame.
        covariance: Of the position, shape (3, 3) [m²].
        extent: Size along grasp_yaw, across it, and in height above the table, shape (3,) [m].
        grasp_yaw: Turn about the base z axis modulo 90 degrees, in (-π/4, π/4] [rad]; 0 where meaningless.
        yaw_meaningful: False for things that look the same from all sides (ball, cylinder, bowl).
        shape: `flat` (block, upright cylinder), `ball` or `hollow` (bowl).
        points: Number of depth points that the centre rests on.
        clipped: Whether the image border or the arm hides a part of it.
        view: Position of the camera, shape (3,) [m].
        stamp: Stamp of the observation [s].
    """

    position: FloatArray
    covariance: FloatArray
    extent: FloatArray
    grasp_yaw: float
    yaw_meaningful: bool
    shape: str
    points: int
    clipped: bool
    view: FloatArray
    stamp: float

    def __post_init__(self) -> None:
        for name, shape in (("position", (3,)), ("covariance", (3, 3)), ("extent", (3,)), ("view", (3,))):
            value = checked(f"ObjectMeasurement.{name}", getattr(self, name), shape=shape)
            object.__setattr__(self, name, value)


def measure(
    answer: LocateAnswer,
    *,
    table_height: float = 0.0,
    clearance: float = 0.008,
    ceiling: float = 0.12,
    T_base_camera: FloatArray | None = None,
) -> ObjectMeasurement:
    """Measure the object that `answer` points at: `measure_at` its pixel.

    Raises:
        MeasurementError: the pixel lies outside the image or on the arm, or no object stands near it.
    """
    return measure_at(
        answer.observation, answer.pixel, pixel_std=answer.pixel_std, table_height=table_height,
        clearance=clearance, ceiling=ceiling, T_base_camera=T_base_camera,
    )  # fmt: skip


def measure_at(
    picture: Observation,
    pixel: FloatArray,
    *,
    pixel_std: FloatArray,
    table_height: float = 0.0,
    clearance: float = 0.008,
    ceiling: float = 0.12,
    T_base_camera: FloatArray | None = None,
) -> ObjectMeasurement:
    """Measure the object at `pixel`, shape (2,) [px], known to `pixel_std`, shape (2,) [px].

    Points between `table_height + clearance` and `table_height + ceiling` [m] are objects; what is higher
    is the arm. Touching objects are measured as one. The camera's tilt and height are those by which the
    table that it sees is level (world_state/levelling.py): in `T_base_camera`, shape (4, 4) [m], where that
    was found before.

    Measured on 128×128 exact depth at 0.8 m (4.2 mm a pixel, tests/world_state/test_depth.py): the centre
    of a block or cylinder is off by 0.7 mm (mean; 0.6 mm of it a bias towards the camera, from side points
    inside the top band), of a ball by less than 0.1 mm, of a bowl by 0.6 mm (up to 11 mm where the image
    border cuts it, and the covariance says so); a block's yaw by 0.7 degrees. A pixel in the middle of a bowl
    that holds something measures what it holds.

    Raises:
        MeasurementError: the pixel lies outside the image or on the arm, or no object stands near it.
    """
    u, v = float(pixel[0]), float(pixel[1])
    rows, columns = picture.depth.shape
    if not (0 <= u < columns and 0 <= v < rows):
        raise MeasurementError(f"pixel ({u:.1f}, {v:.1f}) lies outside the image of {columns}×{rows}")
    if T_base_camera is None:
        T_base_camera = levelled(picture.depth, picture.K, picture.T_base_camera, table_height=table_height)
    focal = float(picture.K[0, 0] * picture.K[1, 1]) ** 0.5
    pitch = _typical_depth(picture.depth) / focal
    half = int(np.ceil(WINDOW / pitch))
    top, left = max(0, int(v) - half), max(0, int(u) - half)
    depth = picture.depth[top : int(v) + half + 1, left : int(u) + half + 1]
    points = deproject(depth, picture.K, T_base_camera, corner=(left, top))

    height = points[..., 2] - table_height
    arm = (depth > 0) & (height > ceiling)
    if arm[int(v) - top, int(u) - left]:
        raise MeasurementError(f"pixel ({u:.1f}, {v:.1f}) shows the arm or something above {ceiling} m")
    labels = _clusters(points, (depth > 0) & (height > clearance) & ~arm)
    label = _nearest_cluster(labels, (u - left, v - top), pixel_std=pixel_std, pitch=pitch)
    if label == 0:
        raise MeasurementError(
            f"nothing stands within {REACH[1] * 100:.0f} cm of pixel ({u:.1f}, {v:.1f}): only the table there"
        )

    mask = labels == label
    cluster = points[mask]
    rays = (cluster - T_base_camera[:3, 3]) / depth[mask][:, None]
    # A pixel covers z² / (fx fy |n·d|) of a plane with normal n, where d is its ray with unit depth.
    area = depth[mask] ** 2 / (focal**2 * np.maximum(np.abs(rays[:, 2]), 0.05))
    pitch = float(np.median(depth[mask])) / focal
    shape = fit_shape(cluster, area, pitch=pitch)
    border = _image_border(picture.depth.shape, depth.shape, top, left)
    hidden = _hidden_share(mask, depth, arm, at_border=border)
    tall = shape.top - table_height
    # A ball that lies in a bowl has its centre a radius under its pole, everything else stands on the table.
    middle = shape.top - shape.size[0] / 2 if shape.kind == "ball" else table_height + tall / 2
    variance_xy = _variance_xy(pixel_std, pitch=pitch, points=shape.evidence)
    # With a whole side hidden (a quarter of the outline) the centre may be off by a quarter of the size.
    variance_xy += float(hidden * shape.size.max()) ** 2
    return ObjectMeasurement(
        position=np.array([shape.centre[0], shape.centre[1], middle]),
        covariance=np.diag([variance_xy, variance_xy, DEPTH_STD**2]),
        extent=np.array([shape.size[0], shape.size[1], tall]),
        grasp_yaw=0.0 if shape.yaw is None else shape.yaw,
        yaw_meaningful=shape.yaw is not None,
        shape=shape.kind,
        points=shape.evidence,
        clipped=hidden > 0.0,
        view=T_base_camera[:3, 3],
        stamp=picture.stamp,
    )


def deproject(
    depth: FloatArray, K: FloatArray, T_base_camera: FloatArray, *, corner: tuple[int, int] = (0, 0)
) -> FloatArray:
    """Return the point of every pixel in the base frame, shape (h, w, 3) [m].

    `depth`, shape (h, w) [m] along the optical axis, is cut out of an image at `corner` (column, row);
    pixel centres lie at +0.5.
    """
    rows, columns = depth.shape
    x = (np.arange(columns) + corner[0] + 0.5 - K[0, 2]) / K[0, 0]
    y = (np.arange(rows) + corner[1] + 0.5 - K[1, 2]) / K[1, 1]
    rays = np.stack(np.broadcast_arrays(x[None, :], y[:, None], 1.0), axis=-1)
    points = (rays * depth[..., None]) @ T_base_camera[:3, :3].T + T_base_camera[:3, 3]
    return np.asarray(points, dtype=np.float64)


def _typical_depth(depth: FloatArray) -> float:
    sample = depth[::4, ::4]
    seen = sample[sample > 0]
    if seen.size == 0:
        raise MeasurementError("the depth image is empty: every pixel is 0")
    return float(np.median(seen))


def _clusters(points: FloatArray, keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Label connected pixels 1, 2, …; 0 where nothing is kept or fewer than MIN_POINTS hang together."""
    index = np.full(keep.shape, -1)
    count = int(keep.sum())
    labels = np.zeros(keep.shape, dtype=np.int64)
    if count == 0:
        return labels
    index[keep] = np.arange(count)
    scaled = points / np.array([1.0, 1.0, STEEPNESS])
    starts, ends = [], []
    # Right, down and the two diagonals: every pair of neighbours once.
    for one, other in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1, :], np.s_[1:, :]),
        (np.s_[:-1, :-1], np.s_[1:, 1:]),
        (np.s_[:-1, 1:], np.s_[1:, :-1]),
    ):
        near = ((scaled[one] - scaled[other]) ** 2).sum(axis=-1) < LINK**2
        linked = near & keep[one] & keep[other]
        starts.append(index[one][linked])
        ends.append(index[other][linked])
    start, end = np.concatenate(starts), np.concatenate(ends)
    graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    size = np.bincount(component)
    labels[keep] = np.where(size[component] >= MIN_POINTS, component + 1, 0)
    return labels


def _nearest_cluster(
    labels: NDArray[np.int64], pixel: tuple[float, float], *, pixel_std: FloatArray, pitch: float
) -> int:
    """Return the label of the object nearest to the pixel or closed around it, 0 where there is none."""
    rows, columns = np.nonzero(labels)
    if rows.size == 0:
        return 0
    distance = np.hypot(columns + 0.5 - pixel[0], rows + 0.5 - pixel[1])
    nearest = int(np.argmin(distance))
    reach = float(np.clip(REACH_STDS * pixel_std.max() * pitch, *REACH))
    if distance[nearest] * pitch <= reach:
        return int(labels[rows[nearest], columns[nearest]])
    # The middle of a bowl is empty: its floor is as low as the table. The ring around the pixel is meant.
    # (A hull and not a filled hole, because the image border may open the ring.)
    for label in np.unique(labels[labels > 0]):
        own = labels[rows, columns] == label
        corners = np.column_stack([columns[own], rows[own]]) + 0.5
        if np.ptp(corners, axis=0).min() > 0 and _inside_hull(corners, pixel):
            return int(label)
    return 0


def _inside_hull(corners: FloatArray, pixel: tuple[float, float]) -> bool:
    try:
        sides = ConvexHull(corners).equations
    except QhullError:  # all on one line
        return False
    return bool((sides @ np.array([*pixel, 1.0]) <= 0.0).all())


def _image_border(image: tuple[int, ...], window: tuple[int, ...], top: int, left: int) -> NDArray[np.bool_]:
    """Return which pixels of a window, cut out at (top, left), lie on the border of the image."""
    rows = np.arange(top, top + window[0])
    columns = np.arange(left, left + window[1])
    border = ((rows == 0) | (rows == image[0] - 1))[:, None] | ((columns == 0) | (columns == image[1] - 1))
    return np.asarray(border, dtype=np.bool_)


def _hidden_share(
    mask: NDArray[np.bool_], depth: FloatArray, arm: NDArray[np.bool_], *, at_border: NDArray[np.bool_]
) -> float:
    """Return which share of the object's outline is the image border or an edge of the arm before it."""
    arm_depth = ndimage.minimum_filter(np.where(arm, depth, np.inf), size=3)
    hidden = mask & (at_border | (arm_depth < depth - 0.01))
    outline = 2 * int(mask.any(axis=0).sum() + mask.any(axis=1).sum())
    return min(1.0, int(hidden.sum()) / outline)


def _variance_xy(pixel_std: FloatArray, *, pitch: float, points: int) -> float:
    """Return the variance of a centre that rests on `points` pixels [m²].

    An edge is known to a pixel (variance pitch² / 12) and a centre lies between two edges; the located
    pixel itself weighs as one point of them all.
    """
    located = float(pixel_std.max() * pitch) ** 2 / points
    return pitch**2 / 24 + located
