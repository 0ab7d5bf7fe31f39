"""Uncertain poses joined and undone: what is carried moves with the tool, its uncertainty too.

Poses are (T, P) with P the covariance of [δp, δθ] in the frame that T maps to, R = Exp(δθ) R̂. Formulas to
first order: Solà, Deray, Atchuthan, A micro Lie theory, 2018, section 2.8, on the composite group R³ × SO(3).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hybridctl.messages.arrays import FloatArray
from world_state.pose import BASE, SPEED, PoseBelief
from world_state.so3 import hat


def compose(
    T_ab: FloatArray, P_ab: FloatArray, T_bc: FloatArray, P_bc: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return T_ac and its covariance (6, 6) of independent T_ab and T_bc, covariances (6, 6)."""
    J_ab, J_bc = compose_jacobians(T_ab, T_bc)
    P = J_ab @ P_ab @ J_ab.T + J_bc @ P_bc @ J_bc.T
    return T_ab @ T_bc, 0.5 * (P + P.T)


def compose_jacobians(T_ab: FloatArray, T_bc: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how the error of T_ac depends on those of T_ab and T_bc, both (6, 6)."""
    R = T_ab[:3, :3]
    J_ab, J_bc = np.eye(6), np.zeros((6, 6))
    J_ab[:3, 3:] = -hat(R @ T_bc[:3, 3])
    J_bc[:3, :3] = J_bc[3:, 3:] = R
    return J_ab, J_bc


def relative(
    T_wa: FloatArray, P_wa: FloatArray, T_wb: FloatArray, P_wb: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return T_ab and its covariance (6, 6) of independent T_wa and T_wb, covariances (6, 6)."""
    J_wa, J_wb = relative_jacobians(T_wa, T_wb)
    P = J_wa @ P_wa @ J_wa.T + J_wb @ P_wb @ J_wb.T
    return inverse(T_wa) @ T_wb, 0.5 * (P + P.T)


def relative_jacobians(T_wa: FloatArray, T_wb: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how the error of T_ab depends on those of T_wa and T_wb, both (6, 6)."""
    R = T_wa[:3, :3].T
    J_wa, J_wb = np.zeros((6, 6)), np.zeros((6, 6))
    J_wa[:3, :3] = J_wa[3:, 3:] = -R
    J_wa[:3, 3:] = R @ hat(T_wb[:3, 3] - T_wa[:3, 3])
    J_wb[:3, :3] = J_wb[3:, 3:] = R
    return J_wa, J_wb


def inverse(T: FloatArray) -> FloatArray:
    """Return the inverse of a rigid transform, shape (4, 4)."""
    inverted = np.eye(4)
    inverted[:3, :3] = T[:3, :3].T
    inverted[:3, 3] = -T[:3, :3].T @ T[:3, 3]
    return inverted


def carried(pose: PoseBelief, T_base_object: FloatArray, *, spread: FloatArray | None = None) -> PoseBelief:
    """Return the belief of a thing that something rigid, a hand or a drawer, has brought to a pose.

    Its error was brought along: it turns with the thing. What the views shared is of another place and goes.

    Args:
        pose: The belief before.
        T_base_object: Where the carrier's motion puts it, shape (4, 4) [m].
        spread: Covariance of [δp] or [δp, δθ] that the way added, (3, 3) or (6, 6); None for none.
    """
    D = T_base_object[:3, :3] @ pose.T[:3, :3].T
    P = np.zeros((BASE, BASE))
    P[:6, :6] = np.kron(np.eye(2), D) @ pose.joint[:6, :6] @ np.kron(np.eye(2), D).T
    P[6:, 6:] = SPEED**2 * np.eye(3)
    moved = replace(pose, T=T_base_object, velocity=np.zeros(3), joint=0.5 * (P + P.T), views=())
    return moved if spread is None else moved.spread(spread)
