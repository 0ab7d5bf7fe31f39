"""Steps: the target jumps, in place, in angle and in both, and rests each time."""

from __future__ import annotations

from hybridctl.messages.arrays import FloatArray
from hybridctl.tuning.scenario import Scenario, moved

REST = 1.6
"""Time between two jumps [s]."""


def steps(start: FloatArray, seed: int) -> Scenario:
    """Return the scenario about the tool pose `start`, shape (4, 4); it is the same for every seed."""
    poses = (
        moved(start, y=0.15),
        moved(start, y=-0.15, z=-0.15),
        moved(start, y=-0.15, z=-0.15, rpy=(0.0, 0.0, 0.8)),
        moved(start, x=0.10, y=-0.13, z=-0.15, rpy=(0.2, -0.2, 0.0)),
        start,
    )

    def wish(time: float) -> FloatArray:
        return poses[min(int(time / REST + 1e-9), len(poses) - 1)]

    jumps = tuple(REST * k for k in range(len(poses)))
    return Scenario("steps", "jumps of place and angle", REST * len(poses), wish, wish, jumps)
