"""Keeps links of the arm apart."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.limits.task_rows import TaskRows
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class SelfCollisionLimit:
    """Distance of every pair of capsules ≥ `margin` at every second node; soft.

    Args:
        horizon: The receding horizon.
        joints: Number of joints n.
        pairs: Number of pairs.
        margin: Distance kept [m].
    """

    name = "self_collision"
    soft = True

    def __init__(self, horizon: Horizon, *, joints: int, pairs: int, margin: float) -> None:
        self._margin = margin
        self._task = TaskRows(horizon, joints=joints, values=pairs, every=2)
        self.rows = self._task.rows

    def write(self, A: FloatArray, lower: FloatArray, upper: FloatArray, prediction: Prediction) -> None:
        """Write matrix and bounds in place."""
        lin = prediction.linearisation
        free = self._task.write(A, lin.distances[1:], lin.distance_jacobian[1:], prediction)
        lower[:] = (self._margin - free).ravel()
        upper[:] = np.inf

    def violation(self, prediction: Prediction) -> float:
        """Return by how much a pair is too near now [m]."""
        return max(0.0, self._margin - float(prediction.linearisation.distances[0].min(initial=np.inf)))
