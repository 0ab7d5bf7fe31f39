"""Rotations as CasADi expressions: exponential and logarithm of SO(3) and the logarithm's Jacobian."""

from __future__ import annotations

from typing import Any

import casadi as ca


def rotation_exp(turn: Any) -> Any:
    """Return the rotation by the vector `turn` [rad], SX (3, 3) (Rodrigues), exact at zero."""
    square = ca.dot(turn, turn)
    small = square < 1e-8
    safe = ca.if_else(small, 1.0, square)
    angle = ca.sqrt(safe)
    first = ca.if_else(small, 1 - square / 6, ca.sin(angle) / angle)
    second = ca.if_else(small, 0.5 - square / 24, (1 - ca.cos(angle)) / safe)
    K = ca.skew(turn)
    return ca.SX.eye(3) + first * K + second * (K @ K)


def rotation_log(R: Any) -> Any:
    """Return the rotation vector of R, SX of shape (3, 1) [rad]: the true log map, not ½vee(R − Rᵀ).

    ½vee falls back to zero beyond 90°, so it never turns a tool that is 180° off. At exactly 180° the
    axis is lost here; targets are brought nearer than that first (target.step_toward).
    """
    vee = ca.vertcat(R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]) / 2
    sine = ca.sqrt(ca.dot(vee, vee) + 1e-24)
    cosine = (R[0, 0] + R[1, 1] + R[2, 2] - 1) / 2
    return vee * ca.atan2(sine, cosine) / sine


def log_jacobian(turn: Any) -> Any:
    """Return the inverse right Jacobian of SO(3) at rotation vector `turn`, SX of shape (3, 3).

    Sola et al., A micro Lie theory for state estimation in robotics, arXiv 1812.01537, eq. (144).
    """
    square = ca.dot(turn, turn)
    small = square < 1e-6
    safe = ca.if_else(small, 1.0, square)
    angle = ca.sqrt(safe)
    factor = ca.if_else(
        small, 1 / 12 + square / 720, 1 / safe - (1 + ca.cos(angle)) / (2 * angle * ca.sin(angle))
    )
    K = ca.skew(turn)
    return ca.SX.eye(3) + K / 2 + factor * (K @ K)
