"""How much room a hand has at a pose, straight or leaning, among what stands around it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.sim import fixtures as f
from hybridctl.sim.tasks.conditions import lowest_point, outline_radius
from hybridctl.sim.things import CUP_HANDLE
from hybridctl.sim.truth import true_objects, true_pose
from hybridctl.sim.world import SimWorld

HAND_HALF, HAND_RADIUS, HAND_ABOVE = 0.065, 0.036, 0.0694
"""The hand is a capsule: its half length across the fingers, its radius, and its axis above the tool [m]."""
FINGER_THICK, FINGER_RADIUS, FINGER_BELOW = 0.013, 0.014, 0.009
"""A finger's thickness, the circle about it, and how far it reaches below the tool [m]."""
_UP_THE_FINGER = (-0.009, 0.008, 0.025, 0.042)
"""Places along a finger above the tool, from its tip, that are looked at where it leans [m]."""
_FAR = 0.16
"""What is farther from the tool than this leaves room enough, however the hand leans [m]."""
ENOUGH = 0.012
"""Room beyond this is worth nothing [m]."""


@dataclass(frozen=True)
class Footprint:
    """An upright box or cylinder that stands in the way.

    Attributes:
        x, y, yaw: Its middle and turn in the base frame [m, rad].
        half: Its half sides, or its radius twice [m].
        low, top: Heights of its underside and top [m].
        round: Whether it is a cylinder.
    """

    x: float
    y: float
    yaw: float
    half: tuple[float, float]
    top: float
    low: float = 0.0
    round: bool = False

    def distance(self, x: float, y: float) -> float:
        """Return the distance of a point from its outline [m], negative inside."""
        dx, dy = x - self.x, y - self.y
        if self.round:
            return math.hypot(dx, dy) - self.half[0]
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        ax, ay = abs(c * dx + s * dy) - self.half[0], abs(-s * dx + c * dy) - self.half[1]
        return math.hypot(max(ax, 0.0), max(ay, 0.0)) + min(max(ax, ay), 0.0)


def footprints(world: SimWorld, *, without: frozenset[str]) -> list[Footprint]:
    """Return what stands around, without some bodies: walls of containers one by one, things as cylinders."""
    found = []
    for thing in true_objects(world):
        if thing.body not in without:
            x, y, z = thing.position
            radius = CUP_HANDLE if thing.shape == "cup" else outline_radius(thing.spec)
            half = lowest_point(thing)
            found.append(Footprint(x, y, 0.0, (radius, radius), z + half, z - half, round=True))
    for body, fixture in zip(world.scene.fixture_bodies, world.scene.fixtures, strict=True):
        if body not in without:
            found += _of_fixture(world, body, fixture)
    return found


def _of_fixture(world: SimWorld, body: str, fixture: f.Fixture) -> list[Footprint]:
    x, y, yaw = fixture.x, fixture.y, fixture.yaw
    if fixture.kind == "bowl":
        ring = f.BOWL_RADIUS - f.BOWL_WALL / 2
        return [
            Footprint(x + ring * math.cos(a), y + ring * math.sin(a), 0.0, (0.012, 0.012), f.BOWL_HEIGHT,
                      round=True)
            for a in np.linspace(0, 2 * math.pi, 24, endpoint=False)
        ]  # fmt: skip
    if fixture.kind == "bin":
        return _walls(x, y, yaw, (f.BIN_HALF, f.BIN_HALF), f.BIN_HEIGHT)
    if fixture.kind == "tray":
        found = _walls(x, y, yaw, f.TRAY_HALF, f.TRAY_HEIGHT)
        third = f.TRAY_HALF[1] / 3
        return found + [
            _local(x, y, yaw, (0, s * third), (f.TRAY_HALF[0], 0.002), f.TRAY_HEIGHT) for s in (-1, 1)
        ]
    if fixture.kind == "cabinet":
        T = true_pose(world, "drawer")
        q = float(world.data.joint("drawer").qpos[0])
        half, deep = f.DRAWER_HALF + 0.005, f.DRAWER_DEPTH
        cabinet = _local(
            x, y, yaw, (-f.CABINET_DEPTH / 2, 0), (f.CABINET_DEPTH / 2, f.CABINET_HALF), f.CABINET_HEIGHT
        )
        dx, dy = float(T[0, 3]), float(T[1, 3])
        front = _local(dx, dy, yaw, (0.006, 0.0), (0.006, f.CABINET_HALF - 0.005), 0.086)
        sides = [_local(dx, dy, yaw, (-deep / 2, s * half), (deep / 2, 0.003), f.DRAWER_RIM) for s in (-1, 1)]
        handle = _local(dx, dy, yaw, (f.HANDLE_OUT / 2 + 0.006, 0), (f.HANDLE_OUT / 2, f.HANDLE_HALF), 0.078)
        return [cabinet, front, handle] + (sides if q > 0.02 else [])
    if fixture.kind == "socket":
        return _walls(x, y, yaw, (f.SOCKET_HALF, f.SOCKET_HALF), f.SOCKET_HEIGHT)
    if fixture.kind == "palm":
        return _walls(x, y, yaw, (f.PALM_HALF, f.PALM_HALF), f.PALM_TOP + 0.012)
    if fixture.kind == "book":
        return [Footprint(x, y, yaw, f.BOOK_HALF, f.BOOK_HEIGHT)]
    if fixture.kind == "plate":
        return [Footprint(x, y, 0.0, (f.PLATE_RADIUS, f.PLATE_RADIUS), f.PLATE_HEIGHT, round=True)]
    return []


def _local(
    x: float, y: float, yaw: float, at: tuple[float, float], half: tuple[float, float], top: float
) -> Footprint:
    c, s = math.cos(yaw), math.sin(yaw)
    return Footprint(x + c * at[0] - s * at[1], y + s * at[0] + c * at[1], yaw, half, top)


def _walls(x: float, y: float, yaw: float, half: tuple[float, float], top: float) -> list[Footprint]:
    hx, hy = half
    return [
        _local(x, y, yaw, at, size, top)
        for at, size in (((hx, 0), (0.003, hy)), ((-hx, 0), (0.003, hy)), ((0, hy), (hx, 0.003)),
                         ((0, -hy), (hx, 0.003)))
    ]  # fmt: skip


def room_for_hand(T_base_tool: FloatArray, width: float, around: list[Footprint]) -> float:
    """Return the least distance of hand and fingers from what stands as high as they are, at most ENOUGH [m].

    Args:
        T_base_tool: A pose that points down, or leans, shape (4, 4) [m].
        width: Distance between the fingers [m].
        around: What stands around.
    """
    upright = T_base_tool[2, 2] < -0.9999
    tips = [sign * (width / 2 + FINGER_THICK / 2) for sign in (-1, 1)]
    heights = _UP_THE_FINGER[:1] if upright else _UP_THE_FINGER
    fingers = _points(T_base_tool, [(t, h) for t in tips for h in heights])
    hand = _points(T_base_tool, [(float(t), HAND_ABOVE) for t in np.linspace(-HAND_HALF, HAND_HALF, 7)])
    room = ENOUGH
    for foot in around:
        if math.hypot(foot.x - T_base_tool[0, 3], foot.y - T_base_tool[1, 3]) - math.hypot(*foot.half) > _FAR:
            continue
        for x, y, z in fingers:
            if foot.top > z:
                room = min(room, foot.distance(x, y) - FINGER_RADIUS)
        for x, y, z in hand:
            # The capsule's round underside passes over an edge that its outline, seen from above, does not.
            beside, over = foot.distance(x, y), max(0.0, z - foot.top)
            room = min(room, (math.hypot(max(beside, 0.0), over) if over else beside) - HAND_RADIUS)
    return room


def _points(T_base_tool: FloatArray, at: list[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """Return points of the base frame that are so far along the fingers' opening and above the tool [m]."""
    p, opening, up = T_base_tool[:3, 3], T_base_tool[:3, 1], -T_base_tool[:3, 2]
    return [tuple(float(v) for v in p + t * opening + h * up) for t, h in at]  # type: ignore[misc]
