"""What is read from an arm, what is sent to it, and the protocol every arm implements."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from hybridctl.messages.arrays import FloatArray, checked, checked_scalar


@dataclass(frozen=True)
class ArmState:
    """One measurement of the arm.

    Attributes:
        q: Joint positions, shape (n,) [rad].
        dq: Joint velocities, shape (n,) [rad/s].
        tau: Joint torques, shape (n,) [Nm].
        gripper_width: Distance between the finger pads [m].
        gripper_force: Force with which the fingers press, both together [N].
        stamp: Clock time of the measurement [s].
        stopped: Whether the arm is latched in a stop and ignores commands.
        wrench: Force, then torque, that the world exerts on the tool, at the tool point in tool axes, bias
            and noise included, shape (6,) [N, Nm]; None from an arm that cannot tell.
        tau_external: What the world adds to each joint's torque, as far as the driver can tell it from its
            model of the arm, shape (n,) [Nm]; None from an arm that cannot tell.
        gripper_command: Finger distance that the gripper was last told to take, by whomever [m]; None from
            an arm that does not remember.
    """

    q: FloatArray
    dq: FloatArray
    tau: FloatArray
    gripper_width: float
    gripper_force: float
    stamp: float
    stopped: bool = False
    wrench: FloatArray | None = None
    tau_external: FloatArray | None = None
    gripper_command: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", checked("ArmState.q", self.q, shape=(None,)))
        object.__setattr__(self, "dq", checked("ArmState.dq", self.dq, shape=self.q.shape))
        object.__setattr__(self, "tau", checked("ArmState.tau", self.tau, shape=self.q.shape))
        if self.wrench is not None:
            object.__setattr__(self, "wrench", checked("ArmState.wrench", self.wrench, shape=(6,)))
        if self.tau_external is not None:
            tau_external = checked("ArmState.tau_external", self.tau_external, shape=self.q.shape)
            object.__setattr__(self, "tau_external", tau_external)
        checked_scalar("ArmState.gripper_width", self.gripper_width, low=-0.01, high=1.0)
        checked_scalar("ArmState.gripper_force", self.gripper_force)
        checked_scalar("ArmState.stamp", self.stamp)
        if self.gripper_command is not None:
            checked_scalar("ArmState.gripper_command", self.gripper_command, low=0.0, high=1.0)

    @property
    def gripper_set_point(self) -> float:
        """Finger distance to go on with [m]: the measured one only where the arm remembers no command.

        Fingers that press on a thing stand apart from where they were told to be: told to be where they
        stand, they would let it go.
        """
        return self.gripper_width if self.gripper_command is None else self.gripper_command


@dataclass(frozen=True)
class JointCommand:
    """One command to the arm's joint servos.

    Attributes:
        q: Joint position set-points, shape (n,) [rad].
        dq: Joint velocity feed-forward, shape (n,) [rad/s].
        gripper_width: Commanded distance between the finger pads [m].
        stamp: Clock time at which the command was computed [s].
    """

    q: FloatArray
    dq: FloatArray
    gripper_width: float
    stamp: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", checked("JointCommand.q", self.q, shape=(None,)))
        object.__setattr__(self, "dq", checked("JointCommand.dq", self.dq, shape=self.q.shape))
        checked_scalar("JointCommand.gripper_width", self.gripper_width, low=0.0, high=1.0)
        checked_scalar("JointCommand.stamp", self.stamp)


class Arm(Protocol):
    """An arm with a gripper, simulated or real.

    Entering it (`with arm:`) takes control, leaving it brings it to a controlled stop.
    """

    @property
    def dof(self) -> int:
        """Number of controlled joints n."""
        ...

    def read(self) -> ArmState:
        """Return the latest measurement."""
        ...

    def send(self, command: JointCommand) -> JointCommand:
        """Command the servos and return what was really applied (an arm may clip to its own limits)."""
        ...

    def stop(self, *, cause: str) -> None:
        """Brake and hold (category 2 of IEC 60204-1), then ignore commands until re-entered."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
