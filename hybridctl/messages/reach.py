"""Where a skill brings the tool relative to what it acts on: shared by trees and by the scripted expert."""

from __future__ import annotations

import math

PREGRASP_CLEARANCE = 0.035
"""Height of the pre-grasp pose above the grasp pose [m]; tokens drive to the pre-grasp."""
LOOK_CLEARANCE = 0.075
"""Height above the grasp pose from which a camera on the hand sees the whole top of a thing [m]."""
PREPLACE_HEIGHT = 0.12
"""Height of the tool above the table at the pre-place pose [m]."""
RELEASE_HEIGHT = 0.055
"""Height of the tool at which a held object is let go over a container's floor [m]."""
LAY_DOWN_HEIGHT = 0.03
"""Height of the tool at which a held thing about stands on the table [m]."""
LIFT_HEIGHT = 0.20
"""Height of the tool after a lift [m]: whatever is held clears what stands on the table."""
HOME_POSITION = (0.295, 0.0, 0.347)
"""Where the tool is out of the scene camera's view [m]."""
FINE_PHASE_RADIUS = 0.03
"""Within this distance of the believed pre-pose the fine phase takes over from the tokens [m]."""
MAX_GRASP_YAW = 0.87


def grasp_height(top: float) -> float:
    """Return the tool's height for grasping a thing whose top is at `top` above the table [m]."""
    return max(0.018, top / 2)


def nearest_square_yaw(yaw: float, *, to: float = 0.0) -> float:
    """Return the yaw among `yaw` + k·90° within ±MAX_GRASP_YAW that is nearest to `to` [rad].

    A parallel gripper grasps a square thing equally well turned by 90°.
    """
    base = math.remainder(yaw, math.pi / 2)
    options = [base + k * math.pi / 2 for k in (-1, 0, 1)]
    return min((o for o in options if abs(o) <= MAX_GRASP_YAW), key=lambda option: abs(option - to))
