"""What the leaves of one tree share: memory, policy, controller, camera and clock, all handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from behaviors.progress import Progress
from controllers.contact import ExpectedContact
from controllers.controller import Controller
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.clock import Clock
from hybridctl.messages.observation import Camera, Observation
from hybridctl.messages.plan import Plan
from hybridctl.messages.policy import PolicyQueue
from world_state.memory import WorldMemory

TOUCH_FORCE, TOUCH_TORQUE, TOUCH_RESIDUAL = 60.0, 6.0, 0.4
"""What a finger at a thing may cause before it stops the arm [N], [Nm], [part of the torque limit]."""


class FailureKind(Enum):
    """Why a leaf failed; recovery is chosen by it."""

    PRECONDITION = "precondition"
    PERCEPTION = "perception"
    PLANNING = "planning"
    EXECUTION = "execution"
    POSTCONDITION = "postcondition"
    SAFETY = "safety"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Failure:
    """One failed leaf: where, what kind, why, and when [s]."""

    leaf: str
    kind: FailureKind
    why: str
    stamp: float


Note = Callable[[str, str, dict[str, Any]], None]
"""`note(kind, cause, data)` puts an event into the record."""


Settled = Callable[[], bool]
Settle = Callable[[], Settled]
"""`settle()` begins to bring all that was noted so far to disk; what it returns says whether it is there."""


def _settle_nothing() -> Settled:
    """There is no record that could be lost."""
    return lambda: True


def _no_note(kind: str, cause: str, data: dict[str, Any]) -> None:
    """Keep no record."""


@dataclass
class TreeContext:
    """The hands, eyes and memory of one tree.

    Attributes:
        memory: The world-state memory.
        policy: The VLA, behind its non-blocking queue.
        controller: The only way to move.
        camera: Where pictures come from.
        wrist_camera: The camera on the hand, for the fine phase; None where there is none.
        clock: Time for deadlines.
        note: Where events go.
        settle: Makes durable what was noted, before a motion that a resumed run must know of begins.
        resumed: How far an earlier process had come that was killed in the middle of this run; None else.
        plan: The plan that is being followed.
        failures: Leaves that failed so far, in order.
    """

    memory: WorldMemory
    policy: PolicyQueue
    controller: Controller
    camera: Camera
    clock: Clock
    wrist_camera: Camera | None = None
    note: Note = _no_note
    settle: Settle = _settle_nothing
    resumed: Progress | None = None
    plan: Plan = field(default_factory=lambda: Plan(()))
    failures: list[Failure] = field(default_factory=list)
    _state: ArmState | None = None
    _T_base_tool: FloatArray | None = None

    def update(self, state: ArmState, *, commanded_width: float) -> None:
        """Take in the arm's state before a tick; the memory feels it."""
        self._state = state
        self._T_base_tool = self.controller.tool_pose(state.q)
        self.memory.feel(state, self._T_base_tool, commanded_width=commanded_width)

    @property
    def state(self) -> ArmState:
        """The arm's state at this tick."""
        if self._state is None:
            raise RuntimeError("the tree was ticked before its context saw an arm state: call update first")
        return self._state

    @property
    def T_base_tool(self) -> FloatArray:
        """The tool's pose at this tick, shape (4, 4) [m]."""
        if self._T_base_tool is None:
            raise RuntimeError("the tree was ticked before its context saw an arm state: call update first")
        return self._T_base_tool

    def observe(self) -> Observation:
        """Take a picture now."""
        return self.camera.capture(self.state, self.T_base_tool)

    def expect_touch(self, why: str, *, seconds: float) -> None:
        """Tell the controller that a touch is meant: for a while only a hard one stops the arm.

        Args:
            why: What touches what.
            seconds: For how long [s].
        """
        self.controller.expect_contact(
            ExpectedContact(
                why=why,
                force=TOUCH_FORCE,
                torque=TOUCH_TORQUE,
                residual=TOUCH_RESIDUAL,
                until=self.clock.now() + seconds,
            )
        )

    def move(self, T_base_target: FloatArray, *, source: str, gripper_width: float | None = None) -> None:
        """Ask the controller to bring the tool to a pose, as of now."""
        self.controller.set_target(
            PoseTarget(T_base_target, stamp=self.clock.now(), gripper_width=gripper_width, source=source)
        )
