"""What the costs on the joints' own motion add to the QP: constant but for the present motion."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from controllers.costs.cost import JointCost
from controllers.gains import Gains
from controllers.horizon import Horizon
from hybridctl.messages.arrays import FloatArray


class JointHessian:
    """Sums joint costs; interval-major as the QP's variables: all joints of the first interval first.

    Attributes:
        H: Their Hessian, shape (N·n, N·n).
    """

    def __init__(self, costs: Iterable[JointCost], horizon: Horizon, gains: Gains, *, joints: int) -> None:
        N = horizon.nodes
        hessian, self._of_dq, self._of_ddq = np.zeros((N, N)), np.zeros((N, N)), np.zeros((N, 1))
        for cost in costs:
            terms = cost.quadratic(horizon, gains)
            weighted = terms.weights[:, None] * terms.effects
            hessian += terms.effects.T @ weighted
            self._of_dq += weighted.T * terms.of_dq
            self._of_ddq[:, 0] += weighted.T @ terms.of_ddq
        self._of_rest = self._of_dq.sum(axis=1, keepdims=True)
        self.H = np.kron(hessian, np.eye(joints))

    def gradient(self, dq: FloatArray, ddq: FloatArray, *, wanted: FloatArray | None = None) -> FloatArray:
        """Return the gradient at u = 0, shape (N·n,).

        Args:
            dq: Present velocities, shape (n,) [rad/s].
            ddq: Accelerations of the last period, shape (n,) [rad/s²].
            wanted: Velocities at the nodes that cost nothing, shape (N, n) [rad/s]; rest if None.
        """
        slow = self._of_rest * dq if wanted is None else self._of_dq @ (dq - wanted)
        return (slow + self._of_ddq * ddq).ravel()
