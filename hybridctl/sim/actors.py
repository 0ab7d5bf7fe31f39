"""Bodies that move by themselves while a scene is used: an arm that crosses the work area."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.world import SimWorld


@dataclass(frozen=True)
class CrossingArm:
    """An obstacle that goes to and fro over the work area, and waits at either end.

    Attributes:
        body: The obstacle's body in the world.
        start, end: Where it turns, x and y in the base frame [m].
        height: Height of its axis above the table [m].
        seconds: How long one crossing takes [s].
        pause: How long it waits at either end [s].
        delay: When it first sets out [s].
    """

    body: str
    start: tuple[float, float]
    end: tuple[float, float]
    height: float
    seconds: float
    pause: float
    delay: float = 0.0

    def position(self, stamp: float) -> FloatArray:
        """Return where its middle is at a time [s], shape (3,) [m]."""
        beat = self.seconds + self.pause
        count, within = divmod(max(0.0, stamp - self.delay), beat)
        share = min(1.0, within / self.seconds)
        # It speeds up and slows down along half a cosine.
        share = 0.5 - 0.5 * math.cos(math.pi * share)
        if int(count) % 2:
            share = 1.0 - share
        x, y = (a + share * (b - a) for a, b in zip(self.start, self.end, strict=True))
        return np.array([x, y, self.height])

    def reset(self, world: SimWorld) -> None:
        """Stand at the start."""
        self.act(world)

    def act(self, world: SimWorld) -> None:
        """Be where it should be now."""
        mocap = int(world.model.body(self.body).mocapid[0])
        world.data.mocap_pos[mocap] = self.position(world.now())
