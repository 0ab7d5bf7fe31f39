"""Keeps joints slow: damps the motion and brings it to rest at the target."""

from __future__ import annotations

import numpy as np

from controllers.costs.cost import JointQuadratic
from controllers.gains import Gains
from controllers.horizon import Horizon


class VelocityCost:
    """½ w Σ_k h_k |dq_k|², h_k the time that node k stands for [s], w the gains' weight [s²/rad²]."""

    def quadratic(self, horizon: Horizon, gains: Gains) -> JointQuadratic:
        """Return its terms."""
        times = horizon.durations.copy()
        times[-1] += gains.weights.terminal
        ones = np.ones(horizon.nodes)
        return JointQuadratic(gains.weights.velocity * times, horizon.velocity, ones, 0.0 * ones)
