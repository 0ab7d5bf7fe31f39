"""Keeps joints from accelerating for little: smooths the motion and makes the QP strictly convex."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class AccelerationCost:
    """½ w Σ_k h_k |u_k|², h_k the length of interval k [s].

    Args:
        horizon: The receding horizon.
        joints: Number of joints n.
        weight: w [s⁴/rad²].
    """

    def __init__(self, horizon: Horizon, *, joints: int, weight: float) -> None:
        self._hessian = np.kron(np.diag(weight * horizon.durations), np.eye(joints))

    def add(self, H: FloatArray, f: FloatArray, prediction: Prediction) -> None:
        """Add to `H` in place."""
        H += self._hessian
