"""From the control rate to 1 kHz: every output keeps position, velocity, acceleration and jerk bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from ruckig import ControlInterface, InputParameter, Result, Ruckig, Synchronization, Trajectory

from controllers.errors import ControllerError
from controllers.quintic import Quintic, shortest_quintic
from hybridctl.messages.arrays import FloatArray

DT = 0.001  # s: what Franka's and most fast servo interfaces want
PATIENCE = 0.02  # s without a command: two periods of a 100 Hz controller, so that one late step is no stop
SLACK = 1e-9  # rad, rad/s: rounding at a bound is no reason to brake
_ROUNDING = 1.0 - 1e-6  # third differences of outputs carry rounding: 1e-16 rad / (1 ms)³ is 1e-7 rad/s³
_CATCH_UP = 1.5 ** np.arange(1, 15)  # how many periods to take where one is too short; up to 290


@dataclass(frozen=True, eq=False)
class _Stop:
    """The fastest stop from one output, and how far it takes each joint."""

    trajectory: Trajectory
    lowest: FloatArray  # (n,) [rad]
    highest: FloatArray  # (n,) [rad]
    fastest: FloatArray  # (n,) [rad/s]


@dataclass(frozen=True, eq=False)
class _Command:
    """Where the arm shall be at the end of a control period, moving how."""

    q: FloatArray  # (n,) [rad]
    dq: FloatArray  # (n,) [rad/s]
    ddq: FloatArray  # (n,) [rad/s²], the mean over the period


class Interpolator:
    """Follows the controller's commands with outputs of bounded jerk, whatever comes in and when.

    A command says where the arm shall be at the end of its control period, so the output is there then and
    nothing is later than without it. The way there is the quintic through the command's position, velocity
    and acceleration; where the bounds forbid that (a target that jumped, a start after a stop) it is the
    shortest quintic that meets the command further on, going on as it goes, and where there is none the
    way to rest in its position. The fastest stop and the way to rest are Ruckig's (Berscheid and Kröger,
    Jerk-limited Real-time Trajectory Generation with Arbitrary Target States, RSS 2021).

    An output is only given if a jerk-limited stop from it keeps position and velocity bounds; otherwise the
    stop from the output before it is followed, which was checked there. So by induction some way that keeps
    the bounds is always at hand: for targets that jump, for NaN, for commands that stay away, for an answer
    of the generator that is wrong. Started beyond a position or velocity bound, it goes no further out than
    that first stop and comes back.

    Args:
        q_min: Lower position limits, shape (n,) [rad].
        q_max: Upper position limits, shape (n,) [rad].
        dq_max: Velocity limits, shape (n,) [rad/s].
        ddq_max: Acceleration limits, shape (n,) [rad/s²].
        dddq_max: Jerk limits, shape (n,) [rad/s³].
        period: Control period, from one command to the next [s].
        dt: Time from one output to the next [s].
        patience: How long after a command the next may come; then the arm brakes [s].
    """

    def __init__(
        self,
        *,
        q_min: FloatArray,
        q_max: FloatArray,
        dq_max: FloatArray,
        ddq_max: FloatArray,
        dddq_max: FloatArray,
        period: float,
        dt: float = DT,
        patience: float = PATIENCE,
    ) -> None:
        bounds = (dq_max, ddq_max, dddq_max)
        if not (np.all(q_min < q_max) and all(np.all((b > 0.0) & np.isfinite(b)) for b in bounds)):
            raise ControllerError(
                "Interpolator needs q_min < q_max and finite, positive dq_max, ddq_max, dddq_max"
            )
        if not 0.0 < dt <= period <= patience:
            raise ControllerError(
                f"dt {dt}, period {period}, patience {patience}: expected 0 < dt <= period <= patience [s]"
            )
        n = len(q_min)
        self._q_min, self._q_max = q_min, q_max
        self._dq_max, self._ddq_max = dq_max, _ROUNDING * ddq_max
        self._dddq_max = _ROUNDING * dddq_max
        self._period, self._dt, self._patience = period, dt, patience
        self._generator = Ruckig(n, dt)
        self._rest = InputParameter(n)
        self._brake = InputParameter(n)
        for wanted in (self._rest, self._brake):
            wanted.max_velocity = self._dq_max
            wanted.max_acceleration, wanted.max_jerk = self._ddq_max, self._dddq_max
        self._brake.control_interface = ControlInterface.Velocity
        self._brake.synchronization = Synchronization.No
        self._brake.target_velocity = self._brake.target_acceleration = np.zeros(n)
        self.reset(q=np.clip(np.zeros(n), q_min, q_max))

    @property
    def q(self) -> FloatArray:
        """Position of the last output, shape (n,) [rad]."""
        return self._q

    @property
    def dq(self) -> FloatArray:
        """Velocity of the last output, shape (n,) [rad/s]."""
        return self._dq

    @property
    def ddq(self) -> FloatArray:
        """Acceleration of the last output, shape (n,) [rad/s²]."""
        return self._ddq

    @property
    def braking(self) -> bool:
        """Whether the last output was on the way to a stop, or at rest after one, instead of to a command."""
        return self._braking

    def reset(self, *, q: ArrayLike, dq: ArrayLike | None = None) -> None:
        """Take `q` [rad] and `dq` [rad/s], shape (n,), as the last output, without acceleration.

        Raises:
            ControllerError: an entry is not finite, or there are more or fewer than n.
        """
        n = len(self._q_min)
        self._q = self._checked("q", q)
        self._dq = self._checked("dq", np.zeros(n) if dq is None else dq)
        self._ddq = np.zeros(n)
        self._command: _Command | None = None
        self._plan: Quintic | Trajectory | None = None
        self._along = 0.0
        self._silence = 0.0
        self._braking = True
        stop = self._stop_from(self._q, self._dq, self._ddq)
        if stop is None:
            raise ControllerError(f"no stop exists from dq {self._dq.tolist()}: expected a joint's speed")
        self._stop, self._stopping = stop, 0.0

    def follow(self, *, q: FloatArray, dq: FloatArray, due: float | None = None) -> None:
        """Take a command; one that is not finite brakes the arm.

        Args:
            q: Where the arm shall be, shape (n,) [rad].
            dq: Its velocity then, shape (n,) [rad/s].
            due: When, counted from the last output [s]; by default one control period, less for a command
                that comes late into its period.
        """
        n = len(self._q_min)
        due = self._period if due is None else due
        if np.shape(q) != (n,) or np.shape(dq) != (n,):
            raise ControllerError(
                f"command has shapes {np.shape(q)} and {np.shape(dq)}, expected ({n},) each"
            )
        if not (np.isfinite(q).all() and np.isfinite(dq).all() and np.isfinite(due)):
            self._command = self._plan = None
            return
        dq = np.clip(dq, -self._dq_max, self._dq_max)
        mean = np.zeros(n) if self._command is None else (dq - self._command.dq) / self._period
        self._command = _Command(np.clip(q, self._q_min, self._q_max), dq, mean)
        self._silence = 0.0
        self._plan_to(self._command, due=float(np.clip(due, self._dt, self._period)))

    def step(self) -> tuple[FloatArray, FloatArray]:
        """Return the next output: position [rad] and velocity [rad/s], each shape (n,)."""
        self._silence += self._dt
        if self._silence > self._patience + 1e-9:
            self._command = self._plan = None
        if self._advance():
            return self._q, self._dq
        if self._command is not None:
            # Its velocity leads out of the bounds, or is out of reach: its position may be reached at rest.
            self._plan, self._along = self._way_to_rest(self._command.q), 0.0
            if self._advance():
                return self._q, self._dq
        self._plan = None
        self._braking = True
        self._stopping += self._dt
        self._q, self._dq, self._ddq = map(np.array, self._stop.trajectory.at_time(self._stopping))
        return self._q, self._dq

    def _advance(self) -> bool:
        """Move the output along the plan and return True, if a stop from there keeps the bounds."""
        if self._plan is None:
            return False
        q, dq, ddq = map(np.array, self._plan.at_time(self._along + self._dt))
        stop = self._stop_from(q, dq, ddq)
        if stop is None or not self._within(stop, ddq):
            return False
        self._along += self._dt
        self._q, self._dq, self._ddq = q, dq, ddq
        self._stop, self._stopping, self._braking = stop, 0.0, False
        return True

    def _within(self, stop: _Stop, ddq: FloatArray) -> bool:
        """Return whether a stop keeps the bounds, or what the stop at hand breaks of them and no more."""
        now = self._stop
        return bool(
            np.all(stop.highest <= np.maximum(self._q_max + SLACK, now.highest))
            and np.all(stop.lowest >= np.minimum(self._q_min - SLACK, now.lowest))
            and np.all(stop.fastest <= np.maximum(self._dq_max + SLACK, now.fastest))
            and np.all(np.abs(ddq) <= np.maximum(self._ddq_max + SLACK, np.abs(self._ddq)))
        )

    def _stop_from(self, q: FloatArray, dq: FloatArray, ddq: FloatArray) -> _Stop | None:
        """Return the fastest stop of every joint by itself; None where the generator finds none."""
        brake = self._brake
        brake.current_position, brake.current_velocity, brake.current_acceleration = q, dq, ddq
        trajectory = self._generated(brake)
        if trajectory is None:
            return None
        reach = trajectory.position_extrema
        # Speed still rises while an acceleration along it is taken back.
        rising = np.maximum(np.sign(dq) * ddq, 0.0)
        return _Stop(
            trajectory,
            lowest=np.array([bound.min for bound in reach]),
            highest=np.array([bound.max for bound in reach]),
            fastest=np.abs(dq) + rising**2 / (2.0 * self._dddq_max),
        )

    def _plan_to(self, command: _Command, *, due: float) -> None:
        """Plan the shortest quintic that meets the command when it is due or later, if there is one."""
        left = self._plan.duration - self._along if self._plan is not None else 0.0
        durations = np.sort(np.append(self._period * _CATCH_UP, (due, max(left, due))))
        later = (durations - due)[:, None]
        q = command.q + later * command.dq
        inside = (self._q_min < q) & (q < self._q_max)
        targets = (
            np.clip(q, self._q_min, self._q_max),
            np.where(inside, command.dq, 0.0),
            # On time it goes on with its acceleration; further on that would lead anywhere.
            np.where(inside & (later == 0.0), np.clip(command.ddq, -self._ddq_max, self._ddq_max), 0.0),
        )
        self._plan = shortest_quintic(
            (self._q, self._dq, self._ddq),
            targets,
            durations,
            dq_max=self._dq_max,
            ddq_max=self._ddq_max,
            dddq_max=self._dddq_max,
        )
        self._along = 0.0

    def _way_to_rest(self, q: FloatArray) -> Trajectory | None:
        """Return the fastest way from the last output to rest in `q`, shape (n,) [rad]."""
        rest = self._rest
        rest.current_position, rest.current_velocity, rest.current_acceleration = self._q, self._dq, self._ddq
        rest.target_position = q
        return self._generated(rest)

    def _generated(self, wanted: InputParameter) -> Trajectory | None:
        trajectory = Trajectory(len(self._q_min))
        try:
            result = self._generator.calculate(wanted, trajectory)
        except RuntimeError:  # how Ruckig refuses an input that contradicts itself
            return None
        return trajectory if result in (Result.Working, Result.Finished) else None

    def _checked(self, name: str, value: ArrayLike) -> FloatArray:
        array = np.array(value, dtype=np.float64)
        if array.shape != self._q_min.shape or not np.isfinite(array).all():
            raise ControllerError(f"{name} is {array.tolist()}, expected {len(self._q_min)} finite numbers")
        return array
