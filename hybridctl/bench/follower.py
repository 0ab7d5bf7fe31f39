"""What a bench times: something that follows a target, one command a control period, ours or a peer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from controllers.braking import braked_velocity
from controllers.controller import Controller
from controllers.gains import Gains
from controllers.obstacles import Obstacle
from controllers.robot_model import RobotModel
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True)
class Step:
    """One control period of a follower.

    Attributes:
        q: Commanded positions, shape (n,) [rad].
        dq: Commanded velocities, shape (n,) [rad/s].
        ms: Time from the target to the command, the whole of it [ms].
        solved: Whether its optimisation had an answer.
    """

    q: FloatArray
    dq: FloatArray
    ms: float
    solved: bool


class Follower(Protocol):
    """Follows a target on the ideal plant: the command is the next state."""

    name: str
    settings: dict[str, Any]

    def start(self, q: FloatArray) -> None:
        """Begin at rest at `q`, shape (n,) [rad]."""
        ...

    def step(self, T_base_target: FloatArray, obstacles: Sequence[Obstacle], now: float) -> Step:
        """Take the target and the obstacles as they are now, and compute the next command."""
        ...


class ControllerFollower:
    """Our controller, its whole step: obstacles, target, `Controller.step`."""

    def __init__(self, name: str, robot: RobotModel, gains: Gains) -> None:
        self.name = name
        self.settings: dict[str, Any] = {"node_times": list(gains.node_times)}
        self._controller = Controller(robot, gains)
        self._zero = np.zeros(robot.n)
        self._q, self._dq = robot.q_rest, self._zero

    def start(self, q: FloatArray) -> None:
        """Begin at rest at `q`, shape (n,) [rad]."""
        self._q, self._dq = q, self._zero
        state = ArmState(q, self._zero, self._zero, 0.08, 0.0, -0.01)
        self._controller.start(state)
        self._controller.step(state, now=-0.01)  # the first command is the measured state itself

    def step(self, T_base_target: FloatArray, obstacles: Sequence[Obstacle], now: float) -> Step:
        """Take the target and the obstacles as they are now, and compute the next command."""
        state = ArmState(self._q, self._dq, self._zero, 0.08, 0.0, now)
        around = tuple(obstacles)
        began = perf_counter()
        self._controller.set_obstacles(around)
        self._controller.set_target(PoseTarget(T_base_target, now))
        result = self._controller.step(state, now=now)
        ms = 1e3 * (perf_counter() - began)
        self._q, self._dq = result.command.q, result.command.dq
        return Step(self._q, self._dq, ms, result.status == "tracking")


class EmptyFollower:
    """Does nothing: what the clock and the machine add to every other time."""

    name = "empty"

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self._q = np.zeros(0)

    def start(self, q: FloatArray) -> None:
        """Begin at `q`, and stay there."""
        self._q = q

    def step(self, T_base_target: FloatArray, obstacles: Sequence[Obstacle], now: float) -> Step:
        """Do nothing, and time it."""
        began = perf_counter()
        ms = 1e3 * (perf_counter() - began)
        return Step(self._q, 0.0 * self._q, ms, True)


def brake(q: FloatArray, dq: FloatArray, *, ddq_max: FloatArray, dt: float) -> tuple[FloatArray, FloatArray]:
    """Return position and velocity after a period of full braking: what a peer without an answer does."""
    slower = braked_velocity(dq, ddq_max=ddq_max, dt=dt)
    return q + dt * slower, slower


def with_torque_rows(gains: Gains) -> Gains:
    """Return the gains with torque rows on every node."""
    values = gains.model_dump(exclude_unset=True)
    values["safety"]["torque_rows"] = True
    return Gains.model_validate(values)
