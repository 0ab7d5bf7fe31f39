"""Whether a thing can be pushed straight to a place: nothing stands in its way, and the hand has room behind."""

from __future__ import annotations

import math

from hybridctl.sim.fixtures import RADII
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.tasks.conditions import outline_radius
from hybridctl.sim.workshop import REACH

_BEHIND = 0.085
"""How far behind the thing the fingers come down [m]."""
_ASIDE = 0.020
"""Room beside the thing and the closed fingers [m]."""
_HAND_HALF, _HAND_UNDERSIDE = 0.075, 0.050
"""What stands taller than the hand's underside must leave room for the whole hand [m]."""
_NEAREST, _WIDEST = 0.30, 0.38
"""Least distance in front of the base, and most to its side, at which the fingers come down [m]."""
_TALL = ("bin", "cabinet", "palm")


def has_lane(scene: SceneSpec, number: int, place: tuple[float, float]) -> bool:
    """Return whether thing `number` can be pushed to a place, x and y [m], with no other thing touched."""
    thing = scene.objects[number]
    radius = outline_radius(thing)
    length = math.hypot(place[0] - thing.x, place[1] - thing.y)
    dx, dy = (place[0] - thing.x) / length, (place[1] - thing.y) / length
    behind = (thing.x - dx * (radius + _BEHIND), thing.y - dy * (radius + _BEHIND))
    if not (behind[0] > _NEAREST and abs(behind[1]) < _WIDEST and math.hypot(*behind) < REACH):
        return False
    others = [
        (o.x, o.y, outline_radius(o) if o.shape != "cup" else 0.06, o.height > _HAND_UNDERSIDE)
        for k, o in enumerate(scene.objects)
        if k != number
    ]
    others += [(p.x, p.y, RADII[p.kind], p.kind in _TALL) for p in scene.fixtures if p.kind != "card"]
    for x, y, r, tall in others:
        if math.hypot(x - place[0], y - place[1]) < 1e-6:
            continue  # it is the place
        along = (x - thing.x) * dx + (y - thing.y) * dy
        nearest = min(max(along, -radius - _BEHIND), length)
        off = math.hypot(x - thing.x - nearest * dx, y - thing.y - nearest * dy)
        if off < r + (_HAND_HALF if tall else max(radius, 0.02)) + _ASIDE:
            return False
    return True
