"""The one door to an arm: validate, plan by the MPC, limit, check for finite numbers, command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from controllers.admittance import Admittance, free_axes
from controllers.contact import ContactMonitor, ExpectedContact, Felt
from controllers.errors import ControllerError, LimitViolation
from controllers.finite import require_finite
from controllers.gains import Gains
from controllers.guarded import GuardedApproach, GuardedMove, GuardedOutcome
from controllers.halting import REST, Halt
from controllers.held_object import HeldObject
from controllers.limiter import Limiter
from controllers.mpc import Mpc
from controllers.obstacles import Obstacle
from controllers.robot_model import RobotModel
from controllers.stops import Stop, StopCategory, StopLatch
from controllers.surroundings import Surroundings
from controllers.target import pose_distance, step_toward
from controllers.tuned import TunedSets
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.arrays import FloatArray, MessageError, checked_transform

SLOW = 0.15  # rad/s: below it a joint brakes within two milliradians, whatever limit is near
_GIVEN_BACK = 1e-3  # m: a target that yielded counts as followed again this near to it
WIDTH_TOLERANCE = 1e-6  # m: rounding of a gripper width is no reason to refuse a target


@dataclass(frozen=True)
class ControlResult:
    """One control period.

    Attributes:
        command: What to send.
        status: `tracking` (on the way to the target or there), `holding` (no target), `stale` (the target
            is too old), `qp_failed` (the last plan, then braking), `following_error` (the arm does not
            follow, so the motion yields to where it is), `yielding` (the target gives way to a contact),
            `stopped` (a stop is in force, or the arm is latched in one of its own),
            `starting` (the first command after `start`, which is the measured state itself).
        slacks: By how much the plan breaks each soft limit at its worst node [m, m/s or rad/s].
        solve_ms: Time this step took [ms], for reporting only.
        violations: By how much the commanded state breaks each limit, broken ones only
            [m, rad or rad/s].
        limited: By how much the limiter changed the wanted joint velocity [rad/s]: it is what brakes in
            `holding` and `stale`, and 0 but for rounding while `tracking`.
        stop: Why it is `stopped`; None else.
    """

    command: JointCommand
    status: str
    slacks: dict[str, float]
    solve_ms: float
    violations: dict[str, float]
    limited: float = 0.0
    stop: Stop | None = None


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
        self._sets = TunedSets(model, gains)
        self._surroundings = Surroundings()
        self._stops = StopLatch()
        self._halt = Halt(dq_max=model.dq_max, ddq_max=gains.contacts.braking * model.ddq_max, dt=gains.dt)
        self._contact = ContactMonitor(model, gains.contacts)
        self._admittance = Admittance(gains.compliance, dt=gains.dt)
        self._compliant: tuple[str, ...] = ()
        self._guarded: GuardedApproach | None = None
        self._yielding = False
        self._halting = False
        self._now = 0.0
        self._target: PoseTarget | None = None
        self._gripper_width = model.gripper_width[0]
        self._started = False
        self._starting = False
        self._lagging = False

    def start(self, state: ArmState) -> None:
        """Take over from the measured state: it is the first command, and there is no target yet.

        A stop in force stays in force.

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
        self._let_go()
        self._contact.start()
        self._contact.feel(state, now=state.stamp)
        self._now = state.stamp
        self._lagging = False
        self._started = True
        self._starting = True

    def set_target(self, target: PoseTarget) -> None:
        """Take a new target; its gripper width, if any, is remembered. It ends a guarded approach.

        While a stop is in force it is checked and dropped: nothing set meanwhile moves the arm after a reset.

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
        stopped = self._stops.stop is not None
        if width is not None:
            low, high = self.model.gripper_width
            if not low - WIDTH_TOLERANCE <= width <= high + WIDTH_TOLERANCE:
                raise ControllerError(
                    f"target gripper_width is {width}, expected a width in [{low}, {high}] m"
                )
            if not stopped:
                self._gripper_width = min(max(float(width), low), high)
        if not stopped:
            self._target, self._guarded, self._halting = target, None, False

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
        self._surroundings.set_obstacles(self._mpc, obstacles, stamp=stamp, allowed=allowed)

    def hold_object(self, held: HeldObject | None, *, may_touch_table: bool = False) -> None:
        """Take an object that the hand holds into account in clearances and torques, or none.

        Args:
            held: The object in the tool's frame.
            may_touch_table: Whether it may come down on the table: to be set down there.
        """
        self._surroundings.hold(self._mpc, held, may_touch_table=may_touch_table)

    def set_gains(self, gains: Gains) -> None:
        """Take new gains in the next control period, without a jump: the last command is kept.

        From there the new limits bound each step as ever. Gains that brake more softly wait until the arm,
        as it moves then, can stop inside its limits by them. The overrides of the skill in use apply.
        Everything that rests on the gains is made here, which takes longer than a step.

        Raises:
            GainsError: they change what cannot change while an arm moves. The old gains stay.
        """
        self._sets.set_gains(gains)

    def use_skill(self, name: str | None) -> None:
        """Use the gains' overrides of a skill from the next control period on, without a jump.

        As with `set_gains`, overrides that brake more softly may wait a moment.

        Args:
            name: A skill that the gains know; None for none.

        Raises:
            GainsError: there is no such skill. The one in use stays.
        """
        self._sets.use_skill(name)

    @property
    def gains(self) -> Gains:
        """The gains in use, the skill's overrides included."""
        return self._sets.current.gains

    @property
    def skill(self) -> str | None:
        """The skill whose gains are used, or will be once the arm can take them; None for none."""
        return self._sets.skill

    def hold(self) -> None:
        """Drop the target: brake to rest and stay there, the gripper as it is."""
        self._target = self._guarded = None

    def emergency_stop(self, *, cause: str, category: StopCategory = StopCategory.BRAKE_THEN_OFF) -> Stop:
        """Brake from the next period on and stay, whatever is asked, until `reset_stop`. Any thread may.

        Args:
            cause: Who or what asks for it, in words.
            category: How; an emergency stop is of category 0 or 1 (IEC 60204-1, 9.2.3.4.2).

        Returns:
            The stop that is in force: an earlier one of the same category stays.

        Raises:
            ControllerError: the cause is empty; a stop is in force even then.
        """
        return self._stops.trip(cause=cause, category=category, stamp=self._now)

    @property
    def stop(self) -> Stop | None:
        """The stop in force, None without one."""
        return self._stops.stop

    def reset_stop(self, *, acknowledged_cause: str) -> None:
        """End the stop in force: the arm holds, and moves again only to a target set after this.

        Raises:
            ControllerError: no stop is in force, or its cause is not the acknowledged one.
        """
        self._stops.reset(acknowledged_cause=acknowledged_cause)
        self._let_go()

    def expect_contact(self, expected: ExpectedContact) -> None:
        """Raise the contact thresholds for a limited time: a skill is about to touch something.

        Raises:
            ControllerError: it asks for more, or for longer, than the gains' `contacts` allow.
        """
        self._contact.expect(expected, now=self._now)

    def comply(self, *, axes: tuple[str, ...]) -> None:
        """Let the target give way along `axes` of its frame to what pushes on the tool; () ends it.

        Raises:
            ControllerError: an axis is unknown, or the arm measures no wrench.
        """
        free_axes(axes)
        if axes:
            self._demand_wrench("compliance")
        self._compliant = tuple(axes)

    def approach(self, move: GuardedMove) -> None:
        """Begin a guarded approach from where the tool is, in place of the target.

        Raises:
            ControllerError: the arm measures no wrench, or a stop is in force.
        """
        self._demand_wrench("a guarded approach")
        if self._stops.stop is not None:
            raise ControllerError(f"stopped ({self._stops.stop.cause}): reset the stop first")
        self._target, self._halting = None, False
        self._guarded = GuardedApproach(move)

    @property
    def approached(self) -> GuardedOutcome | None:
        """How the last guarded approach ended; None while it goes on, or after a new target or `hold`."""
        return None if self._guarded is None else self._guarded.outcome

    @property
    def unwatched(self) -> tuple[str, ...]:
        """What the arm does not measure, so that no contact is seen by it: of `wrench`, `tau_external`."""
        return self._contact.unwatched

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
        if self._sets.take_over():
            self._surroundings.tell(self._mpc)
        self._surroundings.move(self._mpc, now=now)
        slacks: dict[str, float] = {}
        violations: dict[str, float] = {}
        limited = 0.0
        self._now = now
        felt = self._contact.feel(state, now=now)
        self._answer(felt, now)
        stop = self._stops.stop
        if state.stopped:
            # Whatever was planned is void: nothing moves until somebody sets a target anew.
            self._let_go()
            own = Stop("the arm is latched in a stop of its own", StopCategory.BRAKE_AND_HOLD, now)
            stop = stop or own
            self._limiter.reset(q=q_measured, dq=np.zeros_like(dq_measured))
            self._mpc.reset()
            q, dq, status = self._limiter.q, self._limiter.dq, "stopped"
        elif self._starting:
            q, dq, status = self._limiter.q, self._limiter.dq, "starting"
        else:
            if stop is not None:
                self._let_go(halting=True)
            if self._guarded is not None and self._guarded.outcome is None:
                self._go_on(self._guarded, felt, q_measured, dq_measured, now)
            if self._halting:
                status = "holding" if stop is None else "stopped"
                wanted = self._halt.velocity(
                    self._limiter.q, self._limiter.dq, q_measured=q_measured, dq_measured=dq_measured
                )
            else:
                status, wanted = self._plan(q_measured, now, felt, slacks, violations)
            if self._halting:
                brake = self._sets.current.brake
                brake.reset(q=self._limiter.q, dq=self._limiter.dq)
                q, dq = brake.limit(dq=wanted)
                self._limiter.reset(q=q, dq=dq)
            else:
                q, dq = self._limiter.limit(dq=wanted)
            limited = float(np.abs(dq - wanted).max())
        self._starting = False
        require_finite(q=q, dq=dq, gripper_width=self._gripper_width)
        command = JointCommand(q=q, dq=dq, gripper_width=self._gripper_width, stamp=now)
        took = 1e3 * (perf_counter() - began)
        return ControlResult(command, status, slacks, took, violations, limited, stop)

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

    @property
    def _mpc(self) -> Mpc:
        return self._sets.current.mpc

    @property
    def _limiter(self) -> Limiter:
        return self._sets.current.limiter

    def _let_go(self, *, halting: bool = False) -> None:
        """Forget the target and all that modifies it; `halting` brakes to where the arm really is."""
        if halting and not self._halting:
            self._halt.reset()
            self._mpc.reset()
        self._halting = halting
        self._target = None
        if self._guarded is not None and self._guarded.outcome is None:
            self._guarded = None  # how one ended stays known
        self._compliant, self._yielding = (), False
        self._admittance.reset()

    def _demand_wrench(self, what: str) -> None:
        if not self._started or "wrench" in self._contact.unwatched:
            raise ControllerError(f"{what} needs an arm that measures its wrench, and a start(state) before")

    def _answer(self, felt: Felt, now: float) -> None:
        """Stop or yield where the measurement asks for it."""
        if felt.touched and felt.on_tool and self.gains.contacts.reaction == "yield":
            # Without a target there is nothing that could give way.
            self._yielding = self._target is not None and not self._admittance.exhausted
            if self._yielding:
                return
        cause = felt.fault or felt.touched
        if cause:
            self._stops.trip(cause=cause, category=StopCategory.BRAKE_AND_HOLD, stamp=now)

    def _go_on(
        self, approach: GuardedApproach, felt: Felt, q: FloatArray, dq: FloatArray, now: float
    ) -> None:
        """Take the guarded approach's target of this period, or halt where it ended."""
        assert felt.wrench is not None  # a wrench that is gone is a stop
        resting = bool(max(np.abs(dq).max(), np.abs(self._limiter.dq).max()) < REST)
        T = approach.step(self.model.forward_kinematics(q), felt.wrench, resting=resting, now=now)
        self._target = PoseTarget(T, stamp=now, source="skill")
        if approach.outcome is not None:
            self._let_go(halting=True)

    def _given_way(self, T_base_target: FloatArray, felt: Felt) -> FloatArray:
        """Return the target displaced by what pushes on the tool, shape (4, 4) [m]."""
        floor, axes = 0.0, self._compliant
        if self._yielding:
            floor, axes = 0.5 * self.gains.contacts.force, ("x", "y", "z")
        self._admittance.step(
            np.zeros(6) if felt.wrench is None else felt.wrench, axes=axes, force_floor=floor
        )
        if self._yielding and np.abs(self._admittance.displacement[:3]).max() < _GIVEN_BACK:
            self._yielding = bool(felt.touched)
        return self._admittance.displaced(T_base_target)

    def _plan(
        self,
        q_measured: FloatArray,
        now: float,
        felt: Felt,
        slacks: dict[str, float],
        violations: dict[str, float],
    ) -> tuple[str, FloatArray]:
        """Return the status and the velocity wanted at the end of the period, shape (n,) [rad/s]."""
        q, dq = self._limiter.q, self._limiter.dq
        gap = self.model.turn(q, q_measured)
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
            self._given_way(target.T_base_target, felt),
            max_translation=self.gains.targets.max_translation,
            max_rotation=self.gains.targets.max_rotation,
        )
        result = self._mpc.solve(q, dq, near)
        slacks.update(result.slacks)
        violations.update(result.violations)
        finite = bool(np.isfinite(result.dq).all())
        status = "yielding" if self._yielding else "tracking"
        return (status if result.ok and finite else "qp_failed"), result.dq

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
