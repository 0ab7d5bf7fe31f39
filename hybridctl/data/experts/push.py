"""Pushing a thing over the table with closed fingers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hybridctl.data.experts.hands import ExpertError, Hands, Motion, tool_pose, tool_yaw
from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.tasks.conditions import outline_radius
from hybridctl.sim.truth import true_pose
from hybridctl.sim.world import SimWorld

_BEHIND, _HEIGHT, _SPEED = 0.045, 0.022, 0.06
_FINGERS = 0.0145
"""Half the thickness of the closed fingers across the push [m]."""
_ON_CARD, _AT_THING = 0.012, 0.010
_ASIDE, _BACK, _STROKES = 0.006, 0.035, 12
"""A thing that slides off to the side by this much is approached anew from this far behind it [m]."""


def push(world: SimWorld, hands: Hands, phrase: str, toward: str) -> Motion:
    """Push a thing until it is at a place: over the middle of a card, or against another thing.

    Raises:
        ExpertError: it does not come nearer any more.
    """
    truth = hands.truth
    thing, region = truth.thing(phrase), truth.region(toward)
    radius = outline_radius(thing.spec)
    flat = region.floor == 0.0

    def ahead() -> tuple[FloatArray, FloatArray, float]:
        """Return the thing's place, the direction to go, and how far it still is [m]."""
        at = truth.thing(phrase).position[:2]
        way = true_pose(world, region.body)[:2, 3] - at
        distance = float(np.linalg.norm(way))
        rest = distance - (0.0 if flat else radius + max(region.half))
        return at, way / max(distance, 1e-6), rest

    _, way, _ = ahead()
    yaw = _across(way, tool_yaw(hands.T_base_tool))

    def behind(distance: float) -> FloatArray:
        at, way, _ = ahead()
        xy = at - way * distance
        return tool_pose(np.array([*xy, _HEIGHT]), yaw)

    yield from hands.fingers(0.0)
    touch, enough = radius + _FINGERS, _ON_CARD if flat else _AT_THING
    start = behind(touch + _BEHIND)
    yield from hands.travel(start, width=0.0)
    yield from hands.line(start, width=0.0)
    for _ in range(_STROKES):
        yield from _shove(hands, behind, ahead, touch, enough)
        at, way, rest = ahead()
        yaw = _across(way, yaw)
        back = hands.T_base_tool.copy()
        away = back[:2, 3] - at
        back[:2, 3] += (0.02 if rest < enough else _BACK) * away / float(np.linalg.norm(away))
        yield from hands.line(back, width=0.0, speed=0.1, tolerance=0.005)
        if rest < enough:
            break
        yield from hands.line(behind(touch + _BACK), width=0.0, speed=0.1, tolerance=0.005)
    else:
        raise ExpertError(f"after {_STROKES} strokes it is still {rest:.3f} m away")
    yield from hands.rise(width=0.0)


def _shove(
    hands: Hands,
    behind: Callable[[float], FloatArray],
    ahead: Callable[[], tuple[FloatArray, FloatArray, float]],
    touch: float,
    enough: float,
) -> Motion:
    """Lead the fingers along the line from the thing to its place until it is there, or slides off aside."""
    begun, last = hands.now(), hands.now()
    at, way, _ = ahead()
    lead = float((at - hands.T_base_tool[:2, 3]) @ way)
    nearest, since = math.inf, begun
    while True:
        now = hands.now()
        lead = max(lead - _SPEED * (now - last), touch - 0.012)
        last = now
        hands.target(behind(lead), width=0.0)
        yield
        at, way, rest = ahead()
        dx, dy = at - hands.T_base_tool[:2, 3]
        touched = math.hypot(dx, dy) < touch + 0.004
        if rest < enough or (touched and abs(way[0] * dy - way[1] * dx) > _ASIDE):
            return
        if rest < nearest - 0.002:
            nearest, since = rest, now
        if now - since > 3.0:
            raise ExpertError(f"pushing brings it no nearer than {nearest:.3f} m")


def _across(way: FloatArray, near: float) -> float:
    """Return the yaw, nearest to `near`, at which the fingers stand side by side across the way [rad]."""
    yaw = math.atan2(way[1], way[0])
    options = [math.remainder(yaw + k * math.pi, 2 * math.pi) for k in (0, 1)]
    return min(options, key=lambda option: abs(math.remainder(option - near, 2 * math.pi)))
