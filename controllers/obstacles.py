"""A body of the world that the arm keeps away from: a capsule or sphere, at rest or moving."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hybridctl.messages.arrays import FloatArray, checked, checked_scalar


@dataclass(frozen=True, eq=False)
class Obstacle:
    """A capsule in the base frame; a sphere has both ends in one point.

    Attributes:
        name: What it is called, in slacks, violations and allowed contacts.
        start: First end of its axis, shape (3,) [m].
        end: Second end, shape (3,) [m].
        radius: Radius [m].
        velocity: Its velocity, kept over the horizon, shape (3,) [m/s].
    """

    name: str
    start: FloatArray
    end: FloatArray
    radius: float
    velocity: FloatArray = field(default_factory=lambda: np.zeros(3))

    def __post_init__(self) -> None:
        for key in ("start", "end", "velocity"):
            object.__setattr__(self, key, checked(f"Obstacle.{key}", getattr(self, key), shape=(3,)))
        checked_scalar("Obstacle.radius", self.radius, low=0.0, high=2.0)

    def at(self, seconds: float) -> Obstacle:
        """Return where it will be `seconds` from now, if it keeps its velocity."""
        shift = seconds * self.velocity
        return Obstacle(self.name, self.start + shift, self.end + shift, self.radius, self.velocity)
