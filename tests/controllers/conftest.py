"""The real Panda and shipped gains, and an ideal arm that does what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from controllers import Controller, ControlResult, Gains, RobotModel, load_gains
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState


@pytest.fixture(scope="session")
def model() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture(scope="session")
def gains() -> Gains:
    return load_gains()


def measured(q: np.ndarray, dq: np.ndarray | None = None, stamp: float = 0.0, **fields: object) -> ArmState:
    dq = np.zeros_like(q) if dq is None else dq
    values: dict[str, object] = {
        "tau": np.zeros_like(q),
        "gripper_width": 0.04,
        "gripper_force": 0.0,
        **fields,
    }
    return ArmState(q=q, dq=dq, stamp=stamp, **values)


def tool_down(x: float, y: float, z: float) -> np.ndarray:
    T = np.diag([1.0, -1.0, -1.0, 1.0])
    T[:3, 3] = x, y, z
    return T


@dataclass
class IdealArm:
    """An arm that is at once where it is commanded; records every command's result."""

    controller: Controller
    q: np.ndarray
    dq: np.ndarray = field(default_factory=lambda: np.zeros(7))
    now: float = 0.0
    log: list[ControlResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.controller.start(measured(self.q, self.dq))

    @property
    def state(self) -> ArmState:
        return measured(self.q, self.dq, self.now)

    def step(self) -> ControlResult:
        result = self.controller.step(self.state, now=self.now)
        self.q, self.dq = np.array(result.command.q), np.array(result.command.dq)
        self.now += self.controller.gains.dt
        self.log.append(result)
        return result

    def go_to(self, T: np.ndarray, seconds: float) -> None:
        for _ in range(round(seconds / self.controller.gains.dt)):
            self.controller.set_target(PoseTarget(T, stamp=self.now))
            self.step()


@pytest.fixture
def arm(model: RobotModel, gains: Gains) -> IdealArm:
    return IdealArm(Controller(model, gains), np.array(model.q_rest))


@pytest.fixture(scope="session")
def helpers() -> object:
    """The functions above: test files of the importlib mode cannot import each other."""
    from types import SimpleNamespace

    return SimpleNamespace(measured=measured, tool_down=tool_down, IdealArm=IdealArm)
