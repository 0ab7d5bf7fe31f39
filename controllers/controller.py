"""The one door to an arm: validate, plan by the MPC, limit, check for finite numbers, command."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from controllers.chunk import Chunk, Splice, spliced
from controllers.errors import ControllerError, LimitViolation
from controllers.finite import require_finite
from controllers.gains import Gains
from controllers.limiter import Limiter
from controllers.mpc import Mpc
from controllers.robot_model import RobotModel
from controllers.target import between, moved_on, pose_distance, pull_of, reached, step_toward
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_transform

SLOW = 0.15  # rad/s: below it a joint brakes within two milliradians, whatever limit is near
WIDTH_TOLERANCE = 1e-6  # m: rounding of a gripper width is no reason to refuse a target


@dataclass(frozen=True)
class ControlResult:
    """One control period.

    Attributes:
        command: What to send.
        status: `tracking` (on the way to the target or there), `holding` (no target), `stale` (the target
            is too old: it lets go over the longest braking time, then the arm is at rest),
            `qp_failed` (the last plan, then braking), `following_error` (the arm does not follow, so the
            motion yields to where it is), `stopped` (the arm is latched in a stop),
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
        self._decay = float((scales.velocity * model.dq_max / (scales.acceleration * model.ddq_max)).max())
        self._splice: Splice | None = None
        self._of_splice: PoseTarget | None = None
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
            if target.twist is not None:
                checked("target twist", target.twist, shape=(6,))
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

    def set_chunk(self, chunk: Chunk, *, now: float) -> int:
        """Play a chunk in place of the target, from where it should be by now.

        A new target or `hold` ends it.

        Poses that were due meanwhile are skipped, and the target's motion goes over into the chunk's without
        a jump of position or velocity. After its last pose it rests there, and grows stale as a target does.

        Args:
            chunk: What to play.
            now: Clock time, as for `step` [s].

        Returns:
            How many of its poses are skipped.

        Raises:
            ControllerError: `start` was not called, or the chunk is late, from the future, no newer than the
                present one, far (see `targets` of the gains) or asks for a gripper width out of range. What
                was followed before stays.
        """
        if not self._started:
            raise ControllerError("set_chunk was called before start(state)")
        low, high = self.model.gripper_width
        for width in () if chunk.gripper_widths is None else chunk.gripper_widths:
            if not low - WIDTH_TOLERANCE <= width <= high + WIDTH_TOLERANCE:
                raise ControllerError(
                    f"chunk gripper width is {width}, expected a width in [{low}, {high}] m"
                )
        playing = self._splice if self._target is not None and self._target is self._of_splice else None
        if playing is not None:
            T, twist = playing.motion(now)
        else:
            T = self.model.forward_kinematics(self._limiter.q)
            twist = self.model.jacobian(self._limiter.q) @ self._limiter.dq
        self._splice = spliced(
            chunk,
            now=now,
            last=None if playing is None else playing.chunk,
            T_base_seam=T,
            twist=twist,
            max_translation=self.gains.targets.max_translation,
            max_rotation=self.gains.targets.max_rotation,
        )
        self._take_of_splice(self._splice, now)
        return chunk.passed(now)

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
        return pose_distance(self.tool_pose(state.q), self._moved(self._target, state.stamp)[0])

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
        if self._splice is not None and self._target is self._of_splice:
            self._take_of_splice(self._splice, now)
        target = self._target
        if target is None:
            return "holding", self._braking_velocity(q, dq)
        pull = pull_of(now - target.stamp, stale_after=self.gains.targets.stale_after, decay=self._decay)
        T_stop = self._stop_pose(q, dq)
        T_base_target, twist = self._moved(target, now)
        if pull == 0.0:
            return "stale", self._braking_velocity(q, dq)
        if pull == 1.0 and twist is None and reached(T_stop, T_base_target, target.tolerance):
            return "tracking", self._braking_velocity(q, dq)
        near = step_toward(
            self.model.forward_kinematics(q),
            T_base_target,
            max_translation=self.gains.targets.max_translation,
            max_rotation=self.gains.targets.max_rotation,
        )
        if pull < 1.0:
            near, twist = between(T_stop, near, pull), None
        result = self._mpc.solve(q, dq, near)
        slacks.update(result.slacks)
        violations.update(result.violations)
        finite = bool(np.isfinite(result.dq).all())
        status = "tracking" if pull == 1.0 else "stale"
        return (status if result.ok and finite else "qp_failed"), result.dq

    def _take_of_splice(self, splice: Splice, now: float) -> None:
        """Make the chunk's pose of this moment the target."""
        self._target = self._of_splice = splice.target(now)
        if self._target.gripper_width is not None:
            self._gripper_width = float(np.clip(self._target.gripper_width, *self.model.gripper_width))

    def _moved(self, target: PoseTarget, time: float) -> tuple[FloatArray, FloatArray | None]:
        """Return where a target is at `time` [s] and its twist; it moves on until it is stale."""
        age = time - target.stamp
        if target.twist is None or age > self.gains.targets.stale_after:
            age = min(age, self.gains.targets.stale_after)
            return moved_on(target.T_base_target, target.twist, age), None
        return moved_on(target.T_base_target, target.twist, age), target.twist

    def _braking_velocity(self, q: FloatArray, dq: FloatArray) -> FloatArray:
        """Return the velocity to brake with, shape (n,) [rad/s].

        While fast, the MPC brings the tool to where full braking would end, put inside the box: braking
        joint by joint alone knows neither box nor table. The slow rest is the limiter's.
        """
        if float(np.abs(dq).max()) < SLOW:
            self._mpc.reset()
            return np.zeros_like(dq)
        result = self._mpc.solve(q, dq, self._stop_pose(q, dq))
        return result.dq if result.ok and bool(np.isfinite(result.dq).all()) else np.zeros_like(dq)

    def _stop_pose(self, q: FloatArray, dq: FloatArray) -> FloatArray:
        """Return where full braking would bring the tool, put inside the box, shape (4, 4) [m]."""
        stop = q + dq * np.abs(dq) / (2 * self.gains.scales.acceleration * self.model.ddq_max)
        T = np.array(self.model.forward_kinematics(np.clip(stop, self.model.q_min, self.model.q_max)))
        box = self.gains.workspace
        T[:3, 3] = np.clip(T[:3, 3], np.add(box.lower, box.margin), np.subtract(box.upper, box.margin))
        return T

    def _yielding_velocity(self, gap: FloatArray) -> FloatArray:
        """Return a slow velocity from the commanded position to the measured one, shape (n,) [rad/s]."""
        slow = 0.1 * self.gains.scales.velocity * self.model.dq_max
        return np.asarray(np.clip(2.0 * gap, -slow, slow))

    def _checked_state(self, state: ArmState) -> tuple[FloatArray, FloatArray]:
        return self.model.checked_joints("state.q", state.q), self.model.checked_joints("state.dq", state.dq)
