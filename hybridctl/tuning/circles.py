"""Circles: the target moves along a circle, slowly, then fast; what lags behind shows as error."""

from __future__ import annotations

import math

from hybridctl.messages.arrays import FloatArray
from hybridctl.tuning.scenario import Scenario, moved

RADIUS = 0.1
SLOW, FAST = 0.25, 0.5
"""Turns per second."""


def circles(start: FloatArray, seed: int) -> Scenario:
    """Return the scenario from the tool pose `start`, shape (4, 4); it is the same for every seed."""
    slow = 1 / SLOW

    def wish(time: float) -> FloatArray:
        turns = SLOW * min(time, slow) + FAST * max(time - slow, 0.0)
        angle = 2 * math.pi * turns
        return moved(start, y=RADIUS * math.sin(angle), z=RADIUS * (math.cos(angle) - 1))

    return Scenario(
        "circles", "a circle of 0.1 m, at 0.25 and 0.5 turns a second", slow + 1 / FAST, wish, wish
    )
