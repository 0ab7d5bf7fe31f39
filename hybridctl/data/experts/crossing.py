"""Whether the way down stays clear of an arm that crosses the work area: the expert knows its course."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hybridctl.sim.actors import CrossingArm
from hybridctl.sim.fixtures import OBSTACLE_HALF, OBSTACLE_RADIUS
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.world import SimWorld

STAY_DOWN = 7.0
"""No skill is below the height of travel for longer than this [s]."""
_ROOM = 0.16
"""Distance between the tool's axis and the obstacle's surface, seen from above [m]."""
_STEP = 0.1


def clear_of_crossing(world: SimWorld, task: Task) -> Callable[[float, float], bool] | None:
    """Return a test for x and y [m] of a way down; None where nothing crosses."""
    arms = [actor for actor in task.actors if isinstance(actor, CrossingArm)]
    if not arms:
        return None
    yaws = {
        body: fixture.yaw
        for body, fixture in zip(task.scene.fixture_bodies, task.scene.fixtures, strict=True)
    }

    def clear(x: float, y: float) -> bool:
        times = np.arange(world.now(), world.now() + STAY_DOWN, _STEP)
        return all(
            _distance(x, y, arm.position(t), yaws[arm.body]) > OBSTACLE_RADIUS + _ROOM
            for arm in arms
            for t in times
        )

    return clear


def _distance(x: float, y: float, middle: np.ndarray, yaw: float) -> float:
    """Return the distance, seen from above, of a point from the obstacle's axis [m]."""
    dx, dy = x - float(middle[0]), y - float(middle[1])
    along = dx * math.cos(yaw) + dy * math.sin(yaw)
    across = -dx * math.sin(yaw) + dy * math.cos(yaw)
    return math.hypot(max(0.0, abs(along) - OBSTACLE_HALF), across)
