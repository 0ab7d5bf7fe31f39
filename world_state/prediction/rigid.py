"""How a belief about a pose changes when the thing comes to rest somewhere, and when it is looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hybridctl.messages.arrays import FloatArray
from world_state.pose import AT_REST, BASE, SPEED, PoseBelief
from world_state.so3 import about_z, yaw_of


def at_rest(
    pose: PoseBelief, mean: FloatArray, covariance: FloatArray, *, turn_std: float = 0.0
) -> PoseBelief:
    """Return the belief about a thing that came to rest, upright, at `mean`, shape (3,) [m], base frame.

    Where it lies now is another question than where it was: its place shares no error with what was believed
    before, and looks begin anew.

    Args:
        pose: Before.
        mean: Of its centre.
        covariance: Of its centre, shape (3, 3) [m²].
        turn_std: How far it may have turned about the vertical meanwhile [rad].
    """
    T, joint = np.array(pose.T), np.zeros((BASE, BASE))
    T[:3, :3], T[:3, 3] = about_z(yaw_of(pose.T)), mean
    joint[:3, :3] = covariance
    joint[3:6, 3:6] = pose.joint[3:6, 3:6]
    joint[5, 5] += turn_std**2
    joint[6:, 6:] = SPEED**2 * np.eye(3)
    return replace(pose, T=T, velocity=np.zeros(3), joint=joint, views=(), motion=AT_REST)


def looked_at(pose: PoseBelief, std: float) -> PoseBelief:
    """Return the belief that a look from a new place leaves, if it shows the thing where it is believed.

    Args:
        pose: Before.
        std: Standard deviation of what such a look measures, along each axis [m].
    """
    P = pose.joint
    K = np.linalg.solve(P[:3, :3] + std**2 * np.eye(3), P[:3]).T
    joint = P - K @ P[:3]
    return replace(pose, joint=(joint + joint.T) / 2.0)
