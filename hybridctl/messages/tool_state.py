"""The tool's state as seven numbers: what a prompt tells a policy of the arm."""

from __future__ import annotations

import numpy as np

from hybridctl.messages.arrays import FloatArray

STATE_NAMES = ("x", "y", "z", "roll", "pitch", "yaw", "gripper_width")


def tool_state(T_base_tool: FloatArray, gripper_width: float) -> FloatArray:
    """Return (x, y, z, roll, pitch, yaw, width) of a tool that points down, shape (7,) [m, rad].

    Angles are relative to the tool pointing straight down with its x axis along the base's, so that a
    vertical grasp has roll = pitch = 0: R_base_tool = Rz(yaw) Ry(pitch) Rx(roll) diag(1, −1, −1).
    """
    R = T_base_tool[:3, :3] @ np.diag([1.0, -1.0, -1.0])
    yaw = np.arctan2(R[1, 0], R[0, 0])
    pitch = np.arcsin(np.clip(-R[2, 0], -1.0, 1.0))
    roll = np.arctan2(R[2, 1], R[2, 2])
    return np.array([*T_base_tool[:3, 3], roll, pitch, yaw, gripper_width])
