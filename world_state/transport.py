"""Poses undone, and what is carried: it moves with the tool or the drawer, its uncertainty too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hybridctl.messages.arrays import FloatArray
from world_state.pose import BASE, SPEED, PoseBelief


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
