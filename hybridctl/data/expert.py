"""The scripted expert: which action a perfect policy would take, from true positions."""

from __future__ import annotations

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.plan import Skill
from hybridctl.messages.reach import (
    PREGRASP_CLEARANCE,
    PREPLACE_HEIGHT,
    grasp_height,
    nearest_square_yaw,
)

_CLOSE_M, _CLOSE_RAD = 0.012, 0.12


def expert_action(
    skill: Skill, state: FloatArray, position: FloatArray, *, yaw: float | None = None, top: float = 0.045
) -> FloatArray:
    """Return the eight action values of a perfect policy, in the base frame, before clipping to bins.

    Far from the target the waypoint lies higher, so that the fingers pass over what stands between.

    Args:
        skill: What is to be done.
        state: Tool state as `hybridctl.messages.tool_state.tool_state` gives it, shape (7,).
        position: True position of the object or container, shape (3,) [m].
        yaw: True yaw of a square object [rad]; None for round ones.
        top: Height of the object's top above the table [m].
    """
    distance = float(np.hypot(*(position[:2] - state[:2])))
    if skill is Skill.PICK:
        z = grasp_height(top) + PREGRASP_CLEARANCE + np.clip(1.2 * (distance - 0.02), 0.0, 0.10)
        gripper = 1.0
    else:
        z = PREPLACE_HEIGHT + np.clip(distance - 0.03, 0.0, 0.06)
        gripper = 0.0
    wanted_yaw = 0.0 if yaw is None else nearest_square_yaw(yaw, to=float(state[5]))
    translation = np.array([position[0], position[1], z]) - state[:3]
    rotation = np.array([-state[3], -state[4], wanted_yaw - state[5]])
    done = bool(np.linalg.norm(translation) < _CLOSE_M and abs(rotation[2]) < _CLOSE_RAD)
    return np.array([float(done), *translation, *rotation, gripper])
