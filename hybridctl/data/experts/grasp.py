"""Taking a thing: where a hand goes, and the motions of `pick`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hybridctl.data.experts.clearance import (
    FINGER_BELOW,
    FINGER_THICK,
    Footprint,
    footprints,
    room_for_hand,
)
from hybridctl.data.experts.hands import ExpertError, Hands, Motion, tool_pose, tool_yaw
from hybridctl.messages.action import rotation_from_rpy
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.sim.tasks.conditions import lowest_point
from hybridctl.sim.things import CUP_HANDLE, CUP_HEIGHT, CUP_RADIUS, CUP_WALL, grip_of
from hybridctl.sim.truth import TrueObject, pinched, touching
from hybridctl.sim.world import SimWorld

_ABOVE = 0.08
_MOVING, _LAG = 0.01, 0.12
"""What is faster than this is followed, ahead by the time that the arm lags behind its target [m/s, s]."""
_JUMP = 0.03
"""What is this far from where it was a tick ago, beyond what it rolls, has been taken elsewhere [m]."""
_TOPPLED = 0.9
"""Cosine of the tilt from which a thing is taken anew, by another grasp."""
_CHASE = 4.0
"""A way down takes no longer [s]."""
_FALLING = 0.03
"""What is this fast up or down is waited for [m/s]."""
_TOUCH = 60.0
"""What fingers beside or on a thing may cause [N]."""
_LOWEST, _SPARE = 0.016, 0.020
_LEANS = (
    *((0.0, sign * angle) for angle in (0.2, 0.35, 0.5) for sign in (1, -1)),
    *((sign * angle, 0.0) for angle in (0.08, 0.15) for sign in (1, -1)),
)
"""Turns about the tool's x, the fingers' breadth, and y, along their opening, by which a hand leans [rad]."""
_PAST = 0.004
"""Room that is enough for a hand that leans [m]."""
_FINGER_HALF_BREADTH, _TIP_CLEAR = 0.0105, 0.0065
"""Half a finger's breadth, and how far above the ground the lowest corner of one that leans stays [m]."""
_FALL = ("can", "peg", "cylinder", "cup", "pear")
"""What stands on end and may fall over."""
Grasp = tuple[FloatArray, float]
"""Tool pose (4, 4) [m] in the frame of the thing's centre and heading, and the width to open to [m]."""


def pick(world: SimWorld, hands: Hands, phrase: str, part: str = "") -> Motion:
    """Take a thing, by a part if one is named, and lift it.

    Raises:
        ExpertError: it slipped away, is out of reach, or there is no room for the hand.
    """
    truth = hands.truth
    begun = hands.now()
    while abs(_velocity(world, truth.thing(phrase))[2]) > _FALLING and hands.now() - begun < 2.0:
        yield from hands.stay(0.05)
    thing = truth.thing(phrase)
    grasp, width = choose_grasp(world, hands, thing, part)
    moves = thing.speed > _MOVING
    last, upright = thing.position, thing.T_base_object[2, :3]

    def pose(clearance: float) -> FloatArray:
        nonlocal last, moves
        now = truth.thing(phrase)
        if float(np.linalg.norm(now.position - last)) > _JUMP + 0.1 * now.speed:
            raise ExpertError(f"the {phrase} has been moved away")
        if not _is_round(now) and float(upright @ now.T_base_object[2, :3]) < _TOPPLED:
            raise ExpertError(f"the {phrase} has been toppled")
        last = now.position
        T = _heading(now) @ grasp
        moves = now.speed > _MOVING
        if moves:
            T[:2, 3] += _LAG * _velocity(world, now)[:2]
        T[2, 3] += clearance
        return T

    closing = np.eye(4)

    def follow() -> FloatArray:
        """Return the pose to close at: the thing's as long as no finger has touched it."""
        nonlocal closing
        if not any("finger" in name for name in touching(world, thing.body)):
            closing = pose(0.0)
        return closing

    yield from hands.travel(lambda: pose(_ABOVE), width=width, passing=moves)
    yield from hands.move(lambda: pose(_ABOVE), width=width, tolerance=0.006, angle=0.05, passing=moves)
    hands.expect(f"taking the {phrase}", force=_TOUCH)
    # Between neighbours the fingers have millimetres to spare, and a fast tool is off by as much.
    snug = width < grip_of(thing.spec).width + _SPARE
    yield from hands.line(
        lambda: pose(0.0), width=width, tolerance=0.0035, speed=0.06 if snug else 0.20, passing=moves,
        timeout=_CHASE,
    )  # fmt: skip
    closing = hands.T_base_tool
    hands.lean = tool_pose(np.zeros(3), tool_yaw(grasp))[:3, :3].T @ grasp[:3, :3]
    yield from hands.fingers(0.0, at=follow if moves else None)
    if not pinched(world, thing.body) or (part and not truth.taken_by(phrase, part)):
        yield from hands.fingers(width)
        yield from hands.rise()
        raise ExpertError(f"the fingers closed beside the {f'{part} of the ' if part else ''}{phrase}")
    up = hands.T_base_tool.copy()
    up[2, 3] = max(hands.transit, up[2, 3] + 0.05)
    yield from hands.line(up, speed=0.15, tolerance=0.012)
    if not truth.holds(Condition(Predicate.HOLDING, phrase)):
        raise ExpertError(f"the {phrase} did not come along")


def choose_grasp(world: SimWorld, hands: Hands, thing: TrueObject, part: str) -> Grasp:
    """Return the grasp with the most room for the hand that the arm reaches.

    The hand points straight down where it has room; beside a wall that it would come down on, it leans.

    Raises:
        ExpertError: none is in reach.
    """
    around = footprints(world, without=frozenset({thing.body}))
    straight = _candidates(thing, part)
    best = _roomiest(hands, thing, [(grasp, width, 0.0) for grasp, width in straight], around)
    if best is None or best.room < 0.0:
        leaning = [
            (_leaning(thing, grasp, width, lean), width, float(np.hypot(*lean)))
            for grasp, width in straight
            for lean in _LEANS
        ]
        other = _roomiest(hands, thing, leaning, around)
        if other is not None and (best is None or other.score > best.score):
            best = other
    if best is None:
        raise ExpertError(f"no grasp of the {thing.phrase} at {thing.position.round(3)} is in reach")
    return best.grasp


@dataclass(frozen=True)
class _Rated:
    """A grasp, the room it leaves for the hand [m], and how good it is among others."""

    grasp: Grasp
    room: float
    score: float


def _roomiest(
    hands: Hands,
    thing: TrueObject,
    candidates: list[tuple[FloatArray, float, float]],
    around: list[Footprint],
) -> _Rated | None:
    """Return the best of some grasps in reach, each with its width [m] and how far it leans [rad]."""
    best: _Rated | None = None
    preferred = math.remainder(math.atan2(thing.position[1], thing.position[0]), math.pi)
    wished = min(thing.position[2] + grasp[2, 3] for grasp, _, _ in candidates)
    for grasp, width, leans in candidates:
        T = _heading(thing) @ grasp
        for lift in (0.0, 0.004, 0.008) if leans else (0.0, 0.008):
            T_up = T.copy()
            T_up[2, 3] += lift
            room = room_for_hand(T_up, width, around)
            turned = abs(math.remainder(tool_yaw(T) - preferred, 2 * math.pi))
            if leans:  # no farther, and no higher up the thing, than takes the hand past what is in its way
                score = min(room, _PAST) - 0.002 * turned - 0.01 * leans - 0.5 * (T_up[2, 3] - wished)
            else:
                score = room - 0.002 * turned - 0.3 * lift
            if best is not None and score <= best.score:
                continue
            if hands.reach(T_up) < 0.06:
                continue
            raised = grasp.copy()
            raised[2, 3] += lift
            best = _Rated((raised, width), room, score)
    return best


def _leaning(thing: TrueObject, grasp: FloatArray, width: float, lean: tuple[float, float]) -> FloatArray:
    """Return a grasp that leans about the point between the fingertips, these clear of the ground."""
    leant = grasp.copy()
    leant[:3, :3] = grasp[:3, :3] @ rotation_from_rpy(*lean, 0.0)
    down = [
        float((leant[:3, :3] @ (x, y, FINGER_BELOW))[2])
        for x in (-_FINGER_HALF_BREADTH, _FINGER_HALF_BREADTH)
        for y in (-width / 2 - FINGER_THICK, width / 2 + FINGER_THICK)
    ]
    leant[2, 3] = max(leant[2, 3], _TIP_CLEAR - min(down) - lowest_point(thing))
    return leant


def _heading(thing: TrueObject) -> FloatArray:
    """Return the frame of a thing's centre, turned about the vertical as it is; of a round one unturned."""
    T = np.eye(4)
    yaw = 0.0 if _is_round(thing) else thing.yaw
    c, s = math.cos(yaw), math.sin(yaw)
    T[:2, :2] = ((c, -s), (s, c))
    T[:3, 3] = thing.position
    return T


def _velocity(world: SimWorld, thing: TrueObject) -> FloatArray:
    return np.array(world.data.body(thing.body).cvel[3:])


def _is_round(thing: TrueObject) -> bool:
    return thing.shape != "cup" and grip_of(thing.spec).period == 0.0


def _candidates(thing: TrueObject, part: str) -> list[Grasp]:
    spec = thing.spec
    if thing.T_base_object[2, 2] < 0.85 and spec.shape in _FALL:
        return _lying(thing)
    if spec.shape == "cup":
        return _by_handle(thing) if part == "handle" else _by_rim(thing)
    grip = grip_of(spec)
    half = lowest_point(thing)
    z = half - grip.below_top
    z = max(z, _LOWEST - thing.position[2]) if thing.position[2] - half < 0.004 else z
    width = min(0.08, grip.width + 0.022)
    if _is_round(thing):
        yaws = list(np.linspace(-math.pi / 2, math.pi / 2, 13))
    else:
        yaws = [k * grip.period for k in range(round(2 * math.pi / grip.period))]
    found = [(tool_pose(np.array([0.0, 0.0, z]), yaw), width) for yaw in yaws]
    # Among neighbours a narrower opening may be all that fits.
    return found + [(T, min(width, grip.width + 0.012)) for T, _ in found]


def _lying(thing: TrueObject) -> list[Grasp]:
    """A thing that has fallen over is taken across its axis."""
    axis = thing.T_base_object[:2, 2]
    across = math.atan2(axis[1], axis[0]) - tool_yaw(_heading(thing))
    width = min(0.08, thing.spec.size + 0.022)
    at = np.array([0.0, 0.0, max(0.0, _LOWEST - thing.position[2])])
    return [(tool_pose(at, across + k * math.pi), width) for k in range(2)]


def _by_rim(thing: TrueObject) -> list[Grasp]:
    """One finger inside, one outside, away from the handle."""
    z = CUP_HEIGHT / 2 - 0.016
    radius = CUP_RADIUS - CUP_WALL / 2
    found = []
    for angle in np.radians(np.arange(45, 316, 30)):
        at = np.array([radius * math.cos(angle), radius * math.sin(angle), z])
        found += [(tool_pose(at, float(angle) + side * math.pi / 2), 0.034) for side in (-1, 1)]
    return found


def _by_handle(thing: TrueObject) -> list[Grasp]:
    at = np.array([CUP_HANDLE, 0.0, 0.010])
    return [(tool_pose(at, yaw), 0.034) for yaw in (0.0, math.pi)]
