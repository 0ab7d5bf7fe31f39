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
        room: Distance to the limit from q + dt·v/2, shape (n,) [rad]; negative if already beyond, infinite
            where there is no limit.
        ddq_max: Braking acceleration, shape (n,) [rad/s²].
        dt: Step [s].

    Returns:
        Largest velocity toward the limit at the end of the step, shape (n,) [rad/s].
    """
    unit = ddq_max * dt * dt
    room = np.minimum(room, FAR)
    m = np.floor((np.sqrt(1.0 + 8.0 * np.maximum(room, 0.0) / unit) - 1.0) / 2.0)
    inside = m * ddq_max * dt + (room - unit * m * (m + 1.0) / 2.0) / (dt * (m + 1.0))
    return np.asarray(np.where(room >= 0.0, inside, 2.0 * room / dt))
