"""The arm's collision bodies as capsules, and which pairs of them may touch."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from controllers.errors import ControllerError
from hybridctl.messages.arrays import FloatArray, checked


@dataclass(frozen=True, eq=False)
class Capsule:
    """A capsule that moves with a joint.

    Attributes:
        name: Name of the geom it stands for.
        body: Name of the MJCF body that carries the geom.
        joint: Index of the controlled joint it moves with, 0 is the first; -1 is the base.
        start: First end of the axis in that joint's frame, shape (3,) [m].
        end: Second end, shape (3,) [m].
        radius: Radius [m].
        half_sides: For a geom that is a box, its three half-side vectors in the joint's frame as rows, shape
            (3, 3) [m]: a box's corners reach lower than its capsule when it is tilted over the table.
    """

    name: str
    body: str
    joint: int
    start: FloatArray
    end: FloatArray
    radius: float
    half_sides: FloatArray | None = None

    def ends(self, joint_poses: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Return both ends in the base frame [m] from the joints' poses, each (4, 4)."""
        T = joint_poses[self.joint] if self.joint >= 0 else np.eye(4)
        return T[:3, :3] @ self.start + T[:3, 3], T[:3, :3] @ self.end + T[:3, 3]


def capsules_of(model: Any, geometry: Any) -> tuple[Capsule, ...]:
    """Turn every capsule, sphere and box of a Pinocchio geometry model into a capsule.

    A box becomes the capsule inscribed along its longest side, whose radius is the smallest half side.

    Raises:
        ControllerError: a geom has another shape.
    """
    capsules = []
    for item in geometry.geometryObjects:
        axis, half, radius = _axis_of(item.name, item.geometry)
        M = item.placement
        ends = [
            checked("Capsule", M.translation + sign * half * M.rotation @ axis, shape=(3,))
            for sign in (-1, 1)
        ]
        body = model.frames[item.parentFrame].name
        joint = int(item.parentJoint) - 1
        half_sides = None
        if type(item.geometry).__name__ == "Box":
            half_sides = checked("half_sides", np.diag(item.geometry.halfSide) @ M.rotation.T, shape=(3, 3))
        capsules.append(Capsule(item.name, body, joint, ends[0], ends[1], radius, half_sides))
    return tuple(capsules)


def _axis_of(name: str, shape: Any) -> tuple[FloatArray, float, float]:
    """Return a shape's axis, half the length of its inner segment and its radius [m]."""
    kind = type(shape).__name__  # by name: coal, where these types live, comes with pin untyped
    if kind == "Capsule":
        return np.array([0.0, 0.0, 1.0]), float(shape.halfLength), float(shape.radius)
    if kind == "Sphere":
        return np.array([0.0, 0.0, 1.0]), 0.0, float(shape.radius)
    if kind == "Box":
        sides = np.array(shape.halfSide, dtype=np.float64)
        radius = float(sides.min())
        return np.eye(3)[int(sides.argmax())], float(sides.max()) - radius, radius
    raise ControllerError(f"geom {name} is a {kind}, expected a capsule, a sphere or a box in group 3")


def allowed_pairs(path: Path, capsules: tuple[Capsule, ...]) -> frozenset[frozenset[str]]:
    """Return the geom pairs that may touch: same joint, neighbours, or excluded in the MJCF `path`."""
    excluded = {
        frozenset((item.attrib["body1"], item.attrib["body2"]))
        for item in ET.parse(path).getroot().iterfind("./contact/exclude")
    }
    pairs = set()
    for i, a in enumerate(capsules):
        for b in capsules[i + 1 :]:
            if abs(a.joint - b.joint) <= 1 or frozenset((a.body, b.body)) in excluded:
                pairs.add(frozenset((a.name, b.name)))
    return frozenset(pairs)


def segment_distance(a0: FloatArray, a1: FloatArray, b0: FloatArray, b1: FloatArray) -> float:
    """Return the distance between two segments [m] (Ericson, Real-Time Collision Detection, 5.1.9)."""
    d1, d2, r = a1 - a0, b1 - b0, a0 - b0
    a, e, b = d1 @ d1, d2 @ d2, d1 @ d2
    c, f = d1 @ r, d2 @ r
    tiny = 1e-12
    denominator = a * e - b * b
    # Parallel, or one is a point: any s does if it is the first's nearest to the second's start.
    s = (b * f - c * e) / denominator if denominator > tiny else -c / max(float(a), tiny)
    s = np.clip(s, 0.0, 1.0)
    t = (b * s + f) / max(float(e), tiny)
    if not 0.0 <= t <= 1.0:
        t = np.clip(t, 0.0, 1.0)
        s = np.clip((b * t - c) / max(float(a), tiny), 0.0, 1.0)
    return float(np.linalg.norm(r + s * d1 - t * d2))
