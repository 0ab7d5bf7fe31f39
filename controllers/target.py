"""Brings a far target near, so that one linearisation a tick is enough to walk to it."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from hybridctl.messages.arrays import FloatArray


def pose_distance(T_base_tool: FloatArray, T_base_target: FloatArray) -> tuple[float, float]:
    """Return the distance [m] and the angle [rad] between two poses, each of shape (4, 4)."""
    turn = pin.log3(T_base_tool[:3, :3].T @ T_base_target[:3, :3])
    return float(np.linalg.norm(T_base_target[:3, 3] - T_base_tool[:3, 3])), float(np.linalg.norm(turn))


def step_toward(
    T_base_tool: FloatArray, T_base_target: FloatArray, *, max_translation: float, max_rotation: float
) -> FloatArray:
    """Return the target, shape (4, 4), or a pose toward it no farther than the given step.

    Args:
        T_base_tool: Present tool pose, shape (4, 4) [m].
        T_base_target: Wanted tool pose, shape (4, 4) [m].
        max_translation: Longest step [m], along the straight line.
        max_rotation: Largest turn [rad], along the geodesic.
    """
    T = np.array(T_base_target, dtype=np.float64)
    shift = T[:3, 3] - T_base_tool[:3, 3]
    length = float(np.linalg.norm(shift))
    if length > max_translation:
        T[:3, 3] = T_base_tool[:3, 3] + shift * (max_translation / length)
    turn = pin.log3(T_base_tool[:3, :3].T @ T[:3, :3])
    angle = float(np.linalg.norm(turn))
    if angle > max_rotation:
        T[:3, :3] = T_base_tool[:3, :3] @ pin.exp3(turn * (max_rotation / angle))
    return T
