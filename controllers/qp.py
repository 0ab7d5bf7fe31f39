"""A dense QP solved by DAQP, with as many rows as the tick needs."""

from __future__ import annotations

import daqp
import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv

from hybridctl.messages.arrays import FloatArray

SOFT = 8
"""DAQP's mark of a soft row."""


class DenseQp:
    """min ½xᵀHx + fᵀx with bounds on x and on A x (Arnström et al., IEEE TAC 67(8), 2022).

    Args:
        slack_weight: Linear penalty on what a soft row gives.
    """

    def __init__(self, *, slack_weight: float) -> None:
        self._solver = daqp.Model()
        self._solver.settings = {"w_soft": slack_weight, "rho_soft": 1e-6, "iter_limit": 1000}
        self.iterations = 0

    def solve(
        self,
        H: FloatArray,
        f: FloatArray,
        *,
        A: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        soft: NDArray[np.bool_],
        duals: FloatArray,
    ) -> tuple[FloatArray, FloatArray] | None:
        """Return the minimiser, shape (variables,), and the multipliers, or None if DAQP found none.

        Args:
            H: Shape (variables, variables), positive definite.
            f: Shape (variables,).
            A: Shape (rows, variables).
            lower: Bounds of x, then of A x, shape (variables + rows,).
            upper: The same.
            soft: For every row of A, whether it may give way.
            duals: Guess of the multipliers of bounds and rows, shape (variables + rows,): where to start.
        """
        if not (np.isfinite(f).all() and np.isfinite(H).all() and np.isfinite(A).all()):
            return None
        sense = np.zeros(len(lower), dtype=np.int32)
        sense[len(f) :][soft] = SOFT
        flag, _ = self._solver.setup(H, f, A, upper, lower, sense, dual_start=duals)
        if flag < 0:
            return None
        x, _, flag, info = self._solver.solve()
        self.iterations = int(info["iterations"])
        if flag < 1 or not np.isfinite(x).all():
            return None
        return np.asarray(x, dtype=np.float64), np.asarray(info["lam"], dtype=np.float64)


def unconstrained_minimum(H: FloatArray, f: FloatArray) -> FloatArray | None:
    """Return the minimiser of ½xᵀHx + fᵀx, shape (variables,), or None if there is no finite one.

    Args:
        H: Shape (variables, variables), symmetric, positive definite.
        f: Shape (variables,).
    """
    _, x, info = dposv(H, -f, lower=1)
    return x if info == 0 and np.isfinite(x).all() else None
