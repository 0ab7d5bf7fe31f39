"""Keeps the tool point in a box of the base frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from controllers.horizon import Horizon
from controllers.limits.task_rows import TaskRows
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class WorkspaceLimit:
    """low ≤ p_k ≤ high at nodes 2 to N; soft, so that a start outside the box has an answer.

    Args:
        horizon: The receding horizon.
        joints: Number of joints n.
        low: Lowest x, y, z of the tool point, shape (3,) [m].
        high: Highest x, y, z, shape (3,) [m].
    """

    name = "workspace"
    soft = True

    def __init__(self, horizon: Horizon, *, joints: int, low: ArrayLike, high: ArrayLike) -> None:
        self._low = np.asarray(low, dtype=np.float64)
        self._high = np.asarray(high, dtype=np.float64)
        self._task = TaskRows(horizon, joints=joints, values=3)
        self.rows = self._task.rows

    def write(self, A: FloatArray, lower: FloatArray, upper: FloatArray, prediction: Prediction) -> None:
        """Write matrix and bounds in place."""
        lin = prediction.linearisation
        free = self._task.write(A, lin.tool[1:], lin.tool_jacobian[1:], prediction)
        lower[:] = (self._low - free).ravel()
        upper[:] = (self._high - free).ravel()

    def violation(self, prediction: Prediction) -> float:
        """Return by how much the tool point is outside now [m]."""
        tool = prediction.linearisation.tool[0]
        return max(0.0, float(np.maximum(self._low - tool, tool - self._high).max()))
