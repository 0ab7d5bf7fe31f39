"""Braking distance in CasADi symbols: the formulas of controllers.braking, for compiled code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import casadi as ca

from controllers.braking import FAR
from controllers.codegen import compiled


def stopping_velocity(room: Any, *, ddq_max: Any, dt: Any) -> Any:
    """Return the largest next velocity from which braking in steps of `dt` stops within `room`, SX (n, 1)."""
    unit = ddq_max * dt * dt
    room = ca.fmin(room, FAR)
    m = ca.floor((ca.sqrt(1 + 8 * ca.fmax(room, 0) / unit) - 1) / 2)
    inside = m * ddq_max * dt + (room - unit * m * (m + 1) / 2) / (dt * (m + 1))
    return ca.if_else(room >= 0, inside, 2 * room / dt)


def velocity_window(
    q: Any, dq: Any, *, q_min: Any, q_max: Any, dq_max: Any, ddq_max: Any, ddq_brake: Any, dt: Any
) -> tuple[Any, Any]:
    """Return the lowest and highest velocity allowed at the end of the next step, SX (n, 1) each [rad/s].

    Acceleration, velocity and braking distance all hold inside the window. It always contains full
    braking, so a start outside the limits recovers by stopping instead of having no answer.

    Args:
        q: Present positions, SX (n, 1) [rad].
        dq: Present velocities [rad/s].
        q_min: Lower position limits [rad].
        q_max: Upper position limits [rad].
        dq_max: Velocity limits [rad/s].
        ddq_max: Acceleration limits [rad/s²].
        ddq_brake: Part of it that braking before a limit may count on [rad/s²].
        dt: Step, SX scalar [s].
    """
    coasting = 0.5 * dt * dq
    highest = ca.fmin(dq_max, stopping_velocity(q_max - q - coasting, ddq_max=ddq_brake, dt=dt))
    lowest = -ca.fmin(dq_max, stopping_velocity(q - q_min + coasting, ddq_max=ddq_brake, dt=dt))
    change = ddq_max * dt
    # A window that acceleration cannot reach shrinks to full braking, never past it.
    braked = ca.sign(dq) * ca.fmax(ca.fabs(dq) - change, 0)
    highest = ca.fmax(ca.fmin(highest, dq + change), braked)
    lowest = ca.fmin(ca.fmax(lowest, dq - change), braked)
    return lowest, highest


@lru_cache(maxsize=16)
def compiled_step(joints: int) -> Any:
    """Return the function (q, dq, wanted, q_min, q_max, dq_max, ddq_max, dt) to position and velocity.

    They are those at the end of a step: the velocity nearest to `wanted` in its window, and the exact
    integral of a velocity that changes linearly.
    """
    names = ("q", "dq", "wanted", "q_min", "q_max", "dq_max", "ddq_max")
    q, dq, wanted, q_min, q_max, dq_max, ddq_max = symbols = [ca.SX.sym(name, joints) for name in names]
    dt = ca.SX.sym("dt")
    lowest, highest = velocity_window(
        q, dq, q_min=q_min, q_max=q_max, dq_max=dq_max, ddq_max=ddq_max, ddq_brake=ddq_max, dt=dt
    )
    dq_next = ca.fmin(ca.fmax(wanted, lowest), highest)
    function = ca.Function("limited_step", [*symbols, dt], [q + 0.5 * dt * (dq + dq_next), dq_next])
    return compiled(function)
