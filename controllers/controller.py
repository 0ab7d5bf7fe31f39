"""The one door to an arm: validate, plan by the MPC, limit, check for finite numbers, command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from controllers.chunk import Chunk
from controllers.contact import ExpectedContact, Felt
from controllers.errors import ControllerError, LimitViolation
from controllers.finite import require_finite
from controllers.gains import Gains
from controllers.guarded import GuardedApproach, GuardedMove, GuardedOutcome
from controllers.halting import REST, Halt
from controllers.held_object import HeldObject
from controllers.limiter import Limiter
from controllers.mpc import Mpc
from controllers.obstacles import Obstacle
from controllers.planner import Planned, Planner
from controllers.pursuit import Pursuit
from controllers.reflexes import Reflexes
from controllers.robot_model import RobotModel
from controllers.stops import Stop, StopCategory, StopLatch
from controllers.surroundings import Surroundings
from controllers.target import pose_distance
from controllers.tuned import TunedSets
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True)
class ControlResult:
    """One control period.

    Attributes:
        command: What to send.
        status: `tracking` (on the way to the target or there), `holding` (no target), `stale` (the target
            is too old: it lets go over the longest braking time), `qp_failed` (the last plan, then braking),
            `following_error` (the arm does not follow, so the motion yields to where it is), `yielding` (the
            target gives way to a contact), `stopped` (a stop is in force, or the arm is latched in one of its
            own), `starting` (the first command after `start`, which is the measured state itself).
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
        self._pursuit = Pursuit(model)
        self._planner = Planner(model)
        self._stops = StopLatch()
        self._reflexes = Reflexes(model, gains, self._stops)
        self._halt = Halt(dq_max=model.dq_max, ddq_max=gains.contacts.braking * model.ddq_max, dt=gains.dt)
        self._guarded: GuardedApproach | None = None
        self._halting = False
        self._now = 0.0
        self._started = False
        self._starting = False

    def start(self, state: ArmState) -> None:
        """Take over from the measured state: it is the first command, and there is no target yet.

        The gripper goes on as it was told to, so that what another program left in it is not dropped. A stop
        in force stays in force.

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
        self._planner.reset()
        self._let_go()
        self._pursuit.gripper_width = float(np.clip(state.gripper_set_point, *self.model.gripper_width))
        self._reflexes.start(state)
        self._now = state.stamp
        self._started = True
        self._starting = True

    def set_target(self, target: PoseTarget) -> None:
        """Take a new target; its gripper width, if any, is remembered. It ends a guarded approach or chunk.

        While a stop is in force it is checked and dropped: nothing set meanwhile moves the arm after a reset.

        Raises:
            ControllerError: the pose is not a finite rigid transform, stamp or twist are not finite or the
                gripper width is outside the gripper's range. The last target stays.
        """
        width = self._pursuit.checked(target)
        if self._stops.stop is None:
            self._pursuit.follow(target, width=width)
            self._guarded, self._halting = None, False

    def set_chunk(self, chunk: Chunk, *, now: float) -> int:
        """Play a chunk in place of the target, from where it should be by now.

        A new target or `hold` ends it. Poses that were due meanwhile are skipped, and the target's motion
        goes over into the chunk's without a jump of position or velocity. After its last pose it rests there,
        and grows stale as a target does.

        Args:
            chunk: What to play.
            now: Clock time, as for `step` [s].

        Returns:
            How many of its poses are skipped.

        Raises:
            ControllerError: `start` was not called, a stop is in force, or the chunk is late, from the
                future, no newer than the present one, far (see `targets` of the gains) or asks for a gripper
                width out of range. What was followed before stays.
        """
        if not self._started:
            raise ControllerError("set_chunk was called before start(state)")
        if self._stops.stop is not None:
            raise ControllerError(f"stopped ({self._stops.stop.cause}): reset the stop first")
        limiter = self._limiter
        skipped = self._pursuit.play(chunk, now=now, q=limiter.q, dq=limiter.dq, targets=self.gains.targets)
        self._guarded, self._halting = None, False
        return skipped

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
        self._pursuit.drop()
        self._guarded = None

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
        self._reflexes.expect(expected, now=self._now)

    def comply(self, *, axes: tuple[str, ...]) -> None:
        """Let the target give way along `axes` of its frame to what pushes on the tool; () ends it.

        Raises:
            ControllerError: an axis is unknown, or the arm measures no wrench.
        """
        self._reflexes.comply(axes, started=self._started)

    def approach(self, move: GuardedMove) -> None:
        """Begin a guarded approach from where the tool is, in place of the target.

        Raises:
            ControllerError: the arm measures no wrench, or a stop is in force.
        """
        self._reflexes.demand_wrench("a guarded approach", started=self._started)
        if self._stops.stop is not None:
            raise ControllerError(f"stopped ({self._stops.stop.cause}): reset the stop first")
        self._pursuit.drop()
        self._halting = False
        self._guarded = GuardedApproach(move)

    @property
    def approached(self) -> GuardedOutcome | None:
        """How the last guarded approach ended; None while it goes on, or after a new target or `hold`."""
        return None if self._guarded is None else self._guarded.outcome

    @property
    def unwatched(self) -> tuple[str, ...]:
        """What the arm does not measure, so that no contact is seen by it: of `wrench`, `tau_external`."""
        return self._reflexes.unwatched

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
        self._now = now
        felt = self._reflexes.feel(state, now=now, has_target=self._pursuit.target is not None)
        q, dq = self._limiter.q, self._limiter.dq
        stop, planned = self._stops.stop, Planned("starting", dq)
        limited = 0.0
        if state.stopped:
            # Whatever was planned is void: nothing moves until somebody sets a target anew.
            self._let_go()
            stop = stop or Stop("the arm is latched in a stop of its own", StopCategory.BRAKE_AND_HOLD, now)
            self._limiter.reset(q=q_measured, dq=np.zeros_like(dq_measured))
            self._mpc.reset()
            q, dq = self._limiter.q, self._limiter.dq
            planned = Planned("stopped", dq)
        elif not self._starting:
            if stop is not None:
                self._let_go(halting=True)
            if self._guarded is not None and self._guarded.outcome is None:
                self._go_on(self._guarded, felt, q_measured, dq_measured, now)
            if self._halting:
                planned = self._halted(stop, q_measured, dq_measured)
                q, dq = self._limiter.q, self._limiter.dq
            else:
                planned = self._planner.plan(
                    self._sets.current,
                    self._pursuit,
                    q_measured,
                    now=now,
                    given_way=lambda T: self._reflexes.given_way(T, felt),
                )
                q, dq = self._limiter.limit(dq=planned.dq)
            limited = float(np.abs(dq - planned.dq).max())
        self._starting = False
        width = self._pursuit.gripper_width
        require_finite(q=q, dq=dq, gripper_width=width)
        command = JointCommand(q=q, dq=dq, gripper_width=width, stamp=now)
        status = planned.status
        if status == "tracking" and self._reflexes.yielding:
            status = "yielding"
        took = 1e3 * (perf_counter() - began)
        return ControlResult(command, status, planned.slacks, took, planned.violations, limited, stop)

    @property
    def target_source(self) -> str:
        """Who set the present target (`PoseTarget.source`); `none` without a target."""
        return self._pursuit.source

    def tool_pose(self, q: ArrayLike) -> FloatArray:
        """Return T_base_tool, shape (4, 4) [m], at joint positions `q`, shape (n,) [rad]."""
        return self.model.forward_kinematics(q)

    def distance_to_target(self, state: ArmState) -> tuple[float, float]:
        """Return how far the measured tool is from the target [m] and [rad]; infinite without a target."""
        if self._pursuit.target is None:
            return float("inf"), float("inf")
        T, _ = self._pursuit.aim(state.stamp, stale_after=self.gains.targets.stale_after)
        return pose_distance(self.tool_pose(state.q), T)

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
        self._pursuit.drop()
        if self._guarded is not None and self._guarded.outcome is None:
            self._guarded = None  # how one ended stays known
        self._reflexes.let_go()

    def _halted(self, stop: Stop | None, q_measured: FloatArray, dq_measured: FloatArray) -> Planned:
        """Brake a period without a solver, harder than motion does, and say what was wanted."""
        limiter, brake = self._limiter, self._sets.current.brake
        wanted = self._halt.velocity(limiter.q, limiter.dq, q_measured=q_measured, dq_measured=dq_measured)
        brake.reset(q=limiter.q, dq=limiter.dq)
        q, dq = brake.limit(dq=wanted)
        limiter.reset(q=q, dq=dq)
        return Planned("holding" if stop is None else "stopped", wanted)

    def _go_on(
        self, approach: GuardedApproach, felt: Felt, q: FloatArray, dq: FloatArray, now: float
    ) -> None:
        """Take the guarded approach's target of this period, or halt where it ended."""
        assert felt.wrench is not None  # a wrench that is gone is a stop
        resting = bool(max(np.abs(dq).max(), np.abs(self._limiter.dq).max()) < REST)
        T = approach.step(self.model.forward_kinematics(q), felt.wrench, resting=resting, now=now)
        self._pursuit.follow(PoseTarget(T, stamp=now, source="skill"), width=None)
        if approach.outcome is not None:
            self._let_go(halting=True)

    def _checked_state(self, state: ArmState) -> tuple[FloatArray, FloatArray]:
        return self.model.checked_joints("state.q", state.q), self.model.checked_joints("state.dq", state.dq)
