"""Braking distance in closed form: which velocities leave room to stop before a joint limit."""

from __future__ import annotations

import numpy as np

from hybridctl.messages.arrays import FloatArray

FAR = 1e6  # rad: no joint needs more room to stop, and infinite room would make NaN of the formula


def braked_velocity(dq: FloatArray, *, ddq_max: FloatArray, dt: float) -> FloatArray:
    """Return the velocity after braking at `ddq_max` for `dt`, shape (n,) [rad/s]."""
    return np.asarray(np.copysign(np.maximum(np.abs(dq) - ddq_max * dt, 0.0), dq))


def stopping_velocity(room: FloatArray, *, ddq_max: FloatArray, dt: float) -> FloatArray:
    """Return the largest next velocity from which braking in steps of `dt` stops within `room`.

    With trapezoidal motion q⁺ = q + dt (v + v⁺)/2 and braking by a·dt a step, stopping from v⁺ = m·a·dt
    takes dt·v⁺/2 + a dt² m²/2, that is a dt² m(m+1)/2 beyond q + dt v/2; between whole m it is linear.
    Solving for v⁺ is exact, so a state that obeys it can always obey it one step later (the viability
    kernel of a double integrator in discrete time; compare Del Prete, IEEE RA-L 3(1), 2018).

    Args:
        room: Distance to the limit from q + dt·v/2, shape (…, n) [rad]; negative if already beyond, infinite
            where there is no limit.
        ddq_max: Braking acceleration, shape (n,) [rad/s²].
        dt: Step [s].

    Returns:
        Largest velocity toward the limit at the end of the step, shape of `room` [rad/s].
    """
    unit = ddq_max * dt * dt
    room = np.minimum(room, FAR)
    m = np.floor((np.sqrt(1.0 + 8.0 * np.maximum(room, 0.0) / unit) - 1.0) / 2.0)
    inside = m * ddq_max * dt + (room - unit * m * (m + 1.0) / 2.0) / (dt * (m + 1.0))
    return np.asarray(np.where(room >= 0.0, inside, 2.0 * room / dt))


def velocity_window(
    q: FloatArray,
    dq: FloatArray,
    *,
    q_min: FloatArray,
    q_max: FloatArray,
    dq_max: FloatArray,
    ddq_max: FloatArray,
    ddq_brake: FloatArray,
    dt: float,
) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and highest velocity allowed at the end of the next step, each shape (n,) [rad/s].

    Acceleration, velocity and braking distance all hold inside the window. It always contains full
    braking, so a start outside the limits recovers by stopping instead of having no answer.

    Args:
        q: Present positions, shape (n,) [rad].
        dq: Present velocities, shape (n,) [rad/s].
        q_min: Lower position limits, shape (n,) [rad]; -inf where there is none.
        q_max: Upper position limits, shape (n,) [rad]; inf where there is none.
        dq_max: Velocity limits, shape (n,) [rad/s].
        ddq_max: Acceleration limits, shape (n,) [rad/s²].
        ddq_brake: Part of it that braking before a limit may count on, shape (n,) [rad/s²].
        dt: Step [s].
    """
    coasting = 0.5 * dt * dq
    # Both sides in one call: this runs in every control period, and numpy's calls cost more than its sums.
    room = np.stack((q_max - q - coasting, q - q_min + coasting))
    highest, downward = np.minimum(dq_max, stopping_velocity(room, ddq_max=ddq_brake, dt=dt))
    lowest = -downward
    change = ddq_max * dt
    # A window that acceleration cannot reach shrinks to full braking, never past it.
    braked = braked_velocity(dq, ddq_max=ddq_max, dt=dt)
    highest = np.maximum(np.minimum(highest, dq + change), braked)
    lowest = np.minimum(np.maximum(lowest, dq - change), braked)
    return lowest, highest
