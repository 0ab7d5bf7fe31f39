"""Rows on functions of the posture (heights, distances), condensed to the horizon's accelerations."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class TaskRows:
    """Writes c(q̄_k) + G_k (q_k − q̄_k) ≥ lower as rows in u, at chosen nodes.

    Args:
        horizon: The receding horizon.
        joints: Number of joints n.
        values: Number of functions c.
        every: 1 takes nodes 2 to N, 2 every second of them up to N.
    """

    def __init__(self, horizon: Horizon, *, joints: int, values: int, every: int = 1) -> None:
        count = horizon.nodes - 1
        self._which = slice((count - 1) % every, count, every)
        effect = horizon.position[1:][self._which]
        self._effect = effect[:, None, :, None]  # (nodes, 1, N, 1)
        self._shape = (len(effect), values, horizon.nodes, joints)
        self.rows = len(effect) * values

    def write(
        self, A: FloatArray, value: FloatArray, jacobian: FloatArray, prediction: Prediction
    ) -> FloatArray:
        """Write the rows' matrix in place and return c without control, shape (nodes, values).

        Args:
            A: Rows of the QP, shape (rows, N·n), contiguous.
            value: c at nodes 2 to N, shape (N-1, values).
            jacobian: Its Jacobian, transposed, shape (N-1, n, values).
            prediction: The tick.
        """
        G = jacobian[self._which]
        np.multiply(self._effect, G.transpose(0, 2, 1)[:, :, None, :], out=A.reshape(self._shape))
        moved = np.matmul(prediction.to_free[self._which][:, None, :], G)[:, 0]
        return np.asarray(value[self._which] + moved)
