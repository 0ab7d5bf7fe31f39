"""Keeps accelerations from changing for little: what shakes the arm least."""

from __future__ import annotations

import numpy as np

from controllers.costs.cost import JointQuadratic
from controllers.gains import Gains
from controllers.horizon import Horizon


class JerkCost:
    """½ w Σ_k |u_k − u_{k-1}|² / g_k, g_k the time between the middles of their intervals [s].

    That is the mean squared jerk, times that time. u_0 is the acceleration of the last period, w the gains'
    weight [s⁶/rad²].
    """

    def quadratic(self, horizon: Horizon, gains: Gains) -> JointQuadratic:
        """Return its terms."""
        N, h = horizon.nodes, horizon.durations
        gaps = np.concatenate(([h[0]], 0.5 * (h[1:] + h[:-1])))
        first = -np.eye(N)[0]
        return JointQuadratic(gains.weights.jerk / gaps, np.eye(N) - np.eye(N, k=-1), 0.0 * first, first)
