"""Checks made where a message is built: shape, finiteness and rigid transforms."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


class MessageError(ValueError):
    """A message was built from a value of the wrong shape, unit or range."""


def checked(name: str, value: ArrayLike, *, shape: tuple[int | None, ...]) -> FloatArray:
    """Return `value` as a read-only float64 array of `shape` (`None` matches any length), copied if need be.

    Raises:
        MessageError: the shape differs or an entry is NaN or infinite.
    """
    if type(value) is np.ndarray and not value.flags.writeable and value.base is None:
        array = value.astype(np.float64, copy=False)  # it has been through here: nobody writes to it
    else:
        array = _copied(name, value)
    if array.shape != shape and not _fits(array.shape, shape):
        wanted = tuple("any" if want is None else want for want in shape)
        raise MessageError(f"{name} has shape {array.shape}, expected {wanted}")
    # A sum of squares is finite if every entry is, but for huge ones, and three times as fast to ask.
    if not math.isfinite(np.vdot(array, array)) and not np.isfinite(array).all():
        raise MessageError(f"{name} holds NaN or infinite entries: {array.tolist()}")
    array.flags.writeable = False
    return array


def checked_scalar(name: str, value: float, *, low: float = -np.inf, high: float = np.inf) -> float:
    """Return `value` as a float inside [`low`, `high`].

    Raises:
        MessageError: it is NaN, infinite or outside the range.
    """
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise MessageError(f"{name} is {value!r}, expected a number") from error
    if not math.isfinite(number) or not low <= number <= high:
        raise MessageError(f"{name} is {number}, expected a finite value in [{low}, {high}]")
    return number


def checked_transform(name: str, value: ArrayLike) -> FloatArray:
    """Copy `value` to a read-only 4×4 rigid transform (rotation orthonormal to 1e-6, translation in m).

    Raises:
        MessageError: it is not a finite, right-handed rigid transform.
    """
    T = checked(name, value, shape=(4, 4))
    (a, b, c) = T[:3, :3].tolist()
    dots = (_dot(a, a) - 1.0, _dot(b, b) - 1.0, _dot(c, c) - 1.0, _dot(a, b), _dot(a, c), _dot(b, c))
    if max(map(abs, dots)) > 1e-6 or _dot(a, _cross(b, c)) < 0:
        raise MessageError(f"{name} has a rotation that is not orthonormal and right-handed")
    if T[3].tolist() != [0.0, 0.0, 0.0, 1.0]:
        raise MessageError(f"{name} has the bottom row {T[3].tolist()}, expected [0, 0, 0, 1]")
    return T


def _copied(name: str, value: ArrayLike) -> FloatArray:
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MessageError(f"{name} is not an array of numbers: {error}") from error


def _fits(have: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(have) == len(wanted) and all(
        want is None or want == size for want, size in zip(wanted, have, strict=True)
    )


def _dot(a: list[float], b: list[float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: list[float], b: list[float]) -> list[float]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
