"""A dense QP of fixed size solved by DAQP, warm started from tick to tick."""

from __future__ import annotations

from typing import Any

import daqp
import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arrays import FloatArray


class DenseQp:
    """min ½xᵀHx + fᵀx with bounds on x and on A x (Arnström et al., IEEE TAC 67(8), 2022).

    Write the arrays, then `solve`. Bounds hold x first, then the rows of A.

    Args:
        variables: Number of variables.
        soft: For every row of A, whether it may give way.
        slack_weight: Linear penalty on what it gives.
    """

    def __init__(self, *, variables: int, soft: NDArray[np.bool_], slack_weight: float) -> None:
        rows = len(soft)
        self.H: FloatArray = np.eye(variables)
        self.f: FloatArray = np.zeros(variables)
        self.A: FloatArray = np.zeros((rows, variables))
        self.lower: FloatArray = np.full(variables + rows, -1.0)
        self.upper: FloatArray = np.full(variables + rows, 1.0)
        sense = np.zeros(variables + rows, dtype=np.int32)
        sense[variables:][soft] = 8  # DAQP's mark of a soft row
        self._sense = sense
        self._slack_weight = slack_weight
        self._solver: Any = None
        self.iterations = 0

    def reset(self) -> None:
        """Forget the warm start."""
        self._solver = None

    def solve(self) -> FloatArray | None:
        """Return the minimiser, shape (variables,), or None if DAQP found none."""
        if not (np.isfinite(self.f).all() and np.isfinite(self.H).all()):
            return None
        if self._solver is None:
            solver = daqp.Model()
            # DAQP sizes soft rows when it is set up, with bounds it takes as given.
            flag, _ = solver.setup(self.H, self.f, self.A, self.upper, self.lower, self._sense.copy())
            if flag < 0:
                return None
            solver.settings = {"w_soft": self._slack_weight, "rho_soft": 1e-6, "iter_limit": 400}
            self._solver = solver
        # The penalty's settings apply to data given after them, so the first solve updates as well.
        if self._solver.update(H=self.H, f=self.f, A=self.A, bupper=self.upper, blower=self.lower) < 0:
            self._solver = None
            return None
        x, _, flag, info = self._solver.solve()
        self.iterations = int(info["iterations"])
        if flag < 1 or not np.isfinite(x).all():
            self._solver = None
            return None
        return np.asarray(x, dtype=np.float64)
