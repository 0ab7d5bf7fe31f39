"""Keeps joints from accelerating for little: smooths the motion and makes the QP strictly convex."""

from __future__ import annotations

import numpy as np

from controllers.costs.cost import JointQuadratic
from controllers.gains import Gains
from controllers.horizon import Horizon


class AccelerationCost:
    """½ w Σ_k h_k |u_k|², h_k the length of interval k [s], w the gains' weight [s⁴/rad²]."""

    def quadratic(self, horizon: Horizon, gains: Gains) -> JointQuadratic:
        """Return its terms."""
        zero = np.zeros(horizon.nodes)
        return JointQuadratic(
            gains.weights.acceleration * horizon.durations, np.eye(horizon.nodes), zero, zero
        )
