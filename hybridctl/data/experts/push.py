"""Pushing a thing over the table with closed fingers."""

from __future__ import annotations

import math

import numpy as np

from hybridctl.data.experts.hands import ExpertError, Hands, Motion, tool_pose, tool_yaw
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.sim.tasks.conditions import outline_radius
from hybridctl.sim.truth import true_pose
from hybridctl.sim.world import SimWorld

_BEHIND, _HEIGHT, _SPEED = 0.045, 0.022, 0.06
_FINGERS = 0.0145
"""Half the thickness of the closed fingers across the push [m]."""
_PRESS, _LOOSE = 0.020, 0.012
"""How far the tool's target is at most ahead of the tool, and how far it draws back to shift sideways [m]."""
_ASKEW, _STRAIGHT = 0.009, 0.003
"""Off the line by more than the first, the fingers shift, until they are off by less than the second [m]."""
_ON_CARD, _AT_THING = 0.020, 0.012
_STEADY = 0.05
"""Nearer than this the direction of the push stays as it is [m]."""
_STALLED = 1.5
_HARD = 45.0
"""A push that takes more has something heavy in its way [N]."""


def push(world: SimWorld, hands: Hands, phrase: str, toward: str) -> Motion:
    """Push a thing until it is at a place: over the middle of a card, or against another thing.

    Raises:
        ExpertError: it does not come nearer any more.
    """
    truth = hands.truth
    thing, region = truth.thing(phrase), truth.region(toward)
    flat = region.floor == 0.0
    touch = outline_radius(thing.spec) + _FINGERS

    def ahead() -> tuple[FloatArray, FloatArray, float]:
        """Return the thing's place, the way to its goal, and how far it still is [m]."""
        at = truth.thing(phrase).position[:2]
        way = true_pose(world, region.body)[:2, 3] - at
        rest = float(np.linalg.norm(way)) - (0.0 if flat else touch - _FINGERS + max(region.half))
        return at, way, rest

    def arrived(rest: float, stalled: bool) -> bool:
        """Return whether it is near enough; corners may keep two things from coming nearer."""
        if rest < (_ON_CARD if flat else _AT_THING):
            return True
        return stalled and truth.holds(Condition(Predicate.AT, phrase, toward))

    at, way, _ = ahead()
    line = _Line(way, tool_yaw(hands.T_base_tool))
    yield from hands.fingers(0.0)
    start = line.behind(at, touch + _BEHIND)
    yield from hands.travel(start, width=0.0)
    yield from hands.line(start, width=0.0)
    nearest, since, last, askew = math.inf, hands.now(), hands.now(), False
    lead = touch + _BEHIND
    while True:
        hands.expect("pushing", force=_HARD + 15.0, seconds=1.0)
        at, way, rest = ahead()
        now = hands.now()
        if rest < nearest - 0.001:
            nearest, since = rest, now
        if arrived(rest, now - since > _STALLED):
            break
        if now - since > 2 * _STALLED or hands.force > _HARD:
            raise ExpertError(f"pushing brings it no nearer than {nearest:.3f} m")
        if float(np.linalg.norm(way)) > _STEADY:
            line = _Line(way, line.yaw)
        along, aside = line.seen_from(at, hands.T_base_tool[:2, 3])
        askew = abs(aside) > (_STRAIGHT if askew else _ASKEW)
        lead = max(lead - _SPEED * (now - last), along - _PRESS) if not askew else touch + _LOOSE
        last = now
        # Draw back in a straight line before shifting, so that nothing is struck from its side.
        shift = aside if askew and along < touch + _LOOSE / 2 else 0.0
        hands.target(line.behind(at, lead, shift), width=0.0)
        yield
    back = hands.T_base_tool.copy()
    back[:2, 3] -= 0.02 * line.way
    yield from hands.line(back, width=0.0, speed=0.1, tolerance=0.006)
    yield from hands.rise(width=0.0)


class _Line:
    """The line along which a thing is pushed, and the turn of fingers that stand side by side across it.

    Args:
        way: Along it, shape (2,), of any length.
        near: The turn is the one of two that is nearer to this [rad].
    """

    def __init__(self, way: FloatArray, near: float) -> None:
        self.way = way / max(float(np.linalg.norm(way)), 1e-6)
        self._across = np.array([-self.way[1], self.way[0]])
        yaw = math.atan2(self.way[1], self.way[0])
        options = [math.remainder(yaw + k * math.pi, 2 * math.pi) for k in (0, 1)]
        self.yaw = min(options, key=lambda option: abs(math.remainder(option - near, 2 * math.pi)))

    def behind(self, at: FloatArray, distance: float, aside: float = 0.0) -> FloatArray:
        """Return the tool's pose at a distance behind a place on the table [m]."""
        xy = at - distance * self.way + aside * self._across
        return tool_pose(np.array([*xy, _HEIGHT]), self.yaw)

    def seen_from(self, at: FloatArray, tool: FloatArray) -> tuple[float, float]:
        """Return how far the tool is behind a place, and how far aside [m]."""
        return float((at - tool) @ self.way), float((tool - at) @ self._across)
