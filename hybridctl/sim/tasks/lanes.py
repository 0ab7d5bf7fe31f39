"""What is free on the table of a scene: places for a thing, straight ways for it, lanes to push it along."""

from __future__ import annotations

import math

import numpy as np

from hybridctl.sim.fixtures import RADII
from hybridctl.sim.layout import AREA, REACH, in_drawer_way
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.tasks.conditions import outline_radius
from hybridctl.sim.things import CUP_HANDLE

Circle = tuple[float, float, float]
"""x, y and radius of what stands on the table [m]."""
_BEHIND = 0.085
"""How far behind the thing the fingers come down [m]."""
_ASIDE = 0.020
"""Room beside the thing and the closed fingers [m]."""
_HAND_HALF, _HAND_UNDERSIDE = 0.075, 0.050
"""What stands taller than the hand's underside must leave room for the whole hand [m]."""
_NEAREST, _WIDEST = 0.30, 0.38
"""Least distance in front of the base, and most to its side, at which the fingers come down [m]."""
_TALL = ("bin", "palm")


def circles(scene: SceneSpec, *, but: int) -> list[Circle]:
    """Return the circles that everything on the table takes up, thing number `but` left out."""
    found = [
        (o.x, o.y, outline_radius(o) if o.shape != "cup" else CUP_HANDLE)
        for k, o in enumerate(scene.objects)
        if k != but and o.z is None
    ]
    return found + [(p.x, p.y, RADII[p.kind]) for p in scene.fixtures if p.kind != "cabinet"]


def free_place(
    scene: SceneSpec, rng: np.random.Generator, *, farther: float, room: float
) -> tuple[float, float]:
    """Draw a place for the target elsewhere on the table, x and y [m].

    Args:
        scene: What stands there.
        rng: Where it is drawn from.
        farther: Than this from where the target is [m].
        room: Between its outline and others [m].

    Raises:
        SceneError: none was found.
    """
    target = scene.target
    radius = outline_radius(target) + room
    others = circles(scene, but=0)
    for _ in range(200):
        x, y = (float(rng.uniform(*span)) for span in AREA)
        if (
            math.hypot(x, y) < REACH
            and math.hypot(x - target.x, y - target.y) > farther
            and all(math.hypot(x - a, y - b) > r + radius for a, b, r in others)
            and not in_drawer_way(scene.fixtures, x, y, radius)
        ):
            return x, y
    raise SceneError(f"scene {scene.seed}: no other place for the {target.phrase}")


def free_way(
    scene: SceneSpec, rng: np.random.Generator, *, shortest: float, longest: float, room: float = 0.02
) -> tuple[float, float]:
    """Draw a point from which a straight way over free table leads to the target, x and y [m].

    Args:
        scene: What stands there.
        rng: Where it is drawn from.
        shortest, longest: Length of the way [m].
        room: On either side of the thing [m].

    Raises:
        SceneError: none was found.
    """
    target = scene.target
    (x0, x1), (y0, y1) = AREA
    others, radius = circles(scene, but=0), outline_radius(target) + room
    for _ in range(60):
        angle, length = rng.uniform(-math.pi, math.pi), float(rng.uniform(shortest, longest))
        x, y = target.x + length * math.cos(angle), target.y + length * math.sin(angle)
        if not (x0 < x < x1 and y0 < y < y1 and math.hypot(x, y) < REACH - 0.03):
            continue
        if all(_distance(a, b, (target.x, target.y), (x, y)) > r + radius for a, b, r in others):
            return float(x), float(y)
    raise SceneError(f"scene {scene.seed}: no free way to the {target.phrase}")


def has_lane(scene: SceneSpec, number: int, place: tuple[float, float]) -> bool:
    """Return whether thing `number` can be pushed straight to a place, x and y [m], and touch nothing."""
    thing = scene.objects[number]
    radius = outline_radius(thing)
    length = math.hypot(place[0] - thing.x, place[1] - thing.y)
    dx, dy = (place[0] - thing.x) / length, (place[1] - thing.y) / length
    behind = (thing.x - dx * (radius + _BEHIND), thing.y - dy * (radius + _BEHIND))
    if not (behind[0] > _NEAREST and abs(behind[1]) < _WIDEST and math.hypot(*behind) < REACH):
        return False
    tall = {(o.x, o.y) for o in scene.objects if o.height > _HAND_UNDERSIDE}
    tall |= {(p.x, p.y) for p in scene.fixtures if p.kind in _TALL}
    cards = {(p.x, p.y) for p in scene.fixtures if p.kind == "card"}
    return all(
        _distance(x, y, behind, place) > r + (_HAND_HALF if (x, y) in tall else max(radius, 0.02)) + _ASIDE
        for x, y, r in circles(scene, but=number)
        if (x, y) not in cards and (x, y) != place
    )


def _distance(x: float, y: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the distance of a point from the stretch between two others [m]."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    share = ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy)
    share = min(1.0, max(0.0, share))
    return math.hypot(x - a[0] - share * dx, y - a[1] - share * dy)
