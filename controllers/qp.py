"""A dense QP solved by DAQP, with as many rows as the tick needs."""

from __future__ import annotations

import daqp
import numpy as np
from numpy.typing import NDArray

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
        for guess in (duals, None):
            sense = np.zeros(len(lower), dtype=np.int32)
            sense[len(f) :][soft] = SOFT
            flag, _ = self._solver.setup(H, f, A, upper, lower, sense, dual_start=guess)
            if flag >= 0:
                x, _, flag, info = self._solver.solve()
                self.iterations = int(info["iterations"])
                if flag >= 1 and np.isfinite(x).all():
                    return np.asarray(x, dtype=np.float64), np.asarray(info["lam"], dtype=np.float64)
            # A guess whose constraints depend on each other can lead DAQP astray: try without it.
        return None
