"""The arm's collision bodies as capsules, and which pairs of them may touch."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from controllers.capsule_fit import capsule_around_points, capsule_around_prism
from controllers.errors import ControllerError
from controllers.robot_description import CollisionBody
from hybridctl.messages.arrays import FloatArray, checked


@dataclass(frozen=True, eq=False)
class Capsule:
    """A capsule that moves with a joint.

    Attributes:
        name: Name of the geom it stands for.
        body: Name of the body or link that carries it.
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


def capsules_of(model: Any, geometry: Any, *, boxes_inscribed: bool) -> tuple[Capsule, ...]:
    """Turn every body of a Pinocchio geometry model into a capsule.

    Capsules and spheres stay what they are. Cylinders, and boxes along their longest side, get the smallest
    capsule around them, meshes a small one that holds every vertex.

    Args:
        model: Pinocchio model of the arm.
        geometry: Its geometry model.
        boxes_inscribed: Take the capsule inscribed in a box along its longest side, whose radius is the
            smallest half side, and keep the half sides. For files written for the controller, whose boxes
            are thin and have to come near things: fingers.

    Raises:
        ControllerError: a geom has a shape that no capsule is known for, or a mesh has no vertices.
    """
    capsules = []
    for item in geometry.geometryObjects:
        kind = type(item.geometry).__name__  # by name: coal, where these types live, comes with pin untyped
        start, end, radius = _segment_of(item.name, kind, item.geometry, boxes_inscribed)
        half_sides = None
        if kind == "Box" and boxes_inscribed:
            sides = np.diag(item.geometry.halfSide) @ item.placement.rotation.T
            half_sides = checked("half_sides", sides, shape=(3, 3))
        capsules.append(
            Capsule(
                name=item.name,
                body=model.frames[item.parentFrame].name,
                joint=int(item.parentJoint) - 1,
                start=checked("start", item.placement.act(start), shape=(3,)),
                end=checked("end", item.placement.act(end), shape=(3,)),
                radius=radius,
                half_sides=half_sides,
            )
        )
    return tuple(capsules)


def written_capsules(
    model: Any, bodies: tuple[CollisionBody, ...], frames: tuple[int, ...]
) -> tuple[Capsule, ...]:
    """Return the capsules of a robot's YAML file; `frames` are the indices of their Pinocchio frames."""
    capsules = []
    for body, index in zip(bodies, frames, strict=True):
        frame = model.frames[index]
        ends = (body.start, body.start if body.end is None else body.end)
        start, end = (checked("Capsule", frame.placement.act(np.array(point)), shape=(3,)) for point in ends)
        capsules.append(Capsule(body.name, body.frame, int(frame.parentJoint) - 1, start, end, body.radius))
    return tuple(capsules)


def _segment_of(
    name: str, kind: str, shape: Any, boxes_inscribed: bool
) -> tuple[FloatArray, FloatArray, float]:
    """Return the ends of a shape's inner segment in the shape's frame, and its radius [m]."""
    axis = np.array([0.0, 0.0, 1.0])
    if kind == "Capsule":
        half, radius = float(shape.halfLength), float(shape.radius)
    elif kind == "Sphere":
        half, radius = 0.0, float(shape.radius)
    elif kind == "Cylinder":
        half, radius = capsule_around_prism(float(shape.halfLength), float(shape.radius))
    elif kind == "Box":
        sides = np.array(shape.halfSide, dtype=np.float64)
        longest = int(sides.argmax())
        axis = np.eye(3)[longest]
        if boxes_inscribed:
            radius = float(sides.min())
            half = float(sides.max()) - radius
        else:
            corner = float(np.linalg.norm(np.delete(sides, longest)))
            half, radius = capsule_around_prism(float(sides[longest]), corner)
    elif hasattr(shape, "num_vertices"):
        return capsule_around_points(name, shape.vertices() if shape.num_vertices else np.zeros((0, 3)))
    else:
        raise ControllerError(
            f"geom {name} is a {kind}, expected a capsule, sphere, cylinder, box or mesh; "
            "or give the bodies in collision_bodies"
        )
    return -half * axis, half * axis, radius


def allowed_pairs(path: Path, capsules: tuple[Capsule, ...]) -> frozenset[frozenset[str]]:
    """Return the geom pairs that may touch: same joint, neighbours, or excluded in the MJCF `path`."""
    # A URDF has no such element: there, same joint and neighbours are all.
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
