"""Opening and closing a drawer by its handle."""

from __future__ import annotations

import math

import numpy as np

from hybridctl.data.experts.hands import ExpertError, Hands, Motion, tool_pose, tool_yaw
from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.fixtures import DRAWER_TRAVEL, HANDLE_HEIGHT, HANDLE_OUT, HANDLE_RADIUS
from hybridctl.sim.truth import drawer_fraction, true_pose
from hybridctl.sim.world import SimWorld

_AROUND, _ABOVE, _SPEED = 0.032, 0.05, 0.10
_OPEN_TO, _SHUT = 0.95, 0.012
"""What counts as pulled out and as shut, as a fraction of the travel; a pull ends before the stop."""
_HARD = 45.0
"""A drawer that takes more than this to move is stuck [N]."""


def open_drawer(world: SimWorld, hands: Hands) -> Motion:
    """Take the handle from above, pull, let go.

    Raises:
        ExpertError: the drawer did not come along.
    """
    yaw = _yaw_at_handle(world, hands, along=True)

    def handle(above: float = 0.0, out: float = 0.0) -> FloatArray:
        return _at_handle(world, yaw, above=above, out=out)

    if drawer_fraction(world) < _OPEN_TO:
        yield from hands.travel(handle(_ABOVE), width=_AROUND)
        yield from hands.move(lambda: handle(_ABOVE), width=_AROUND, tolerance=0.004)
        yield from hands.line(lambda: handle(), width=_AROUND, speed=0.12)
        yield from hands.fingers(0.0)
        if hands.state.gripper_width < HANDLE_RADIUS:
            raise ExpertError("the fingers closed beside the handle")
        way = (_OPEN_TO - drawer_fraction(world)) * DRAWER_TRAVEL + 0.002
        hands.expect("pulling the drawer", force=_HARD + 20.0)
        yield from hands.line(
            handle(out=way),
            speed=_SPEED,
            until=lambda: drawer_fraction(world) > _OPEN_TO - 0.01 or hands.force > _HARD,
            timeout=6.0,
        )
        yield from hands.stay(0.2)
        yield from hands.fingers(_AROUND)
        yield from hands.line(handle(_ABOVE + 0.03), width=_AROUND)
    yield from hands.rise()
    if drawer_fraction(world) < 0.8:
        raise ExpertError(f"the drawer is open by {drawer_fraction(world):.0%} only")


def close_drawer(world: SimWorld, hands: Hands) -> Motion:
    """Push the handle from its far side with closed fingers.

    Raises:
        ExpertError: the drawer did not shut.
    """
    yaw = _yaw_at_handle(world, hands, along=False)
    width = 0.0
    if drawer_fraction(world) > _SHUT:
        before = _at_handle(world, yaw, out=0.035)
        over = _at_handle(world, yaw, out=0.035, above=_ABOVE)
        yield from hands.fingers(width)
        yield from hands.travel(over, width=width)
        yield from hands.line(before, width=width)
        hands.expect("pushing the drawer", force=_HARD + 20.0)
        shut = _at_handle(world, yaw, out=0.010 - drawer_fraction(world) * DRAWER_TRAVEL)
        yield from hands.line(
            shut, width=width, speed=_SPEED, tolerance=0.004,
            until=lambda: drawer_fraction(world) < _SHUT / 2 or hands.force > _HARD, timeout=6.0,
        )  # fmt: skip
        away = _at_handle(world, yaw, out=0.035)
        yield from hands.line(away, width=width, speed=0.1, tolerance=0.006)
    yield from hands.rise(width=width)
    if drawer_fraction(world) > 0.04:
        raise ExpertError(f"the drawer is still open by {drawer_fraction(world):.0%}")


def _at_handle(world: SimWorld, yaw: float, *, above: float = 0.0, out: float = 0.0) -> FloatArray:
    T = true_pose(world, "drawer")
    at = T[:3, :3] @ np.array([HANDLE_OUT + out, 0.0, HANDLE_HEIGHT + above]) + T[:3, 3]
    return tool_pose(at, yaw)


def _yaw_at_handle(world: SimWorld, hands: Hands, *, along: bool) -> float:
    """Return the yaw at which the fingers open along the pull, or stand side by side along the bar [rad]."""
    T = true_pose(world, "drawer")
    pull = math.atan2(T[1, 0], T[0, 0])
    # The fingers open along the tool's y axis.
    first = pull - math.pi / 2 if along else pull
    options = [math.remainder(first + k * math.pi, 2 * math.pi) for k in (0, 1)]
    fits = [yaw for yaw in options if hands.reach(_at_handle(world, yaw)) > 0.06]
    if not fits:
        raise ExpertError("the handle is out of reach")
    return min(fits, key=lambda yaw: abs(math.remainder(yaw - tool_yaw(hands.T_base_tool), 2 * math.pi)))
