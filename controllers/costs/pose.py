"""Brings the tool to its target pose: Gauss-Newton on position error and the log map of the rotation."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class PoseCost:
    """½ Σ_k w_k (p |p_k − p*|² + o |log(R*ᵀ R_k)|²), w_k the time that node k stands for [s].

    Args:
        horizon: The receding horizon.
        joints: Number of joints n.
        position: Weight p [1/m²].
        orientation: Weight o [1/rad²].
        terminal: Extra time that the last node counts for [s].
    """

    def __init__(
        self, horizon: Horizon, *, joints: int, position: float, orientation: float, terminal: float
    ) -> None:
        times = horizon.durations[1:].copy()
        times[-1] += terminal
        weights = np.array([position] * 3 + [orientation] * 3)
        self._scale = np.sqrt(times[:, None] * weights)  # (N-1, 6)
        self._effect = horizon.position[1:]  # (N-1, N)
        N = horizon.nodes
        self._pairs = (self._effect[:, :, None] * self._effect[:, None, :]).reshape(-1, N * N).T.copy()
        self._shape = (N, N, joints, joints)

    def add(self, H: FloatArray, f: FloatArray, prediction: Prediction) -> None:
        """Add to `H` and `f` in place."""
        lin = prediction.linearisation
        J = lin.error_jacobian[1:] * self._scale[:, None, :]  # (N-1, n, 6)
        residual = lin.error[1:] * self._scale + np.matmul(prediction.to_free[:, None, :], J)[:, 0]
        JJ = np.matmul(J, J.transpose(0, 2, 1))
        N, _, n, _ = self._shape
        blocks = (self._pairs @ JJ.reshape(len(JJ), n * n)).reshape(self._shape)
        H += blocks.transpose(0, 2, 1, 3).reshape(N * n, N * n)
        slope = np.matmul(J, residual[:, :, None])[:, :, 0]  # (N-1, n)
        f += (self._effect.T @ slope).ravel()
