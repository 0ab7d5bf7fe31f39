"""The motion under full braking, on the horizon's grid: the one motion that no hard limit may forbid."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from hybridctl.messages.arrays import FloatArray

ROOM = 1e-4  # rad, rad/s: a single feasible motion is too narrow for a solver with a tolerance of 1e-6


class BrakingMotion:
    """Braking every joint at `ddq_max` [rad/s²] from the present state, kept until the state changes."""

    def __init__(self, horizon: Horizon, *, ddq_max: FloatArray) -> None:
        self._drop = horizon.times[:, None] * ddq_max
        self._halves = 0.5 * horizon.durations[:, None]
        self._state: tuple[FloatArray, FloatArray] | None = None
        self._motion = (np.zeros_like(self._drop), np.zeros_like(self._drop))

    def motion(self, q: FloatArray, dq: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return positions [rad] and velocities [rad/s] at the nodes, each shape (N, n)."""
        if self._state is None or self._state[0] is not q or self._state[1] is not dq:
            speed = np.copysign(np.maximum(np.abs(dq) - self._drop, 0.0), dq)
            before = np.vstack((dq, speed[:-1]))
            # Within an interval the acceleration is constant, so the mean velocity is exact.
            self._motion = (q + np.cumsum(self._halves * (before + speed), axis=0), speed)
            self._state = (q, dq)
        return self._motion
