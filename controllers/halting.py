"""Brings commands to rest along the present path, then to where the arm really is: how every stop brakes."""

from __future__ import annotations

import numpy as np

from hybridctl.messages.arrays import FloatArray

REST = 0.02
"""Measured joint speed below which the arm is at rest [rad/s]."""
_SETTLING = 10.0
"""How fast commands go to the measured posture, as a share of the way a second [1/s]."""
_SLOW = 0.25
"""The part of the velocity limits that this may take."""
_THERE = 1e-4
"""How near the goal commands come to rest [rad]."""


class Halt:
    """Braking without a solver: nothing but the last command and the measurement enter.

    First all joints brake by one factor, the hardest braking that every joint's acceleration allows, so the
    arm stays on the path it was on. Then commands go to the measured posture, and stay at the one where the
    arm came to rest: an arm that was blocked does not go on pressing with what its servos lag (moveit2 #2229
    halted at a stale command).

    Args:
        dq_max: Velocity limits, shape (n,) [rad/s].
        ddq_max: Acceleration limits, shape (n,) [rad/s²].
        dt: Control period [s].
    """

    def __init__(self, *, dq_max: FloatArray, ddq_max: FloatArray, dt: float) -> None:
        self._slow = _SLOW * dq_max
        self._ddq_max = ddq_max
        self._dt = dt
        self._goal: FloatArray | None = None
        self._braked = False

    def reset(self) -> None:
        """Begin anew: the next velocity asked for begins a halt."""
        self._goal = None
        self._braked = False

    @property
    def at_rest(self) -> bool:
        """Whether the commands have come to rest and the arm did."""
        return self._goal is not None

    def velocity(
        self, q: FloatArray, dq: FloatArray, *, q_measured: FloatArray, dq_measured: FloatArray
    ) -> FloatArray:
        """Return the velocity to command at the end of the period, shape (n,) [rad/s].

        Args:
            q: Last commanded position, shape (n,) [rad].
            dq: Last commanded velocity, shape (n,) [rad/s].
            q_measured: Measured position, shape (n,) [rad].
            dq_measured: Measured velocity, shape (n,) [rad/s].
        """
        if not self._braked:
            periods = float((np.abs(dq) / (self._ddq_max * self._dt)).max())
            if periods > 1.0:
                return np.asarray(dq * (1.0 - 1.0 / periods))
            self._braked = True
        if self._goal is None and float(np.abs(dq_measured).max()) < REST:
            self._goal = q_measured.copy()
        goal = q_measured if self._goal is None else self._goal
        if float(np.abs(goal - q).max()) < _THERE:
            return np.zeros_like(q)
        return np.asarray(np.clip(_SETTLING * (goal - q), -self._slow, self._slow))
