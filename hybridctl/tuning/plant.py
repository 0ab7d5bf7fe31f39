"""What the controller moves while gains are tried: MuJoCo's servos, or an arm that does as it is told."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Protocol

import numpy as np

from controllers.robot_model import RobotModel
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld


class Plant(Protocol):
    """An arm at the rest posture, and its time."""

    def read(self) -> ArmState:
        """Return the measured state."""
        ...

    def advance(self, command: JointCommand, seconds: float) -> None:
        """Apply a command and let time pass [s]."""
        ...


class IdealPlant:
    """An arm that is where it is commanded, one period later."""

    def __init__(self, model: RobotModel) -> None:
        self._q, self._dq, self._now = np.array(model.q_rest), np.zeros(model.n), 0.0

    def read(self) -> ArmState:
        """Return the last command as a measurement, without torques."""
        still = np.zeros_like(self._q)
        return ArmState(
            self._q,
            self._dq,
            still,
            gripper_width=0.04,
            gripper_force=0.0,
            stamp=self._now,
            wrench=np.zeros(6),  # nothing touches it, and it says so
            tau_external=still,
        )

    def advance(self, command: JointCommand, seconds: float) -> None:
        """Be where the command says."""
        self._q, self._dq = np.array(command.q), np.array(command.dq)
        self._now += seconds


class ServoPlant:
    """The simulated Panda over an empty table."""

    def __init__(self, model: RobotModel) -> None:
        self._world = _world()
        self._world.reset(self._world.scene)
        self._world.set_arm(np.array(model.q_rest), 0.04)
        self._arm = SimulatedArm(self._world)
        self._arm.__enter__()

    def read(self) -> ArmState:
        """Return what encoders and motors measure."""
        return self._arm.read()

    def advance(self, command: JointCommand, seconds: float) -> None:
        """Hand the command to the servos and step the physics."""
        now = self._world.now()
        self._arm.send(command)
        self._world.sleep_until(now + seconds)


PLANTS: dict[str, type[IdealPlant] | type[ServoPlant]] = {"servos": ServoPlant, "ideal": IdealPlant}


@cache
def _world() -> SimWorld:
    return SimWorld(replace(sample_scene(0), objects=(), fixtures=(Fixture("book", 3.0, 3.0),)))
