"""Keeps hand, fingers and wrist above the table."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.limits.task_rows import TaskRows
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class TableLimit:
    """Height of every body's lowest point ≥ `lowest` at nodes 2 to N; soft.

    Args:
        horizon: The receding horizon.
        joints: Number of joints n.
        bodies: Number of bodies.
        lowest: Table height plus clearance [m].
    """

    name = "table"
    soft = True

    def __init__(self, horizon: Horizon, *, joints: int, bodies: int, lowest: float) -> None:
        self._lowest = lowest
        self._task = TaskRows(horizon, joints=joints, values=bodies)
        self.rows = self._task.rows

    def write(self, A: FloatArray, lower: FloatArray, upper: FloatArray, prediction: Prediction) -> None:
        """Write matrix and bounds in place."""
        lin = prediction.linearisation
        free = self._task.write(A, lin.heights[1:], lin.height_jacobian[1:], prediction)
        lower[:] = (self._lowest - free).ravel()
        upper[:] = np.inf

    def violation(self, prediction: Prediction) -> float:
        """Return by how much a body is too low now [m]."""
        return max(0.0, self._lowest - float(prediction.linearisation.heights[0].min(initial=np.inf)))
