"""Crossing: a ball comes into the way between two places while the tool goes from one to the other."""

from __future__ import annotations

import numpy as np

from controllers.obstacles import Obstacle
from hybridctl.messages.arrays import FloatArray
from hybridctl.tuning.scenario import Scenario, moved

LEG = 3.0
"""Time for the way there, and for the way back [s]."""
HALF_WAY = 0.18
RADIUS = 0.05
SPEED = 0.15
MEETING = 0.6
"""When in each leg the ball is in the middle of the way: about when the tool would be [s]."""


def crossing(start: FloatArray, seed: int) -> Scenario:
    """Return the scenario about the tool pose `start`, shape (4, 4); it is the same for every seed."""
    first, second = moved(start, y=-HALF_WAY, z=-0.1), moved(start, y=HALF_WAY, z=-0.1)
    middle = moved(start, z=-0.1)[:3, 3]

    def wish(time: float) -> FloatArray:
        return first if int(time / LEG + 1e-9) % 2 == 0 else second

    def obstacles(time: float) -> tuple[Obstacle, ...]:
        # From the front into the way and back out: it never goes on to the arm itself.
        since = (time - MEETING + LEG / 2) % LEG - LEG / 2
        velocity = np.array([SPEED if since >= 0 else -SPEED, 0.0, 0.0])
        centre = middle + since * velocity
        return (Obstacle("ball", centre, centre, RADIUS, velocity),)

    jumps = tuple(LEG * k for k in range(3))
    return Scenario("crossing", "a ball comes into the way", LEG * 3, wish, wish, jumps, obstacles)
