"""The expert's hands: motions as generators that set the controller's target and yield once a tick."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pinocchio as pin

from controllers.contact import ExpectedContact
from controllers.controller import Controller
from controllers.inverse_kinematics import solve_ik
from hybridctl.messages.action import PoseTarget, rotation_from_rpy
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.clock import Clock
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.world import HOME_Q

Motion = Iterator[None]
"""One motion: it yields once a tick until it is done."""
OPEN_WIDTH = 0.08
_TORQUE, _RESIDUAL = 8.0, 0.5
"""What a contact that is meant may reach at most [Nm], [part of the torque limit]."""
_CLOSE, _ANGLE, _SLOW, _STILL = 0.003, 0.04, 0.12, 0.0004


class ExpertError(RuntimeError):
    """A motion did not come to what it should; the expert tries again."""


class Hands:
    """What every scripted skill has at hand: truth, and motions through the controller.

    Args:
        controller: The only way to move.
        clock: For waiting.
        truth: Where things really are.
        transit: Height at which the tool travels [m].
        clear: Whether the way down at x and y stays free of what moves, for as long as a skill is down there.
    """

    def __init__(
        self,
        controller: Controller,
        clock: Clock,
        truth: TruthOf,
        *,
        transit: float = 0.22,
        clear: Callable[[float, float], bool] | None = None,
    ) -> None:
        self.truth = truth
        self._clear = clear
        self.transit = transit
        self._controller, self._clock = controller, clock
        self._state: ArmState | None = None
        self.T_base_tool: FloatArray = np.eye(4)
        self.lean: FloatArray = np.eye(3)
        """How the tool leaned as it took what it holds, shape (3, 3); it puts it down leaning as much."""

    def feel(self, state: ArmState) -> None:
        """Take in the arm's state of this tick."""
        self._state = state
        self.T_base_tool = self._controller.tool_pose(state.q)

    @property
    def state(self) -> ArmState:
        """The arm's state at this tick."""
        assert self._state is not None, "feel comes first"
        return self._state

    def now(self) -> float:
        """Return the time [s]."""
        return self._clock.now()

    def target(self, T: FloatArray, *, width: float | None = None) -> None:
        """Ask the controller to bring the tool to a pose now, the fingers to a width [m]."""
        self._controller.set_target(
            PoseTarget(T, stamp=self._clock.now(), gripper_width=width, source="skill")
        )

    def expect(self, why: str, *, force: float, seconds: float = 8.0) -> None:
        """Announce a contact to the controller: up to `force` [N] is meant, for a while [s]."""
        self._controller.expect_contact(
            ExpectedContact(
                why=why, force=force, torque=_TORQUE, residual=_RESIDUAL, until=self.now() + seconds
            )
        )

    @property
    def force(self) -> float:
        """How hard the world pushes on the tool, sensor bias included [N]; 0 from an arm that cannot tell."""
        wrench = self.state.wrench
        return 0.0 if wrench is None else float(np.linalg.norm(wrench[:3]))

    def move(
        self,
        goal: FloatArray | Callable[[], FloatArray],
        *,
        width: float | None = None,
        tolerance: float = _CLOSE,
        angle: float = _ANGLE,
        passing: bool = False,
        timeout: float = 8.0,
    ) -> Motion:
        """Go to a pose by the way that the controller takes; a goal that moves is followed.

        Where `passing`, it is reached without coming to rest there.

        Raises:
            ExpertError: the tool is not there in time.
        """
        begun = self.now()
        while True:
            T = goal() if callable(goal) else goal
            self.target(T, width=width)
            yield
            if self._there(T, tolerance, angle, passing=passing):
                return
            if self.now() - begun > timeout:
                raise ExpertError(f"the tool is {self._away(T):.3f} m from its goal after {timeout:g} s")

    def line(
        self,
        goal: FloatArray | Callable[[], FloatArray],
        *,
        speed: float = 0.20,
        width: float | None = None,
        tolerance: float = _CLOSE,
        until: Callable[[], bool] | None = None,
        passing: bool = False,
        timeout: float = 10.0,
    ) -> Motion:
        """Go to a pose in a straight line, led at `speed` [m/s]; `until` ends it early.

        Where `passing`, it is reached without coming to rest there.

        Raises:
            ExpertError: the tool is not there in time.
        """
        begun = last = self.now()
        lead = self.T_base_tool.copy()
        while True:
            T = goal() if callable(goal) else goal
            now = self.now()
            lead = _toward(lead, T, step=speed * max(now - last, 0.01))
            last = now
            self.target(lead, width=width)
            yield
            if until is not None and until():
                return
            if self._there(T, tolerance, _ANGLE, passing=passing):
                return
            if now - begun > timeout:
                raise ExpertError(f"the tool is {self._away(T):.3f} m from its goal after {timeout:g} s")

    def travel(
        self,
        goal: FloatArray | Callable[[], FloatArray],
        *,
        width: float | None = None,
        passing: bool = False,
    ) -> Motion:
        """Rise to the height of travel, go over the goal, turned as it is, and wait for a clear way down.

        Where `passing`, it does not come to rest there.
        """

        def above() -> FloatArray:
            T = np.array(goal() if callable(goal) else goal)
            T[2, 3] = max(self.transit, T[2, 3])
            return T

        yield from self.rise(width=width)
        yield from self.move(above, width=width, tolerance=0.012, angle=0.08, passing=passing)
        while self._clear is not None and not self._clear(above()[0, 3], above()[1, 3]):
            self.target(above(), width=width)
            yield

    def rise(self, *, width: float | None = None) -> Motion:
        """Go straight up to the height of travel."""
        if self.T_base_tool[2, 3] < self.transit - 0.02:
            T = self.T_base_tool.copy()
            T[:3, :3] = tool_pose(T[:3, 3], tool_yaw(T))[:3, :3]
            T[2, 3] = self.transit
            yield from self.line(T, width=width, tolerance=0.015, speed=0.3)

    def fingers(
        self,
        width: float,
        *,
        at: Callable[[], FloatArray] | None = None,
        settle: float = 0.25,
        timeout: float = 2.5,
    ) -> Motion:
        """Bring the fingers to a width [m], or to where something stops them; the tool stays, or follows."""
        begun, before = self.now(), -1.0
        T = self.T_base_tool.copy()
        while self.now() - begun < timeout:
            self.target(T if at is None else at(), width=width)
            yield
            still = abs(self.state.gripper_width - before) < _STILL
            before = self.state.gripper_width
            if still and self.now() - begun > settle:
                return

    def stay(self, seconds: float) -> Motion:
        """Stay where the tool is."""
        begun, T = self.now(), self.T_base_tool.copy()
        while self.now() - begun < seconds:
            self.target(T)
            yield

    def reach(self, T: FloatArray) -> float:
        """Return the smallest distance of a joint to its limit at a pose [rad]; −1 out of reach."""
        model = self._controller.model
        q = solve_ik(model, T, np.array(HOME_Q), tolerance=1e-3)
        if q is None:
            return -1.0
        return float(np.minimum(q - model.q_min, model.q_max - q).min())

    def _away(self, T: FloatArray) -> float:
        return float(np.linalg.norm(T[:3, 3] - self.T_base_tool[:3, 3]))

    def _there(self, T: FloatArray, tolerance: float, angle: float, *, passing: bool) -> bool:
        turned = float(np.linalg.norm(pin.log3(self.T_base_tool[:3, :3].T @ T[:3, :3])))
        slow = passing or float(np.abs(self.state.dq).max()) < _SLOW
        return self._away(T) < tolerance and turned < angle and slow


def tool_pose(position: FloatArray, yaw: float, lean: FloatArray | None = None) -> FloatArray:
    """Return a pose that points straight down, shape (4, 4); the fingers open across `yaw` [rad].

    With `lean`, a rotation in the tool's own frame, shape (3, 3), it points down as far as that allows.
    """
    T = np.eye(4)
    T[:3, :3] = rotation_from_rpy(0.0, 0.0, yaw) @ np.diag([1.0, -1.0, -1.0])
    if lean is not None:
        T[:3, :3] = T[:3, :3] @ lean
    T[:3, 3] = position
    return T


def tool_yaw(T_base_tool: FloatArray) -> float:
    """Return the yaw of a tool that points about down [rad]."""
    return float(np.arctan2(T_base_tool[1, 0], T_base_tool[0, 0]))


def _toward(T: FloatArray, goal: FloatArray, *, step: float) -> FloatArray:
    """Return a pose on the way from T to goal, `step` [m] on, turned in proportion."""
    shift = goal[:3, 3] - T[:3, 3]
    turn = pin.log3(T[:3, :3].T @ goal[:3, :3])
    # A turn of 1 rad counts as 0.25 m, so that turning in place is led too.
    length = max(float(np.linalg.norm(shift)), 0.25 * float(np.linalg.norm(turn)))
    if length <= step:
        return np.array(goal)
    result = np.eye(4)
    result[:3, 3] = T[:3, 3] + shift * (step / length)
    result[:3, :3] = T[:3, :3] @ pin.exp3(turn * (step / length))
    return result
