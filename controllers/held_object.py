"""What the hand holds, as the controller sees it: a capsule that moves with the tool, and a mass."""

from __future__ import annotations

from dataclasses import dataclass

from hybridctl.messages.arrays import FloatArray, checked, checked_scalar


@dataclass(frozen=True, eq=False)
class HeldObject:
    """A capsule in the tool's frame; a sphere has both ends in one point.

    Attributes:
        start: First end of its axis, shape (3,) [m].
        end: Second end, shape (3,) [m].
        radius: Radius [m].
        mass: Mass [kg].
    """

    start: FloatArray
    end: FloatArray
    radius: float
    mass: float

    def __post_init__(self) -> None:
        for key in ("start", "end"):
            object.__setattr__(self, key, checked(f"HeldObject.{key}", getattr(self, key), shape=(3,)))
        checked_scalar("HeldObject.radius", self.radius, low=0.0, high=0.5)
        checked_scalar("HeldObject.mass", self.mass, low=0.0, high=50.0)
