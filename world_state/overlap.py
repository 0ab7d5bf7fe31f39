"""How much of a Gaussian on the table lies in a disc, a rectangle or a half-plane: what relations rest on."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from hybridctl.messages.arrays import FloatArray

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_REACH = 8.0
"""Beyond so many standard deviations nothing of a Gaussian is left that counts."""
_LEAST_STD = 1e-9
"""What is known better than this [m] is taken as known this well: no division by zero."""


def in_disc(offset: FloatArray, covariance: FloatArray, radius: float) -> float:
    """Return the probability that a Gaussian point lies within `radius` [m] of the origin.

    Along the first principal axis the density is integrated by Gauss-Legendre quadrature; across it the
    chord's share is a difference of two normal distribution functions. Exact to about 1e-6.

    Args:
        offset: Mean, shape (2,) [m].
        covariance: Of the point, shape (2, 2) [m²].
        radius: Of the disc [m]; none lies in one of 0 or less.
    """
    clearance = math.hypot(offset[0], offset[1]) - radius
    if radius <= 0.0 or abs(clearance) > _REACH * math.sqrt(covariance[0, 0] + covariance[1, 1]):
        return 1.0 if radius > 0.0 and clearance < 0.0 else 0.0
    values, axes = np.linalg.eigh(covariance)
    long, short = (max(math.sqrt(max(v, 0.0)), _LEAST_STD) for v in (values[1], values[0]))
    x, y = (float(v) for v in axes[:, ::-1].T @ offset)
    low, high = max(-radius, x - _REACH * long), min(radius, x + _REACH * long)
    if low >= high:
        return 0.0
    # x = r sin(a): the chord's ends, where its length has an infinite slope, become smooth.
    begin, end = math.asin(low / radius), math.asin(high / radius)
    angles = 0.5 * (begin + end) + 0.5 * (end - begin) * _NODES
    chord = radius * np.cos(angles)
    across = ndtr((chord - y) / short) - ndtr((-chord - y) / short)
    density = np.exp(-0.5 * ((radius * np.sin(angles) - x) / long) ** 2) / (long * math.sqrt(2 * math.pi))
    return _probability(0.5 * (end - begin) * float(_WEIGHTS @ (density * across * chord)))


def in_rectangle(offset: FloatArray, covariance: FloatArray, half: tuple[float, float]) -> float:
    """Return the probability that a Gaussian point lies in a rectangle about the origin.

    Args:
        offset: Mean in the rectangle's axes, shape (2,) [m].
        covariance: Of the point in those axes, shape (2, 2) [m²].
        half: Half sides [m].
    """
    if min(half) <= 0.0:
        return 0.0
    std = max(math.sqrt(covariance[0, 0]), _LEAST_STD)
    slope = float(covariance[0, 1]) / std**2
    rest = max(math.sqrt(max(covariance[1, 1] - slope * covariance[0, 1], 0.0)), _LEAST_STD)
    low, high = max(-half[0], offset[0] - _REACH * std), min(half[0], offset[0] + _REACH * std)
    if low >= high:
        return 0.0
    x = 0.5 * (low + high) + 0.5 * (high - low) * _NODES
    y = offset[1] + slope * (x - offset[0])
    across = ndtr((half[1] - y) / rest) - ndtr((-half[1] - y) / rest)
    density = np.exp(-0.5 * ((x - offset[0]) / std) ** 2) / (std * math.sqrt(2 * math.pi))
    return _probability(0.5 * (high - low) * float(_WEIGHTS @ (density * across)))


def beyond(mean: float, variance: float, border: float) -> float:
    """Return the probability that a Gaussian number is greater than a border, all in one unit."""
    return float(ndtr((mean - border) / max(math.sqrt(max(variance, 0.0)), _LEAST_STD)))


def turned(offset: FloatArray, covariance: FloatArray, yaw: float) -> tuple[FloatArray, FloatArray]:
    """Return mean (2,) and covariance (2, 2) in axes that are turned by `yaw` [rad]."""
    c, s = math.cos(yaw), math.sin(yaw)
    R = np.array([[c, s], [-s, c]])
    return R @ offset, R @ covariance @ R.T


def _probability(value: float) -> float:
    return min(max(value, 0.0), 1.0)
