"""Skills without contact: looking with the wrist camera, home, waiting."""

from __future__ import annotations

import numpy as np

from hybridctl.data.experts.hands import ExpertError, Hands, Motion, tool_pose, tool_yaw
from hybridctl.messages.reach import HOME_POSITION
from hybridctl.sim.truth import true_pose
from hybridctl.sim.world import SimWorld

HOME = tool_pose(np.array(HOME_POSITION), 0.0)
"""Where the arm does not hide the scene."""
LOOK_HEIGHT, LOOK_BACK = 0.30, 0.055
"""Height of the tool over a place that the wrist camera looks at, and how far back it stays [m]."""


def look(world: SimWorld, hands: Hands, place: str) -> Motion:
    """Bring the wrist camera over a place.

    Raises:
        ExpertError: it is out of reach.
    """
    region = hands.truth.region(place)
    T_region = true_pose(world, region.body)
    at = T_region[:3, :3] @ np.array([*region.centre, 0.0]) + T_region[:3, 3]
    T = tool_pose(np.array([at[0] - LOOK_BACK, at[1], LOOK_HEIGHT]), 0.0)
    if hands.reach(T) < 0.0:
        raise ExpertError(f"the {place} cannot be looked at from above")
    yield from hands.rise()
    yield from hands.move(T, tolerance=0.01, angle=0.08)
    yield from hands.stay(0.2)


def home(hands: Hands) -> Motion:
    """Rise, go home, come to rest."""
    yield from hands.rise()
    yield from hands.move(HOME, tolerance=0.02, angle=0.15)


def wait(hands: Hands, seconds: float) -> Motion:
    """Stay."""
    yield from hands.stay(seconds)


def straighten(hands: Hands) -> Motion:
    """Point straight down where the tool is: an episode may begin in any pose."""
    T = hands.T_base_tool
    p = T[:3, 3].copy()
    p[2] = max(p[2], 0.10)
    yield from hands.move(tool_pose(p, tool_yaw(T)), tolerance=0.02, angle=0.1)
