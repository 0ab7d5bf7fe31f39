"""Tool poses for a slot that memory believes in."""

from __future__ import annotations

import math

import numpy as np

from hybridctl.messages.action import rotation_from_rpy
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.plan import Skill
from hybridctl.messages.reach import (
    PREGRASP_CLEARANCE,
    PREPLACE_HEIGHT,
    RELEASE_HEIGHT,
    grasp_height,
    nearest_square_yaw,
)
from world_state.slot import Slot


def tool_pose(position: FloatArray, yaw: float) -> FloatArray:
    """Return a tool pose that points straight down, shape (4, 4); `position` (3,) [m], `yaw` [rad]."""
    T = np.eye(4)
    T[:3, :3] = rotation_from_rpy(0.0, 0.0, yaw) @ np.diag([1.0, -1.0, -1.0])
    T[:3, 3] = position
    return T


def tool_yaw(T_base_tool: FloatArray) -> float:
    """Return the yaw of a tool that points about down [rad]."""
    return math.atan2(T_base_tool[1, 0], T_base_tool[0, 0])


def grasp_pose(slot: Slot, *, tool_yaw: float, clearance: float = 0.0) -> FloatArray:
    """Return the pose to grasp a slot at, `clearance` above it [m]; round things keep the tool's yaw."""
    top = slot.position[2] + slot.extent[2] / 2
    yaw = tool_yaw if slot.yaw is None else nearest_square_yaw(slot.yaw, to=tool_yaw)
    x, y = slot.position[:2]
    return tool_pose(np.array([x, y, grasp_height(float(top)) + clearance]), yaw)


def release_pose(slot: Slot, *, tool_yaw: float) -> FloatArray:
    """Return the pose to let go at over a container's slot."""
    return tool_pose(np.array([*slot.position[:2], RELEASE_HEIGHT]), tool_yaw)


def pre_pose(skill: Skill, slot: Slot, *, tool_yaw: float) -> FloatArray:
    """Return the pose that the tokens drive to: above the grasp, or above the container."""
    if skill is Skill.PICK:
        return grasp_pose(slot, tool_yaw=tool_yaw, clearance=PREGRASP_CLEARANCE)
    return tool_pose(np.array([*slot.position[:2], PREPLACE_HEIGHT]), tool_yaw)
