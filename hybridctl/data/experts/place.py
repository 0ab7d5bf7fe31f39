"""Putting down what is held: into containers, on surfaces, into holes, on a person's hand."""

from __future__ import annotations

import math

import numpy as np

from hybridctl.data.experts.clearance import ENOUGH, Footprint, footprints, room_for_hand
from hybridctl.data.experts.hands import ExpertError, Hands, Motion, tool_pose, tool_yaw
from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.fixtures import CARD_HALF
from hybridctl.sim.layout import AREA, REACH, in_drawer_way
from hybridctl.sim.regions import Region
from hybridctl.sim.tasks.conditions import lowest_point, outline_radius
from hybridctl.sim.truth import TrueObject, pinched, true_pose
from hybridctl.sim.world import SimWorld

_OVER = 0.06
_DROP = {"in": 0.010, "on": 0.004, "hole": 0.004, "hand": 0.004}
"""How far above what it comes to rest on a thing is let go [m]."""
_GAP = 0.006
_TOUCH = 60.0
"""What a held thing may press with where it comes down [N]."""
_LOST = 0.10
"""What is farther from the tool than this is not in the hand [m]."""
_FREE = 0.055
"""Room around a thing that is set down, for the hand [m]."""


def place(world: SimWorld, hands: Hands, phrase: str, where: str) -> Motion:
    """Put what is held where a phrase says.

    Raises:
        ExpertError: it was lost on the way, or there is no room for it or for the hand.
    """
    yield from _put(world, hands, phrase, hands.truth.region(where))


def set_down(world: SimWorld, hands: Hands, phrase: str) -> Motion:
    """Put what is held on a free place of the table.

    Raises:
        ExpertError: it was lost on the way, or there is no free place.
    """
    x, y = _free_place(world, hands, hands.truth.thing(phrase))
    yield from _put(world, hands, phrase, Region("world", "on", (0.01, 0.01), 0.0, 0.0, (x, y)))


def _free_place(world: SimWorld, hands: Hands, thing: TrueObject) -> tuple[float, float]:
    """Return the free place that is nearest to the tool, out of the way of a drawer."""
    around = footprints(world, without=frozenset({thing.body}))
    here = hands.T_base_tool[:2, 3]
    keep = outline_radius(thing.spec) + _FREE
    (x0, x1), (y0, y1) = AREA
    best: tuple[float, tuple[float, float]] | None = None
    for x in np.arange(x0, x1, 0.03):
        for y in np.arange(y0, y1, 0.03):
            away = float(np.hypot(*(here - (x, y))))
            if best is not None and away >= best[0]:
                continue
            room = min((foot.distance(x, y) for foot in around), default=1.0)
            if (
                room > keep
                and float(np.hypot(x, y)) < REACH
                and not in_drawer_way(world.scene.fixtures, x, y, keep)
            ):
                best = away, (float(x), float(y))
    if best is None:
        raise ExpertError(f"there is no free place for the {thing.phrase}")
    return best[1]


def _put(world: SimWorld, hands: Hands, phrase: str, region: Region) -> Motion:
    truth = hands.truth
    thing = truth.thing(phrase)
    if not pinched(world, thing.body):
        raise ExpertError(f"the {phrase} is not in the hand")
    T_held, width = _in_hand(hands, thing), _release_width(hands, region)
    spot, yaw, lift = _choose(world, hands, thing, region, T_held, width)
    clear = lowest_point(thing)

    def pose(clearance: float) -> FloatArray:
        """Return the tool pose at which the thing is over the spot, however it lies in the hand now."""
        T_region = true_pose(world, region.body)
        goal = T_region[:3, :3] @ np.array([*spot, 0.0]) + T_region[:3, 3]
        goal[2] = T_region[2, 3] + region.floor + clear + _DROP[region.kind] + lift
        T = tool_pose(goal, yaw, hands.lean)
        now = _in_hand(hands, truth.thing(phrase))
        if float(np.linalg.norm(now)) > _LOST:
            raise ExpertError(f"the {phrase} was lost on the way")
        T[:3, 3] -= T[:3, :3] @ now
        T[2, 3] += clearance
        return T

    yield from hands.travel(lambda: pose(_OVER))
    yield from hands.move(lambda: pose(_OVER), tolerance=0.006, angle=0.05)
    if region.kind == "hole":
        yield from hands.move(lambda: pose(_OVER), tolerance=0.002, angle=0.03)
    hands.expect(f"setting down the {phrase}", force=_TOUCH)
    speed = 0.06 if region.kind in ("hole", "hand", "on") else 0.15
    yield from hands.line(
        lambda: pose(0.0), speed=speed, tolerance=0.004, until=lambda: not pinched(world, thing.body)
    )
    yield from hands.fingers(width)
    yield from _leave(hands)


def _leave(hands: Hands) -> Motion:
    """Go straight up slowly at first, so that nothing is taken along."""
    T = hands.T_base_tool.copy()
    T[2, 3] += 0.04
    yield from hands.line(T, speed=0.08, tolerance=0.01)
    yield from hands.rise()


def _in_hand(hands: Hands, thing: TrueObject) -> FloatArray:
    """Return the thing's centre in the tool's frame, shape (3,) [m]."""
    T = hands.T_base_tool
    return np.asarray(T[:3, :3].T @ (thing.position - T[:3, 3]))


def _release_width(hands: Hands, region: Region) -> float:
    now = hands.state.gripper_width
    return min(0.08, now + (0.020 if region.kind in ("in", "hole") else 0.030))


def _choose(
    world: SimWorld, hands: Hands, thing: TrueObject, region: Region, T_held: FloatArray, width: float
) -> tuple[tuple[float, float], float, float]:
    """Return where in the region, with which yaw of the tool, and how much higher than wished.

    Raises:
        ExpertError: nothing is in reach.
    """
    around = footprints(world, without=frozenset({thing.body}))
    T_region = true_pose(world, region.body)
    radius = outline_radius(thing.spec)
    best: tuple[float, tuple[tuple[float, float], float, float]] | None = None
    turn = _turn_in_hand(hands, thing)
    for spot in _spots(world, thing, region, radius):
        goal = T_region[:3, :3] @ np.array([*spot, 0.0]) + T_region[:3, 3]
        free = _room_for_thing(goal, radius, region, thing, around)
        for yaw in _yaws(hands, thing, region, T_region, turn):
            for lift in (0.0, 0.015, 0.03, 0.05):
                T = tool_pose(goal, yaw, hands.lean)
                T[2, 3] = T_region[2, 3] + region.floor + lowest_point(thing) + _DROP[region.kind] + lift
                T[:3, 3] -= T[:3, :3] @ T_held
                room = room_for_hand(T, width, around)
                turned = abs(math.remainder(yaw - tool_yaw(hands.T_base_tool), 2 * math.pi))
                score = 3 * min(room, free) - 0.002 * turned - 0.25 * lift
                if best is not None and score <= best[0]:
                    continue
                if hands.reach(T) >= 0.06:
                    best = score, (spot, yaw, lift)
                if room >= ENOUGH:
                    break
    if best is None:
        raise ExpertError(f"no place for the {thing.phrase} is in reach")
    return best[1]


def _yaws(hands: Hands, thing: TrueObject, region: Region, T_region: FloatArray, turn: float) -> list[float]:
    now = tool_yaw(hands.T_base_tool)
    if region.kind in ("on", "hand") and thing.shape == "block":
        # Set down square to what it is set on.
        square = math.atan2(T_region[1, 0], T_region[0, 0]) - turn
        yaws = [math.remainder(square + k * math.pi / 2, 2 * math.pi) for k in range(4)]
    else:
        yaws = [now + k * math.pi / 6 for k in range(-6, 6)]
    return [y for y in (math.remainder(yaw, 2 * math.pi) for yaw in yaws) if abs(y) < 2.2]


def _turn_in_hand(hands: Hands, thing: TrueObject) -> float:
    return math.remainder(thing.yaw - tool_yaw(hands.T_base_tool), math.pi / 2)


def _spots(world: SimWorld, thing: TrueObject, region: Region, radius: float) -> list[tuple[float, float]]:
    """Return places in the region's frame to try, its middle first; of a drawer only what is out."""
    cx, cy = region.centre
    if region.kind in ("hole", "hand") or (region.kind == "on" and region.half[0] <= CARD_HALF + 0.001):
        return [(cx, cy)]
    room = [max(0.0, half - radius - _GAP) for half in region.half]
    shares = (0.0, 0.5, -0.5, 1.0, -1.0)
    if region.body == "drawer":
        out = float(world.data.joint("drawer").qpos[0])
        # Between the cabinet's edge and the drawer's front, with room for the hand.
        low, high = -out + max(0.042, radius), -radius - _GAP
        along = [0.5 * (low + high)] if high <= low else [low + s * (high - low) for s in (0.5, 0.2, 0.8)]
        return [(x, cy + room[1] * s) for s in shares for x in along]
    return [(cx + room[0] * s, cy + room[1] * t) for s in shares for t in shares]


def _room_for_thing(
    goal: FloatArray, radius: float, region: Region, thing: TrueObject, around: list[Footprint]
) -> float:
    """Return the distance of the thing, put at `goal`, from other things there [m]."""
    room = ENOUGH
    for foot in around:
        if foot.round and foot.half[0] < 0.05 and foot.half[0] != 0.012:
            room = min(room, foot.distance(goal[0], goal[1]) - radius) if region.kind == "in" else room
    return room
