"""Joint velocity limits over the horizon, relaxed to full braking so that the QP always has an answer."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.limits.braking_motion import ROOM, BrakingMotion
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class VelocityLimit:
    """|dq_k| ≤ dq_max at nodes 2 to N; hard. Node 1 is part of AccelerationLimit's first bound.

    Args:
        horizon: The receding horizon.
        dq_max: Limits, shape (n,) [rad/s].
        braking: Motion under full braking.
    """

    name = "velocity"
    soft = False

    def __init__(self, horizon: Horizon, *, dq_max: FloatArray, braking: BrakingMotion) -> None:
        self._dq_max = dq_max
        self._braking = braking
        self._matrix = np.kron(horizon.velocity[1:], np.eye(len(dq_max)))
        self.rows = len(self._matrix)
        self._written = False

    def write(self, A: FloatArray, lower: FloatArray, upper: FloatArray, prediction: Prediction) -> None:
        """Write matrix and bounds in place."""
        if not self._written:
            A[:] = self._matrix
            self._written = True
        _, braked = self._braking.motion(prediction.q, prediction.dq)
        lower[:] = (np.minimum(-self._dq_max, braked[1:] - ROOM) - prediction.dq).ravel()
        upper[:] = (np.maximum(self._dq_max, braked[1:] + ROOM) - prediction.dq).ravel()

    def violation(self, prediction: Prediction) -> float:
        """Return by how much a joint is too fast now [rad/s]."""
        return max(0.0, float((np.abs(prediction.dq) - self._dq_max).max()))
