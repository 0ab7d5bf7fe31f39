"""Tokens: what a VLA sends, a target five times a second, each off by bins and a bad eye."""

from __future__ import annotations

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.tuning.scenario import Scenario, moved

PERIOD = 0.2
LATENCY = 0.2
PLACE, ANGLE = 0.005, np.radians(3.0)
"""Largest error of a target in each axis [m] and [rad]: what the bins of RT-2 leave."""
SPEED = 0.08
TRAVEL, SECONDS = 3.0, 5.0


def tokens(start: FloatArray, seed: int) -> Scenario:
    """Return the scenario from the tool pose `start`, shape (4, 4), with the errors of `seed`."""
    rng = np.random.default_rng(seed)
    count = round(SECONDS / PERIOD) + 1
    place = rng.uniform(-PLACE, PLACE, (count, 3))
    angle = rng.uniform(-ANGLE, ANGLE, (count, 3))

    def wish(time: float) -> FloatArray:
        way = SPEED * min(time, TRAVEL)
        return moved(start, y=0.6 * way, z=-0.8 * way)

    # A target is meant for the middle of the time in which it will be the last one.
    targets = [
        moved(wish(k * PERIOD + PERIOD / 2), *place[k], rpy=(angle[k][0], angle[k][1], angle[k][2]))
        for k in range(count)
    ]

    def told(time: float) -> FloatArray:
        answered = int((time - LATENCY) / PERIOD + 1e-9)
        return start if time < LATENCY else targets[min(answered + round(LATENCY / PERIOD), count - 1)]

    return Scenario("tokens", "5 Hz of targets, ±5 mm and ±3° off, 0.2 s late", SECONDS, wish, told)
