"""The motion under full braking, on the horizon's grid: the one motion that no hard limit may forbid."""

from __future__ import annotations

from typing import Any

import casadi as ca

from controllers.symbols import State

ROOM = 1e-4  # rad, rad/s: a single feasible motion is too narrow for a solver with a tolerance of 1e-6


def braking_motion(state: State) -> tuple[list[Any], list[Any]]:
    """Return positions [rad] and velocities [rad/s] at the N nodes, SX (n, 1) each.

    Speeds fall by `acceleration.max`; within an interval the acceleration is constant, so the mean velocity
    is exact.
    """
    ddq_max = state.parameters["acceleration.max"]
    positions, velocities = [], []
    q, before = state.q, state.dq
    for k in range(state.nodes):
        after = ca.sign(state.dq) * ca.fmax(ca.fabs(state.dq) - ddq_max * state.times[k], 0)
        q = q + 0.5 * state.durations[k] * (before + after)
        positions.append(q)
        velocities.append(after)
        before = after
    return positions, velocities
