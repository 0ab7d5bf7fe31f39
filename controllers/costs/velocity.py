"""Keeps joints slow: damps the motion and brings it to rest at the target."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class VelocityCost:
    """½ w Σ_k h_k |dq_k|², h_k the time that node k stands for [s].

    Args:
        horizon: The receding horizon.
        joints: Number of joints n.
        weight: w [s²/rad²].
        terminal: Extra time that the last node counts for [s].
    """

    def __init__(self, horizon: Horizon, *, joints: int, weight: float, terminal: float) -> None:
        times = horizon.durations.copy()
        times[-1] += terminal
        weighted = weight * times[:, None] * horizon.velocity
        self._hessian = np.kron(horizon.velocity.T @ weighted, np.eye(joints))
        self._slope = weighted.sum(axis=0)

    def add(self, H: FloatArray, f: FloatArray, prediction: Prediction) -> None:
        """Add to `H` and `f` in place."""
        H += self._hessian
        f += np.outer(self._slope, prediction.dq).ravel()
