"""What a controller is put through: a wish over time, what it is told of it, and what is in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from controllers.obstacles import Obstacle
from hybridctl.messages.action import rotation_from_rpy
from hybridctl.messages.arrays import FloatArray


def nothing_in_the_way(time: float) -> tuple[Obstacle, ...]:
    """Return no obstacles."""
    return ()


@dataclass(frozen=True)
class Scenario:
    """A fixed course of seconds.

    Attributes:
        name: Its name on the command line.
        about: What it is, in a line.
        seconds: How long it lasts [s].
        wish: Where the tool should be at a time [s]: a pose in the base frame, shape (4, 4) [m].
        told: The target that the controller has at that time, shape (4, 4) [m]; errors count from `wish`.
        jumps: Times at which the wish jumps to a pose and stays there [s]; none where it moves.
        obstacles: What is in the way at a time [s].
    """

    name: str
    about: str
    seconds: float
    wish: Callable[[float], FloatArray]
    told: Callable[[float], FloatArray]
    jumps: tuple[float, ...] = ()
    obstacles: Callable[[float], tuple[Obstacle, ...]] = nothing_in_the_way


def moved(
    T_base_tool: FloatArray,
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
    *,
    rpy: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> FloatArray:
    """Return the pose shifted along the base axes [m] and turned about its own [rad], shape (4, 4)."""
    T = np.array(T_base_tool, dtype=np.float64)
    T[:3, 3] += (x, y, z)
    T[:3, :3] = T[:3, :3] @ rotation_from_rpy(*rpy)
    return T
