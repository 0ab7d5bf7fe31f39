"""The simulated Panda behind the Arm protocol: what a driver on a real arm would read and send."""

from __future__ import annotations

from functools import cache
from types import TracebackType
from typing import Self

import numpy as np

from controllers.momentum_observer import MomentumObserver
from controllers.robot_model import RobotModel
from hybridctl.arms.errors import ArmError
from hybridctl.arms.residual import ResidualReader
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.arrays import MessageError
from hybridctl.sim.joint_log import JointLog
from hybridctl.sim.world import GRIPPER_OPEN, SimWorld
from hybridctl.sim.world_model import ARM_PREFIX
from hybridctl.sim.wrist_sensor import WristGauges, WristSensor


class SimulatedArm:
    """Joint position servos with velocity feed-forward and gravity compensation, in lockstep.

    The physics advance when the world's clock does (`SimWorld.sleep_until`). Like a real driver it clips
    set-points to the joint ranges and gripper range, and tells what it applied. It never looks at anything
    but its own joints and wrist.

    Args:
        world: The world that the arm stands in.
        wrist: How good its wrist sensor is; by default typical.
        seed: Seed of the wrist sensor's bias and noise; by default that of the world's scene.
    """

    def __init__(self, world: SimWorld, *, wrist: WristSensor | None = None, seed: int | None = None) -> None:
        self._world, self._seed = world, seed
        model = world.model
        joints = [model.joint(f"panda/joint{i}") for i in range(1, 8)]
        self._low = np.array([joint.range[0] for joint in joints])
        self._high = np.array([joint.range[1] for joint in joints])
        self._lag = (
            -model.actuator_biasprm[world.arm_actuators, 2] / model.actuator_gainprm[world.arm_actuators, 0]
        )
        robot = _model()
        self._wrist = WristGauges(model, world.data, ARM_PREFIX, wrist or WristSensor())
        self._residual = ResidualReader(
            JointLog(model, world.data, ARM_PREFIX),
            MomentumObserver(robot),
            servo_damping=-model.actuator_biasprm[world.arm_actuators, 2],
            torque_limit=robot.tau_max,
            timestep=float(model.opt.timestep),
            placed=lambda: world.arm_placed_at,
        )
        self._in_control = False
        self.stop_cause: str | None = None

    @property
    def dof(self) -> int:
        """Seven."""
        return 7

    def read(self) -> ArmState:
        """Return what encoders, motors (servo and gravity compensation), gripper and wrist measure.

        Readings are a function of the physics alone, however often and by whomever they are taken.
        """
        world, data = self._world, self._world.data
        q, dq = data.qpos[world.arm_joints], data.qvel[world.arm_dofs]
        return ArmState(
            q=q,
            dq=dq,
            tau=data.qfrc_actuator[world.arm_dofs],
            gripper_width=float(np.clip(data.qpos[world.fingers].sum(), 0.0, GRIPPER_OPEN)),
            gripper_force=float(abs(data.actuator_force[world.gripper_actuator])),
            stamp=world.now(),
            stopped=not self._in_control,
            wrench=self._wrist.read(world.scene.seed if self._seed is None else self._seed),
            tau_external=self._residual.read(q, dq),
            gripper_command=2.0 * float(data.ctrl[world.gripper_actuator]),
        )

    def send(self, command: JointCommand) -> JointCommand:
        """Hand set-points to the servos and return them as applied.

        Raises:
            ArmError: the arm was not entered, or is stopped.
            MessageError: the command is not for seven joints.
        """
        if not self._in_control:
            raise ArmError(
                f"the arm is stopped ({self.stop_cause or 'never entered'}): enter it again to move"
            )
        if command.q.shape != (self.dof,):
            raise MessageError(f"the command moves {command.q.size} joints, this arm has {self.dof}")
        q = np.clip(command.q, self._low, self._high)
        width = float(np.clip(command.gripper_width, 0.0, GRIPPER_OPEN))
        data, world = self._world.data, self._world
        # kp (q + (kv/kp) dq_ref − q_meas) − kv dq_meas is a servo that follows a moving reference.
        data.ctrl[world.arm_actuators] = q + self._lag * command.dq
        data.ctrl[world.gripper_actuator] = width / 2
        return JointCommand(q=q, dq=command.dq, gripper_width=width, stamp=command.stamp)

    def stop(self, *, cause: str) -> None:
        """Hold the joints where they are now (category 2) and refuse further commands."""
        world, data = self._world, self._world.data
        data.ctrl[world.arm_actuators] = np.clip(data.qpos[world.arm_joints], self._low, self._high)
        self._in_control = False
        self.stop_cause = cause

    def __enter__(self) -> Self:
        self._in_control = True
        self.stop_cause = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._in_control:
            self.stop(cause="left" if error is None else f"{type(error).__name__}: {error}")


@cache
def _model() -> RobotModel:
    return RobotModel.load("panda")
