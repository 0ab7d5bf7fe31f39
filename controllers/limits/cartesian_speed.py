"""Keeps the tool's own speed, linear and angular, below the robot's Cartesian limits."""

from __future__ import annotations

import numpy as np

from controllers.horizon import Horizon
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class CartesianSpeedLimit:
    """|v_k| ≤ linear and |ω_k| ≤ angular at nodes 1, 3, 5, …; soft.

    Node 1 matters: without it each tick puts the braking off to the next. Each component keeps below
    limit/√3, a cube inside the ball, whose rows do not turn with the plan. The rotation error's Jacobian
    stands for the angular velocity's: it is never smaller.

    Args:
        horizon: The receding horizon.
        joints: Number of joints n.
        linear: Largest speed of the tool point [m/s].
        angular: Largest rotation speed of the tool [rad/s].
    """

    name = "cartesian_speed"
    soft = True

    def __init__(self, horizon: Horizon, *, joints: int, linear: float, angular: float) -> None:
        self._limits = np.array([linear, angular])
        self._component = np.repeat(self._limits, 3) / np.sqrt(3.0)
        effect = horizon.velocity[::2]
        self._effect = effect[:, None, :, None]  # (nodes, 1, N, 1)
        self._shape = (len(effect), 6, horizon.nodes, joints)
        self.rows = 6 * len(effect)

    def write(self, A: FloatArray, lower: FloatArray, upper: FloatArray, prediction: Prediction) -> None:
        """Write matrix and bounds in place."""
        # Row 0, the present posture, serves node 1, one control period ahead.
        J = prediction.linearisation.error_jacobian[::2].transpose(0, 2, 1)  # (nodes, 6, n)
        np.multiply(self._effect, J[:, :, None, :], out=A.reshape(self._shape))
        free = J @ prediction.dq
        lower[:] = (-self._component - free).ravel()
        upper[:] = (self._component - free).ravel()

    def violation(self, prediction: Prediction) -> float:
        """Return by how much the tool is too fast now [m/s or rad/s]."""
        velocity = (prediction.dq @ prediction.linearisation.error_jacobian[0]).reshape(2, 3)
        return max(0.0, float((np.sqrt((velocity**2).sum(axis=1)) - self._limits).max()))
