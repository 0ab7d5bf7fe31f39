"""Turns of rigid bodies: rotation vectors, turns about the vertical, and the Jacobians that filters need.

A turn's error is a rotation vector δθ in the base frame, R = Exp(δθ) R̂. Formulas: Solà, Deray, Atchuthan, A
micro Lie theory for state estimation in robotics, 2018 (arXiv:1812.01537), equations 132 to 146.
"""

from __future__ import annotations

import math

import numpy as np

from hybridctl.messages.arrays import FloatArray

TINY = 1e-8  # [rad] below it the series' first terms are exact to rounding


def hat(v: FloatArray) -> FloatArray:
    """Return the matrix [v]× with [v]× u = v × u, shape (3, 3)."""
    x, y, z = (float(one) for one in v)
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def exp(theta: FloatArray) -> FloatArray:
    """Return the rotation matrix of a rotation vector [rad] (Rodrigues), shape (3, 3)."""
    angle = math.sqrt(float(theta @ theta))
    K = hat(theta)
    if angle < TINY:
        return np.eye(3) + K + 0.5 * K @ K
    return np.eye(3) + math.sin(angle) / angle * K + (1.0 - math.cos(angle)) / angle**2 * K @ K


def left_jacobian(theta: FloatArray) -> FloatArray:
    """Return J with Exp(θ + ε) ≈ Exp(J ε) Exp(θ), shape (3, 3)."""
    angle = math.sqrt(float(theta @ theta))
    K = hat(theta)
    if angle < 1e-4:  # (a - sin a) / a³ loses its digits
        return np.eye(3) + 0.5 * K + K @ K / 6.0
    return (
        np.eye(3)
        + (1.0 - math.cos(angle)) / angle**2 * K
        + (angle - math.sin(angle)) / angle**3 * K @ K
    )  # fmt: skip


def about_z(yaw: float) -> FloatArray:
    """Return the rotation by `yaw` [rad] about the vertical, shape (3, 3)."""
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def yaw_of(R: FloatArray) -> float:
    """Return the turn of a body's x axis about the vertical, in (-π, π] [rad]."""
    return math.atan2(float(R[1, 0]), float(R[0, 0]))


def yaw_jacobian(R: FloatArray) -> FloatArray:
    """Return d yaw / d δθ for R = Exp(δθ) R̂, shape (3,); zero where the x axis is vertical."""
    a, b, c = (float(one) for one in R[:, 0])
    level = a * a + b * b
    if level < 1e-12:
        return np.zeros(3)
    return np.array([-a * c / level, -b * c / level, 1.0])


def wrapped(angle: float, *, symmetry: int = 1) -> float:
    """Return `angle` modulo a full turn over `symmetry`, in (-π / symmetry, π / symmetry] [rad]."""
    period = 2.0 * math.pi / symmetry
    return -((-angle + 0.5 * period) % period) + 0.5 * period
