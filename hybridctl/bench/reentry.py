"""Judges joints that start beyond their bounds: full braking, a monotone way back, never out again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arrays import FloatArray

ROUNDING = 1e-6
"""What is broken by less is rounding [rad, rad/s]; accelerations: divided by the control period."""


@dataclass(frozen=True)
class Reentry:
    """How a motion stands to its joint bounds.

    Attributes:
        broken: Ticks in which a joint broke a bound, by bound (`position`, `velocity`, `acceleration`);
            before re-entry, in which it was further out than full braking from the start makes inevitable.
        ticks: First tick from which every joint is inside; 0 where all start inside. None: one never is.
    """

    broken: dict[str, int]
    ticks: int | None


def judge_joints(
    q: FloatArray,
    dq: FloatArray,
    *,
    q_min: FloatArray,
    q_max: FloatArray,
    dq_max: FloatArray,
    ddq_max: FloatArray,
    dt: float,
    stops: tuple[NDArray[np.bool_], FloatArray] | None = None,
) -> Reentry:
    """Judge a commanded motion whose row 0 is where it starts.

    From row 0 on, velocities change linearly over a tick. What full braking makes inevitable: a speed of
    |dq₀| - ddq_max·t, and a joint as far out as where that brings it to rest. From there on an excess over
    a position bound may only fall, and once it is gone it may not come back.

    Args:
        q: Positions, shape (K, n) [rad].
        dq: Velocities, shape (K, n) [rad/s].
        q_min: Lower position bounds, shape (n,) [rad].
        q_max: Upper position bounds, shape (n,) [rad].
        dq_max: Velocity bounds, shape (n,) [rad/s].
        ddq_max: Acceleration bounds, shape (n,) [rad/s²].
        dt: Control period [s].
        stops: In which ticks a stop was in force, shape (K - 1,), and the acceleration bounds of a stop,
            shape (n,) [rad/s²]: it may brake harder than motion does. None for no stop.
    """
    bound = ddq_max if stops is None else np.where(stops[0][:, None], np.maximum(stops[1], ddq_max), ddq_max)
    q_braked, dq_braked = _full_braking(q[0], dq[0], ddq_max=ddq_max, dt=dt, ticks=len(q))
    ddq = np.diff(dq, axis=0) / dt
    position = np.zeros(len(q), dtype=bool)
    outside = np.zeros(len(q), dtype=bool)
    for excess, inevitable in (
        (q - q_max, np.maximum.accumulate(q_braked, axis=0) - q_max),
        (q_min - q, q_min - np.minimum.accumulate(q_braked, axis=0)),
    ):
        # Never further out than braking makes inevitable, and once braked never further out than before:
        braked = np.vstack((np.zeros((1, q.shape[1]), dtype=bool), dq_braked[:-1] == 0.0))
        least = np.minimum.accumulate(np.where(braked, excess, np.inf), axis=0)
        before = np.vstack((np.full((1, q.shape[1]), np.inf), least[:-1]))
        allowed = np.maximum(np.minimum(inevitable, before), 0.0)
        position |= (excess > allowed + ROUNDING).any(axis=1)
        outside |= (excess > ROUNDING).any(axis=1)
    speed = np.abs(dq) - np.maximum(dq_max, np.abs(dq_braked))
    broken = {
        "position": int(position.sum()),
        "velocity": int((speed > ROUNDING).any(axis=1).sum()),
        "acceleration": int((np.abs(ddq) > bound + ROUNDING / dt).any(axis=1).sum()),
    }
    outside |= (np.abs(dq) > dq_max + ROUNDING).any(axis=1)
    last = np.flatnonzero(outside)
    ticks = int(last[-1]) + 1 if len(last) else 0
    return Reentry(
        {name: count for name, count in broken.items() if count}, ticks if ticks < len(q) else None
    )


def _full_braking(
    q: FloatArray, dq: FloatArray, *, ddq_max: FloatArray, dt: float, ticks: int
) -> tuple[FloatArray, FloatArray]:
    """Return positions and velocities of braking at the acceleration bound, each of shape (ticks, n)."""
    times = np.arange(ticks)[:, None] * dt
    speeds = np.maximum(np.abs(dq) - ddq_max * times, 0.0)
    velocities = np.copysign(speeds, dq)
    steps = 0.5 * dt * (velocities[1:] + velocities[:-1])
    return np.vstack((q, q + np.cumsum(steps, axis=0))), velocities
