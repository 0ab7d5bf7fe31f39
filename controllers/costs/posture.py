"""Leans spare freedom to the rest posture, so that the elbow does not wander."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class PostureCost:
    """½ w Σ_k h_k |P (q_k − q_rest)|², P the projector on motions that leave the tool where it is.

    Without P the posture would hold the tool off its target by a fraction of a millimetre.

    Args:
        horizon: The receding horizon.
        joints: Number of joints n.
        weight: w [1/rad²].
        q_rest: Rest posture, shape (n,) [rad].
        max_pull: Largest distance from rest that pulls, each joint [rad].
    """

    def __init__(
        self, horizon: Horizon, *, joints: int, weight: float, q_rest: FloatArray, max_pull: float = 1.0
    ) -> None:
        weighted = weight * horizon.durations[:, None] * horizon.position
        N = horizon.nodes
        self._coupling = (horizon.position.T @ weighted).reshape(N, 1, N, 1)
        self._weighted = weighted
        self._q_rest = q_rest
        self._max_pull = max_pull
        self._identity = np.eye(joints)
        self._shape = (N * joints, N * joints)

    def add(self, H: FloatArray, f: FloatArray, prediction: Prediction) -> None:
        """Add to `H` and `f` in place."""
        J = prediction.linearisation.error_jacobian[0]  # (n, 6), transposed
        # A little damping keeps the projector smooth where the arm is singular.
        P = self._identity - J @ np.linalg.solve(J.T @ J + 1e-6 * np.eye(6), J.T)
        H += (self._coupling * P[:, None, :]).reshape(self._shape)
        away = np.clip(prediction.q - self._q_rest, -self._max_pull, self._max_pull)
        drift = prediction.q_free - prediction.q + away
        f += (self._weighted.T @ drift @ P).ravel()
