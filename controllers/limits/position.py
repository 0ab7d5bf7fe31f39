"""Joint position limits over the horizon, relaxed so that the QP always has an answer.

A joint that moves out brakes as hard as it can; one that is outside and no longer moves out comes back.
"""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.limits.braking_motion import ROOM, BrakingMotion
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray

RETURN_SPEED = 0.1  # rad/s
AT_REST = 1e-6  # rad/s


class PositionLimit:
    """q_min ≤ q_k ≤ q_max at every second node, counted from the last; hard.

    Args:
        horizon: The receding horizon.
        q_min: Lower limits, shape (n,) [rad].
        q_max: Upper limits, shape (n,) [rad].
        braking: Motion under full braking.
        ddq_max: Acceleration limits, shape (n,) [rad/s²].
    """

    name = "position"
    soft = False

    def __init__(
        self,
        horizon: Horizon,
        *,
        q_min: FloatArray,
        q_max: FloatArray,
        braking: BrakingMotion,
        ddq_max: FloatArray,
    ) -> None:
        self._nodes = np.arange(horizon.nodes - 1, 0, -2)[::-1]
        self._q_min = q_min
        self._q_max = q_max
        self._braking = braking
        # The way back that is demanded: from rest to RETURN_SPEED with a fifth of the acceleration.
        times, ddq = horizon.times[self._nodes, None], 0.2 * ddq_max
        rise = np.minimum(times, RETURN_SPEED / ddq)
        self._way_back = 0.5 * ddq * rise**2 + RETURN_SPEED * (times - rise)
        self._matrix = np.kron(horizon.position[self._nodes], np.eye(len(q_min)))
        self.rows = len(self._matrix)
        self._written = False

    def write(self, A: FloatArray, lower: FloatArray, upper: FloatArray, prediction: Prediction) -> None:
        """Write matrix and bounds in place."""
        if not self._written:
            A[:] = self._matrix
            self._written = True
        stop, _ = self._braking.motion(prediction.q, prediction.dq)
        stop, free = stop[self._nodes], prediction.q_free[self._nodes]
        q, dq = prediction.q, prediction.dq
        above = np.where((q > self._q_max) & (dq <= AT_REST), q - self._way_back, stop) + ROOM
        below = np.where((q < self._q_min) & (dq >= -AT_REST), q + self._way_back, stop) - ROOM
        lower[:] = (np.minimum(self._q_min, below) - free).ravel()
        upper[:] = (np.maximum(self._q_max, above) - free).ravel()

    def violation(self, prediction: Prediction) -> float:
        """Return by how much a joint is outside now [rad]."""
        out = np.maximum(self._q_min - prediction.q, prediction.q - self._q_max)
        return max(0.0, float(out.max()))
