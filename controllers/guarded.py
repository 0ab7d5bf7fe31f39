"""Guarded approach: moves the tool along a line until it feels something, and says what ended the way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from controllers.errors import ControllerError
from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar

_TARE = 5
"""Measurements at rest whose mean is the force's zero: what the hand holds weighs nothing then."""
_NEAR = 0.001
"""The way counts as covered this close to its end [m], or _LATE after the reference got there [s]."""
_LATE = 0.5
_SHORTEST = 1e-3
"""A direction shorter than this is none."""


@dataclass(frozen=True, kw_only=True)
class GuardedMove:
    """What to do.

    Attributes:
        direction: Where to, in the base frame, shape (3,); its length does not matter.
        travel: Farthest way [m].
        force: Force against the direction that is a contact [N].
        speed: How fast [m/s]; what that costs after the contact, `stopping_distance` says.
        timeout: Longest time [s].

    Raises:
        ControllerError: the direction is zero or not finite, or a number is not positive.
    """

    direction: FloatArray
    travel: float
    force: float
    speed: float
    timeout: float

    def __post_init__(self) -> None:
        try:
            direction = checked("direction", self.direction, shape=(3,))
            for name in ("travel", "force", "speed", "timeout"):
                checked_scalar(name, getattr(self, name), low=1e-9)
        except MessageError as error:
            raise ControllerError(f"GuardedMove: {error}") from error
        length = float(np.linalg.norm(direction))
        if length < _SHORTEST:
            raise ControllerError(
                f"GuardedMove: direction is {direction.tolist()}, expected one with a length"
            )
        object.__setattr__(self, "direction", direction / length)


@dataclass(frozen=True)
class GuardedOutcome:
    """How an approach ended.

    Attributes:
        ended: `contact`, `no_contact` (the whole way was free) or `timeout`.
        force: Force against the direction when it ended [N].
        travelled: Way along the direction until then [m].
        stamp: When [s].
    """

    ended: str
    force: float
    travelled: float
    stamp: float


class GuardedApproach:
    """One guarded move, stepped once a control period; who steps it brakes when `outcome` is there."""

    def __init__(self, move: GuardedMove) -> None:
        self.move = move
        self.outcome: GuardedOutcome | None = None
        self._began: float | None = None
        self._set_out: float | None = None
        self._rested: list[float] = []
        self._T_start = np.eye(4)
        self._zero = 0.0

    def step(self, T_base_tool: FloatArray, wrench: FloatArray, *, resting: bool, now: float) -> FloatArray:
        """Return the target now, shape (4, 4) [m].

        Args:
            T_base_tool: Measured tool pose, shape (4, 4) [m].
            wrench: What the world exerts on the tool, in tool axes, shape (6,) [N, Nm].
            resting: Whether the arm is at rest; it sets out only then.
            now: Clock time [s].
        """
        move = self.move
        if self._began is None:
            self._began, self._T_start = now, np.array(T_base_tool)
        against = -float(move.direction @ T_base_tool[:3, :3] @ wrench[:3])
        force = against - self._zero
        travelled = float(move.direction @ (T_base_tool[:3, 3] - self._T_start[:3, 3]))
        if now - self._began > move.timeout:
            self._end("timeout", force, travelled, now)
        if self._set_out is None:
            if resting:
                self._rested.append(against)
            if len(self._rested) >= _TARE:
                self._zero, self._set_out = float(np.mean(self._rested)), now
            return self._T_start
        way = min(move.speed * (now - self._set_out), move.travel)
        late = now - self._set_out > move.travel / move.speed + _LATE
        if force > move.force:
            self._end("contact", force, travelled, now)
        elif travelled > move.travel - _NEAR or late:
            self._end("no_contact", force, travelled, now)
        T = np.array(self._T_start)
        T[:3, 3] += way * move.direction
        return T

    def _end(self, ended: str, force: float, travelled: float, now: float) -> None:
        if self.outcome is None:
            self.outcome = GuardedOutcome(ended, force, travelled, now)


def deceleration_along(jacobian: FloatArray, direction: FloatArray, *, ddq_max: FloatArray) -> float:
    """Return how hard the tool can brake along a direction without turning [m/s²].

    The joint velocities of unit speed are J⁺ (d, 0); the joint that reaches its limit first decides.

    Args:
        jacobian: The tool's Jacobian, shape (6, n), along base axes.
        direction: Unit vector in the base frame, shape (3,).
        ddq_max: Joint accelerations that braking may use, shape (n,) [rad/s²].
    """
    dq = np.linalg.pinv(jacobian) @ np.concatenate([direction, np.zeros(3)])
    fastest = float((np.abs(dq) / ddq_max).max())
    return 1.0 / fastest if fastest > 0.0 else math.inf


def stopping_distance(*, speed: float, deceleration: float, reaction: float) -> float:
    """Return the way from the contact to rest [m]: v t + v² / 2a.

    Args:
        speed: v, the tool's [m/s].
        deceleration: a [m/s²], of `deceleration_along`.
        reaction: t, from the contact to the first braking command [s]: the sensor's filter and up to one
            control period.
    """
    return speed * reaction + speed * speed / (2.0 * deceleration)
