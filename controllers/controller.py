"""The one door to an arm: validate, plan by the MPC, limit, check for finite numbers, command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from controllers.errors import ControllerError, LimitViolation
from controllers.finite import require_finite
from controllers.gains import Gains
from controllers.held_object import HeldObject
from controllers.limiter import Limiter
from controllers.mpc import Mpc
from controllers.obstacles import Obstacle
from controllers.robot_model import RobotModel
from controllers.target import pose_distance, step_toward
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.arrays import FloatArray, MessageError, checked_transform

SLOW = 0.15  # rad/s: below it a joint brakes within two milliradians, whatever limit is near
WIDTH_TOLERANCE = 1e-6  # m: rounding of a gripper width is no reason to refuse a target


@dataclass(frozen=True)
class ControlResult:
    """One control period.

    Attributes:
        command: What to send.
        status: `tracking` (on the way to the target or there), `holding` (no target), `stale` (the target
            is too old), `qp_failed` (the last plan, then braking), `following_error` (the arm does not
            follow, so the motion yields to where it is), `stopped` (the arm is latched in a stop),
            `starting` (the first command after `start`, which is the measured state itself).
        slacks: By how much the plan breaks each soft limit at its worst node [m, m/s or rad/s].
        solve_ms: Time this step took [ms], for reporting only.
        violations: By how much the commanded state breaks each limit, broken ones only
            [m, rad or rad/s].
        limited: By how much the limiter changed the wanted joint velocity [rad/s]: it is what brakes in
            `holding` and `stale`, and 0 but for rounding while `tracking`.
    """

    command: JointCommand
    status: str
    slacks: dict[str, float]
    solve_ms: float
    violations: dict[str, float]
    limited: float = 0.0


class Controller:
    """Moves an arm's tool to targets within its limits.

    Call `start` with a measurement, then `step` once a control period. It reads no clock; the same inputs
    give the same commands. One thread only.

    Args:
        model: The robot.
        gains: Weights, horizon, limits and margins.
    """

    def __init__(self, model: RobotModel, gains: Gains) -> None:
        self.model = model
        self.gains = gains
        scales = gains.scales
        self._mpc = Mpc(model, gains)
        self._limiter = Limiter(
            q_min=model.q_min + scales.joint_margin,
            q_max=model.q_max - scales.joint_margin,
            dq_max=scales.velocity * model.dq_max,
            ddq_max=scales.acceleration * model.ddq_max,
            dt=gains.dt,
        )
        self._obstacles: tuple[tuple[Obstacle, ...], float | None, frozenset[tuple[str, str]]]
        self._obstacles = (), None, frozenset()
        self._held: tuple[HeldObject | None, bool] = None, False
        self._target: PoseTarget | None = None
        self._gripper_width = model.gripper_width[0]
        self._started = False
        self._starting = False
        self._lagging = False

    def start(self, state: ArmState) -> None:
        """Take over from the measured state: it is the first command, and there is no target yet.

        Raises:
            ControllerError: the state has the wrong number of joints or entries that are not finite.
            LimitViolation: a joint is beyond its position limit by more than 0.2 rad (a wrong robot or unit).
        """
        q, dq = self._checked_state(state)
        outside = np.maximum(self.model.q_min - q, q - self.model.q_max)
        worst = int(outside.argmax())
        if outside[worst] > 0.2:
            low, high = float(self.model.q_min[worst]), float(self.model.q_max[worst])
            raise LimitViolation(self.model.joint_names[worst], float(q[worst]), low, high)
        self._limiter.reset(q=q, dq=dq)
        self._mpc.reset()
        self._gripper_width = float(np.clip(state.gripper_width, *self.model.gripper_width))
        self._target = None
        self._lagging = False
        self._started = True
        self._starting = True

    def set_target(self, target: PoseTarget) -> None:
        """Take a new target; its gripper width, if any, is remembered.

        Raises:
            ControllerError: the pose is not a finite rigid transform, the stamp is not finite or the
                gripper width is outside the gripper's range. The last target stays.
        """
        try:
            checked_transform("target", target.T_base_target)
        except MessageError as error:
            raise ControllerError(str(error)) from error
        if not np.isfinite(target.stamp):
            raise ControllerError(f"target stamp is {target.stamp}, expected a finite time [s]")
        width = target.gripper_width
        if width is not None:
            low, high = self.model.gripper_width
            if not low - WIDTH_TOLERANCE <= width <= high + WIDTH_TOLERANCE:
                raise ControllerError(
                    f"target gripper_width is {width}, expected a width in [{low}, {high}] m"
                )
            self._gripper_width = min(max(float(width), low), high)
        self._target = target

    def set_obstacles(
        self,
        obstacles: Sequence[Obstacle],
        *,
        stamp: float | None = None,
        allowed: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """Keep away from these bodies of the world from now on, and from no others.

        Args:
            obstacles: As they were at `stamp`; one with a velocity moves on.
            stamp: Clock time [s]; the next step's if None.
            allowed: Pairs of a body of the arm (or `held`) and an obstacle that may touch.

        Raises:
            ControllerError: there are more than the gains' obstacles.slots, a pair names nobody, or the
                stamp is not finite. The last obstacles stay.
        """
        if stamp is not None and not np.isfinite(stamp):
            raise ControllerError(f"obstacles' stamp is {stamp}, expected a finite time [s]")
        self._mpc.set_obstacles(obstacles, allowed=allowed)
        self._obstacles = tuple(obstacles), stamp, allowed

    def hold_object(self, held: HeldObject | None, *, may_touch_table: bool = False) -> None:
        """Take an object that the hand holds into account in clearances and torques, or none.

        Args:
            held: The object in the tool's frame.
            may_touch_table: Whether it may come down on the table: to be set down there.
        """
        self._mpc.hold(held, may_touch_table=may_touch_table)
        self._held = held, may_touch_table

    def hold(self) -> None:
        """Drop the target: brake to rest and stay there, the gripper as it is."""
        self._target = None

    def step(self, state: ArmState, *, now: float) -> ControlResult:
        """Compute the command of one control period.

        Args:
            state: The latest measurement.
            now: Clock time [s]; it dates the command and tells a target's age.

        Raises:
            ControllerError: `start` was not called, the state or time is wrong, or the command would not be
                finite. Nothing may be sent then; stop the arm.
        """
        began = perf_counter()
        if not self._started:
            raise ControllerError("step was called before start(state)")
        if not np.isfinite(now):
            raise ControllerError(f"now is {now}, expected a finite time [s]")
        q_measured, dq_measured = self._checked_state(state)
        self._move_obstacles(now)
        slacks: dict[str, float] = {}
        violations: dict[str, float] = {}
        limited = 0.0
        if state.stopped:
            # Whatever was planned is void: nothing moves until somebody sets a target anew.
            self._target = None
            self._limiter.reset(q=q_measured, dq=np.zeros_like(dq_measured))
            self._mpc.reset()
            q, dq, status = self._limiter.q, self._limiter.dq, "stopped"
        elif self._starting:
            q, dq, status = self._limiter.q, self._limiter.dq, "starting"
        else:
            status, wanted = self._plan(q_measured, now, slacks, violations)
            q, dq = self._limiter.limit(dq=wanted)
            limited = float(np.abs(dq - wanted).max())
        self._starting = False
        require_finite(q=q, dq=dq, gripper_width=self._gripper_width)
        command = JointCommand(q=q, dq=dq, gripper_width=self._gripper_width, stamp=now)
        return ControlResult(command, status, slacks, 1e3 * (perf_counter() - began), violations, limited)

    @property
    def target_source(self) -> str:
        """Who set the present target (`PoseTarget.source`); `none` without a target."""
        return "none" if self._target is None else self._target.source

    def tool_pose(self, q: ArrayLike) -> FloatArray:
        """Return T_base_tool, shape (4, 4) [m], at joint positions `q`, shape (n,) [rad]."""
        return self.model.forward_kinematics(q)

    def distance_to_target(self, state: ArmState) -> tuple[float, float]:
        """Return how far the measured tool is from the target [m] and [rad]; infinite without a target."""
        if self._target is None:
            return float("inf"), float("inf")
        return pose_distance(self.tool_pose(state.q), self._target.T_base_target)

    def _plan(
        self, q_measured: FloatArray, now: float, slacks: dict[str, float], violations: dict[str, float]
    ) -> tuple[str, FloatArray]:
        """Return the status and the velocity wanted at the end of the period, shape (n,) [rad/s]."""
        q, dq = self._limiter.q, self._limiter.dq
        gap = q_measured - q
        error = float(np.abs(gap).max())
        threshold = self.gains.safety.following_error
        # Half the threshold to resume, so that the status does not flicker.
        self._lagging = error > (0.5 * threshold if self._lagging else threshold)
        if self._lagging:
            self._mpc.reset()
            violations["following_error"] = error
            return "following_error", self._yielding_velocity(gap)
        target = self._target
        if target is None or now - target.stamp > self.gains.targets.stale_after:
            return ("holding" if target is None else "stale"), self._braking_velocity(q, dq)
        near = step_toward(
            self.model.forward_kinematics(q),
            target.T_base_target,
            max_translation=self.gains.targets.max_translation,
            max_rotation=self.gains.targets.max_rotation,
        )
        result = self._mpc.solve(q, dq, near)
        slacks.update(result.slacks)
        violations.update(result.violations)
        finite = bool(np.isfinite(result.dq).all())
        return ("tracking" if result.ok and finite else "qp_failed"), result.dq

    def _move_obstacles(self, now: float) -> None:
        """Bring obstacles that move to where they are now."""
        obstacles, stamp, allowed = self._obstacles
        if stamp is None:
            self._obstacles = obstacles, now, allowed  # the MPC has them as they are
        elif now > stamp and any(obstacle.velocity.any() for obstacle in obstacles):
            moved = [obstacle.at(now - stamp) for obstacle in obstacles]
            self._mpc.set_obstacles(moved, allowed=allowed)

    def _braking_velocity(self, q: FloatArray, dq: FloatArray) -> FloatArray:
        """Return the velocity to brake with, shape (n,) [rad/s].

        While fast, the MPC brings the tool to where full braking would end, put inside the box: braking
        joint by joint alone knows neither box nor table. The slow rest is the limiter's.
        """
        if float(np.abs(dq).max()) < SLOW:
            self._mpc.reset()
            return np.zeros_like(dq)
        stop = q + dq * np.abs(dq) / (2 * self.gains.scales.acceleration * self.model.ddq_max)
        T = self.model.forward_kinematics(np.clip(stop, self.model.q_min, self.model.q_max))
        box = self.gains.workspace
        T = np.array(T)
        T[:3, 3] = np.clip(T[:3, 3], np.add(box.lower, box.margin), np.subtract(box.upper, box.margin))
        result = self._mpc.solve(q, dq, T)
        return result.dq if result.ok and bool(np.isfinite(result.dq).all()) else np.zeros_like(dq)

    def _yielding_velocity(self, gap: FloatArray) -> FloatArray:
        """Return a slow velocity from the commanded position to the measured one, shape (n,) [rad/s]."""
        slow = 0.1 * self.gains.scales.velocity * self.model.dq_max
        return np.asarray(np.clip(2.0 * gap, -slow, slow))

    def _checked_state(self, state: ArmState) -> tuple[FloatArray, FloatArray]:
        return self.model.checked_joints("state.q", state.q), self.model.checked_joints("state.dq", state.dq)
