"""Gaussians in three dimensions: Cholesky in plain numbers, ten times as fast as NumPy's at this size."""

from __future__ import annotations

import math

from hybridctl.messages.arrays import FloatArray, MessageError

Triangle = tuple[float, float, float, float, float, float]
"""A lower triangle by rows: l11, l21, l22, l31, l32, l33."""


def cholesky(S: FloatArray, *, less: float = 0.0) -> Triangle | None:
    """Return L with L Lᵀ = S - `less` · I, for symmetric S of shape (3, 3); None where that is not positive.

    Golub and Van Loan, Matrix Computations, 2013, section 4.2.
    """
    (a, _, _), (b, d, _), (c, e, f) = S.tolist()
    a -= less
    if not a > 0.0:
        return None
    l11 = math.sqrt(a)
    l21, l31 = b / l11, c / l11
    d -= less + l21 * l21
    if not d > 0.0:
        return None
    l22 = math.sqrt(d)
    l32 = (e - l31 * l21) / l22
    f -= less + l31 * l31 + l32 * l32
    if not f > 0.0:
        return None
    return l11, l21, l22, l31, l32, math.sqrt(f)


def distance(error: FloatArray, S: FloatArray) -> float:
    """Return the squared Mahalanobis distance eᵀ S⁻¹ e of an error, shape (3,), with covariance S, (3, 3).

    Raises:
        MessageError: S is not positive definite.
    """
    return _white(error, _factor(S))


def log_density(error: FloatArray, S: FloatArray) -> float:
    """Return ln of the normal density with covariance S, shape (3, 3), at an error, shape (3,) [nat].

    Raises:
        MessageError: S is not positive definite.
    """
    L = _factor(S)
    return -0.5 * _white(error, L) - math.log(L[0] * L[2] * L[5]) - 1.5 * math.log(2.0 * math.pi)


def _factor(S: FloatArray) -> Triangle:
    L = cholesky(S)
    if L is None:
        raise MessageError(f"a covariance is not positive definite: {S.tolist()}")
    return L


def _white(error: FloatArray, L: Triangle) -> float:
    """Return the squared length of L⁻¹ e."""
    l11, l21, l22, l31, l32, l33 = L
    x, y, z = error.tolist()
    x /= l11
    y = (y - l21 * x) / l22
    z = (z - l31 * x - l32 * y) / l33
    return float(x * x + y * y + z * z)
