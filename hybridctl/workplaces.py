"""Where a run takes place: the simulator in this process, or one in a process of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.arms.remote import Connection, RemoteArm, RemoteCamera, RemoteClock
from hybridctl.assembly import Simulator
from hybridctl.messages.arm import Arm
from hybridctl.messages.clock import Clock
from hybridctl.messages.observation import Camera
from hybridctl.record import Frame
from hybridctl.runtime import Listener, Outcome
from hybridctl.sim.camera_errors import CameraErrors
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.tasks import task_for
from hybridctl.sim.tasks.limit_watch import LimitWatch


class Workplace(Protocol):
    """An arm with a camera and a clock, and what can be known of a run there."""

    arm: Arm
    camera: Camera
    clock: Clock
    wrist_camera: Camera | None
    """The camera on the hand; None where there is none."""
    camera_name: str
    serial: str
    """Tells the arm from others at the same address; empty of one that ends with this process."""
    frame: Frame | None
    """Takes pictures for people; None where nobody can."""
    listeners: tuple[Listener, ...]

    def score(self) -> dict[str, Any] | None:
        """Return what the physics say of the task; None where nobody can know."""
        ...

    def violations(self, outcome: Outcome) -> dict[str, int]:
        """Return control periods in which a limit was broken, by limit."""
        ...

    def take_gains(self, gains: Gains) -> None:
        """Hear of gains that a running controller has taken."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class InProcess:
    """The simulator in this process, its scene sampled so that it holds what the instruction names."""

    def __init__(
        self,
        instruction: str,
        *,
        seed: int,
        renderer: str,
        gains: Gains,
        camera_errors: CameraErrors | None = None,
    ) -> None:
        errors = replace(camera_errors or CameraErrors(), seed=seed)
        self._simulator = Simulator(renderer, camera_errors=errors)
        self._task = task_for(instruction, seed)
        self._simulator.reset(self._task.scene if self._task is not None else sample_scene(seed))
        self._watch = LimitWatch(self._simulator.world, RobotModel.load("panda"), gains)
        self.arm: Arm = self._simulator.arm
        self.camera: Camera = self._simulator.camera
        self.wrist_camera: Camera | None = self._simulator.wrist_camera
        self.clock: Clock = self._simulator.clock
        self.serial = ""
        self.camera_name = f"scene/{self._simulator.renderer.name}"
        self.frame: Frame | None = self._simulator.viewer_frame
        self.listeners: tuple[Listener, ...] = (self._watch,)

    def score(self) -> dict[str, Any] | None:
        """Return the task's score; None for an instruction that no task scores."""
        if self._task is None:
            return None
        return {k: _plain(v) for k, v in vars(self._task.score(self._simulator.world)).items()}

    def violations(self, outcome: Outcome) -> dict[str, int]:
        """Return what the physics show."""
        return dict(self._watch.violations)

    def take_gains(self, gains: Gains) -> None:
        """Judge violations by the widest limits that were in force."""
        self._watch.take_gains(gains)

    def close(self) -> None:
        """Free the renderers."""
        self._simulator.close()


class Apart:
    """An arm behind `sim://HOST:PORT`: nothing is known of its world but what its camera shows."""

    def __init__(self, address: str) -> None:
        self._connection = Connection.open(address)
        self.arm: Arm = RemoteArm(self._connection)
        self.camera: Camera = RemoteCamera(self._connection)
        self.wrist_camera: Camera | None = RemoteCamera(self._connection, name="wrist")
        self.clock: Clock = RemoteClock(self._connection)
        self.serial = self._connection.serial
        self.camera_name = address
        self.frame: Frame | None = None
        self.listeners: tuple[Listener, ...] = ()

    @property
    def realtime(self) -> bool:
        """Whether the arm does not wait for the program."""
        return bool(self._connection.mode == "realtime")

    def score(self) -> dict[str, Any] | None:
        """Nobody here can know."""
        return None

    def violations(self, outcome: Outcome) -> dict[str, int]:
        """Return what the controller says of its own commands."""
        return dict(outcome.violations)

    def take_gains(self, gains: Gains) -> None:
        """Nothing: the controller itself says what it breaks."""

    def close(self) -> None:
        """Close the connection; the arm stops."""
        self._connection.close()


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
