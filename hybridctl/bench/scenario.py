"""A scenario: a fixed file that says how a target and obstacles move, and which bodies are to keep apart."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from controllers.configuration import Section, read_section
from controllers.obstacles import Obstacle
from hybridctl.messages.action import rotation_from_rpy
from hybridctl.messages.arrays import FloatArray

SCENARIOS = Path(__file__).parent / "scenarios"

Vector = tuple[float, float, float]


class Key(Section):
    """Where the target is at one time."""

    at: float = Field(ge=0.0, description="Time [s]")
    position: Vector = Field(description="Base frame [m]")
    rpy: Vector = Field(description="Roll, pitch, yaw of the tool in the base frame [rad]")
    jump: bool = Field(default=False, description="Whether the target is there at once, not on a way")


class Body(Section):
    """An obstacle: a capsule, or a sphere where both ends are one point."""

    name: str = Field(description="What it is called")
    start: Vector = Field(description="First end at the beginning, base frame [m]")
    end: Vector = Field(description="Second end [m]")
    radius: float = Field(gt=0.0, le=1.0, description="Radius [m]")
    velocity: Vector = Field(default=(0.0, 0.0, 0.0), description="Velocity [m/s]")


class Pairs(Section):
    """Bodies to keep apart, by the names of their geoms."""

    self_collision: tuple[tuple[str, str], ...] = Field(description="Of the arm with itself")
    table: tuple[str, ...] = Field(description="Of the arm with the table")
    world: tuple[str, ...] = Field(description="Of the arm with each obstacle")


class Scenario(Section):
    """A motion to be followed."""

    robot: str = Field(description="Name of a shipped robot")
    rate: float = Field(gt=0.0, description="Control rate [Hz]")
    ticks: Annotated[int, Field(gt=0)] = Field(description="Control periods")
    target: tuple[Key, ...] = Field(min_length=1, description="Keys of the target, by time")
    obstacles: tuple[Body, ...] = Field(default=(), description="Bodies of the world")
    pairs: Pairs = Field(description="What is to keep apart")

    @model_validator(mode="after")
    def _in_order(self) -> Scenario:
        times = [key.at for key in self.target]
        if times != sorted(times) or times[0] != 0.0:
            raise ValueError(f"target times {times} do not rise from 0")
        return self

    @property
    def dt(self) -> float:
        """Control period [s]."""
        return 1.0 / self.rate

    @cached_property
    def targets(self) -> tuple[FloatArray, ...]:
        """The target's pose at every tick, `ticks` arrays of shape (4, 4) [m]."""
        return tuple(self._pose(k * self.dt) for k in range(self.ticks))

    @cached_property
    def surroundings(self) -> tuple[tuple[Obstacle, ...], ...]:
        """The obstacles at every tick."""
        bodies = [
            Obstacle(b.name, np.array(b.start), np.array(b.end), b.radius, np.array(b.velocity))
            for b in self.obstacles
        ]
        return tuple(tuple(b.at(k * self.dt) for b in bodies) for k in range(self.ticks))

    def _pose(self, now: float) -> FloatArray:
        last = max(i for i, key in enumerate(self.target) if key.at <= now + 1e-9)
        begin, end = self.target[last], self.target[min(last + 1, len(self.target) - 1)]
        share = 0.0
        if end.at > begin.at and not end.jump:
            s = (now - begin.at) / (end.at - begin.at)
            share = s**3 * (10.0 - 15.0 * s + 6.0 * s * s)
        roll, pitch, yaw = (a + share * (b - a) for a, b in zip(begin.rpy, end.rpy, strict=True))
        T = np.eye(4)
        T[:3, :3] = rotation_from_rpy(roll, pitch, yaw)
        T[:3, 3] = np.array(begin.position) + share * np.subtract(end.position, begin.position)
        T.setflags(write=False)
        return T


def load_scenario(name: str = "mpc") -> Scenario:
    """Read a scenario from hybridctl/bench/scenarios.

    Raises:
        GainsError: there is no such file, or a key or value in it is wrong.
    """
    return read_section(Scenario, SCENARIOS / f"{name}.yaml")
