"""Tries the last period's active constraints before a QP is solved: as a rule they are this period's too."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgesv, dposv

from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class ActiveSet:
    """Constraints that hold as equations: bounds of x first, then rows, by number.

    Attributes:
        which: Their numbers, shape (k,).
        upper: Whether each is at its upper bound, not its lower, shape (k,).
    """

    which: NDArray[np.intp]
    upper: NDArray[np.bool_]

    @classmethod
    def of(cls, which: NDArray[np.intp], duals: FloatArray) -> ActiveSet:
        """Return the set of those constraints whose multipliers are not zero; positive ones are upper."""
        binding = np.flatnonzero(duals)
        return cls(which[binding], duals[binding] > 0.0)


NO_EQUATIONS = np.zeros(0)
NONE = ActiveSet(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.bool_))


def minimum_where(
    H: FloatArray, f: FloatArray, C: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Return the minimiser of ½xᵀHx + fᵀx where C x = b, shape (n,), and the multipliers, shape (k,).

    Without equations it is the unconstrained minimum. None if H is not positive definite, an equation
    depends on the others, or a number is not finite.

    Args:
        H: Shape (n, n), symmetric.
        f: Shape (n,).
        C: Shape (k, n).
        b: Shape (k,).
    """
    if not len(b):
        _, x, info = dposv(H, -f, lower=1, overwrite_b=1)
        return (x, b) if info == 0 and math.isfinite(np.vdot(x, x)) else None
    right = np.empty((len(f), len(b) + 1), order="F")
    right[:, 0] = -f
    right[:, 1:] = C.T
    _, solved, info = dposv(H, right, lower=1, overwrite_b=1)
    if info != 0:
        return None
    x, ways = solved[:, 0], solved[:, 1:]
    _, _, duals, info = dgesv(C @ ways, C @ x - b)
    if info != 0:
        return None
    x = x - ways @ duals
    return (x, duals) if math.isfinite(np.vdot(x, x)) else None
