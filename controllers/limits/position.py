"""Joint position limits over the horizon, relaxed to full braking so that the QP always has an answer."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.limits.braking_motion import ROOM, BrakingMotion
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class PositionLimit:
    """q_min ≤ q_k ≤ q_max at every second node, counted from the last; hard.

    Args:
        horizon: The receding horizon.
        q_min: Lower limits, shape (n,) [rad].
        q_max: Upper limits, shape (n,) [rad].
        braking: Motion under full braking.
    """

    name = "position"
    soft = False

    def __init__(
        self, horizon: Horizon, *, q_min: FloatArray, q_max: FloatArray, braking: BrakingMotion
    ) -> None:
        self._nodes = np.arange(horizon.nodes - 1, 0, -2)[::-1]
        self._q_min = q_min
        self._q_max = q_max
        self._braking = braking
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
        lower[:] = (np.minimum(self._q_min, stop - ROOM) - free).ravel()
        upper[:] = (np.maximum(self._q_max, stop + ROOM) - free).ravel()

    def violation(self, prediction: Prediction) -> float:
        """Return by how much a joint is outside now [rad]."""
        out = np.maximum(self._q_min - prediction.q, prediction.q - self._q_max)
        return max(0.0, float(out.max()))
