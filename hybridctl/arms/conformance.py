"""Whether an arm keeps the Arm protocol, found out by using it (as gymnasium's check_env does).

The checks move the arm: each joint by at most 0.1 rad (6°), at 0.15 rad/s or less, and the gripper. On a
real arm keep its surroundings clear and a hand on the emergency stop.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from controllers.robot_model import RobotModel
from hybridctl.arms.errors import ArmError, ConnectionLost
from hybridctl.arms.force_check import feels_at_rest
from hybridctl.arms.trial import PERIOD, SPEED, Trial, Unmet, demand, finger_width, hold
from hybridctl.messages.arm import Arm, JointCommand
from hybridctl.messages.arrays import FloatArray, MessageError
from hybridctl.messages.clock import Clock

HOLD_TOLERANCE = 0.005  # rad
TRACKING_TOLERANCE = 0.015  # rad
BRAKING_TIME = 1.0  # s
BRAKING_TRAVEL = 0.05  # rad
REST_SPEED = 0.01  # rad/s
REST_TRAVEL = 0.003  # rad
GRIPPER_TOLERANCE = 0.005  # m
_FAR = 100.0


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: What the arm must do, in words.
        passed: Whether it does.
        detail: What was seen.
    """

    name: str
    passed: bool
    detail: str


def check_arm(arm: Arm, clock: Clock, *, model: RobotModel | None = None) -> list[Finding]:
    """Use the arm through its protocol and return a finding a promise, in order.

    It starts wherever the arm is, not entered, and leaves it stopped. What an arm raises becomes a finding.

    Args:
        arm: The arm; no one else may control it meanwhile.
        clock: The clock that its stamps are read on.
        model: Its limits; without one, ranges are checked loosely.
    """
    findings: list[Finding] = []
    lost = ""
    try:
        for name, check in _Checks(arm, clock, model).all():
            if lost:
                findings.append(Finding(name, False, f"not tried: {lost}"))
                continue
            try:
                findings.append(Finding(name, True, check()))
            except Unmet as unmet:
                findings.append(Finding(name, False, str(unmet)))
            except ConnectionLost as error:
                lost = str(error)
                findings.append(Finding(name, False, lost))
            except Exception as error:  # whatever a driver raises is a finding
                findings.append(Finding(name, False, f"raised {type(error).__name__}: {error}"))
    finally:
        with contextlib.suppress(Exception):
            arm.stop(cause="the conformance check is over")
    return findings


class _Checks:
    """The checks; each enters and leaves the arm on its own."""

    def __init__(self, arm: Arm, clock: Clock, model: RobotModel | None) -> None:
        self._arm, self._clock, self._model = arm, clock, model
        self._trial = Trial(arm, clock, model)

    def all(self) -> list[tuple[str, Callable[[], str]]]:
        return [
            ("commands are refused before the arm is entered", self._before_entering),
            ("a measurement has the right shape and a stamp of now", self._measurement),
            ("a command to stay where it is does not move it", self._stays),
            ("what it feels at rest is next to nothing", self._feels),
            ("send returns what was applied", self._says_what_was_applied),
            ("a set-point out of range is clipped, and send says so", self._clips),
            ("a command for another number of joints is refused", self._wrong_dof),
            ("NaN never reaches the arm", self._nan),
            ("a small motion is followed, at the rate of the commands", self._follows),
            ("the gripper goes to a width", self._gripper),
            ("a stop brings it to rest and holds it there", self._stops),
            ("commands are refused after a stop", self._after_stop),
            ("it can be entered again and moves", self._re_enters),
            ("leaving stops it, and hides no exception", self._leaving),
        ]

    def _measurement(self) -> str:
        state, now, n = self._arm.read(), self._clock.now(), self._arm.dof
        for name, value in (("q", state.q), ("dq", state.dq), ("tau", state.tau)):
            demand(value.shape == (n,), f"{name} has shape {value.shape}, expected ({n},) as dof says")
            demand(bool(np.isfinite(value).all()), f"{name} is not finite: {value.tolist()}")
        age = now - state.stamp
        demand(-0.01 < age < 0.1, f"the stamp is {age:.3f} s old by the clock, expected under 0.1 s")
        if self._model is not None:
            demand(n == self._model.n, f"dof is {n}, the model {self._model.name} has {self._model.n}")
            out = (state.q < self._model.q_min - 0.01) | (state.q > self._model.q_max + 0.01)
            demand(not out.any(), f"joints {np.flatnonzero(out).tolist()} are out of the model's range")
        return f"{n} joints, stamp {age * 1e3:.1f} ms old"

    def _before_entering(self) -> str:
        state = self._arm.read()
        demand(state.stopped, "read() says stopped=False although nobody entered the arm")
        return self._trial.refused(hold(state), ArmError)

    def _stays(self) -> str:
        with self._arm:
            start = self._arm.read()
            demand(not start.stopped, "read() says stopped=True although the arm was entered")
            states = self._trial.drive(lambda t: (start.q, np.zeros(start.q.size)), 0.5, start.gripper_width)
        moved = max(float(np.abs(state.q - start.q).max()) for state in states)
        demand(moved < HOLD_TOLERANCE, f"it moved by {moved:.4f} rad, expected under {HOLD_TOLERANCE}")
        return f"moved by {moved:.4f} rad in 0.5 s"

    def _feels(self) -> str:
        with self._arm:
            start = self._arm.read()
            states = self._trial.drive(lambda t: (start.q, np.zeros(start.q.size)), 0.5, start.gripper_width)
        return feels_at_rest(states, self._model)

    def _says_what_was_applied(self) -> str:
        with self._arm:
            command = hold(self._arm.read())
            applied = self._arm.send(command)
        demand(isinstance(applied, JointCommand), f"send returned {applied!r}, expected a JointCommand")
        demand(applied.q.shape == command.q.shape, f"it has shape {applied.q.shape}")
        off = float(np.abs(applied.q - command.q).max())
        demand(off < 0.01, f"a set-point within range came back {off:.4f} rad away")
        return f"differs from what was sent by {off:.2g} rad"

    def _clips(self) -> str:
        """Send set-points far out, and at once the measured ones again, so that the arm hardly moves."""
        model, said = self._model, []
        with self._arm:
            state = self._arm.read()
            for side in (-1.0, 1.0):
                far = JointCommand(np.full(state.q.size, side * _FAR), state.dq * 0, 1.0, state.stamp)
                try:
                    applied = self._arm.send(far)
                finally:
                    self._arm.send(hold(state))
                limit = (model.q_max if side > 0 else model.q_min) if model else np.full(state.q.size, 10.0)
                beyond = side * applied.q - (side * limit if model else limit)
                worst = int(np.argmax(beyond))
                demand(
                    bool(beyond[worst] <= 1e-3),
                    f"joint {worst} was sent {side * _FAR:g} rad, and send says that "
                    f"{applied.q[worst]:.3f} was applied",
                )
                widest = model.gripper_width[1] if model else 0.99
                demand(
                    applied.gripper_width <= widest + 1e-3,
                    f"the gripper was sent 1 m, and send says that {applied.gripper_width:g} m was applied",
                )
                said.append(f"{side * _FAR:+g} rad came back as {np.round(applied.q, 2).tolist()}")
        return "; ".join(said)

    def _wrong_dof(self) -> str:
        with self._arm:
            state = self._arm.read()
            q = np.append(state.q, 0.0)
            try:
                command = JointCommand(q, np.zeros(q.size), finger_width(state), state.stamp)
                return self._trial.refused(command, MessageError, ArmError)
            finally:
                self._arm.send(hold(state))

    def _nan(self) -> str:
        state = self._arm.read()
        try:
            JointCommand(state.q * math.nan, state.dq, finger_width(state), state.stamp)
        except MessageError as error:
            return str(error)
        raise Unmet("a JointCommand with NaN could be built")

    def _follows(self) -> str:
        """Move each joint out and back by its own amplitude, so that swapped or mirrored joints show."""
        seconds = 2.0
        with self._arm:
            start = self._arm.read()
            n = start.q.size
            amplitude = self._trial.toward_the_middle(start.q) * 0.02 * 1.3 ** np.arange(n).clip(max=7)
            w = 2 * np.pi / seconds

            def reference(t: float) -> tuple[FloatArray, FloatArray]:
                return start.q + amplitude * (1 - np.cos(w * t)) / 2, amplitude * w * np.sin(w * t) / 2

            begin = self._clock.now()
            states = self._trial.drive(reference, seconds, start.gripper_width)
        stamps = np.array([state.stamp for state in states])
        steps = np.diff(stamps)
        demand(bool((steps > 0).all()), f"stamps stand still or run back: steps {steps.min():g} s and up")
        wanted = np.array([reference(stamp - begin)[0] for stamp in stamps]) - start.q
        moved = np.array([state.q for state in states]) - start.q
        error = np.abs(moved - wanted).max(axis=0)
        worst = int(np.argmax(error))
        demand(
            bool(error[worst] < TRACKING_TOLERANCE),
            f"joint {worst} was up to {error[worst]:.4f} rad off, expected under {TRACKING_TOLERANCE}",
        )
        gain = (moved * wanted).sum(axis=0) / (wanted**2).sum(axis=0)
        worst = int(np.argmax(np.abs(gain - 1)))
        demand(
            bool(abs(gain[worst] - 1) < 0.12),
            f"joint {worst} moved {gain[worst]:.2f} times as far as commanded (swapped? mirrored?)",
        )
        period = float(np.median(steps))
        demand(abs(period / PERIOD - 1) < 0.3, f"the period was {period:.4f} s, commanded {PERIOD} s")
        return f"at most {error.max():.4f} rad off, a measurement every {period * 1e3:.1f} ms"

    def _gripper(self) -> str:
        with self._arm:
            start = self._arm.read()
            low, high = self._model.gripper_width if self._model else (0.0, 0.08)
            width = (low + high) / 2
            if abs(width - start.gripper_width) < 0.01:
                width += (high - low) / 4
            still = (start.q, np.zeros(start.q.size))
            end = self._trial.drive(lambda t: still, 2.0, width)[-1]
            off = abs(end.gripper_width - width)
            self._trial.drive(lambda t: still, 2.0, start.gripper_width)
        demand(
            off < GRIPPER_TOLERANCE,
            f"commanded {width:.3f} m, after 2 s it measured {end.gripper_width:.3f} m (is something held?)",
        )
        return f"{width:.3f} m commanded, {end.gripper_width:.3f} m after 2 s"

    def _stops(self) -> str:
        with self._arm:
            at_stop = self._trial.get_moving()
            self._arm.stop(cause="conformance check")
            demand(self._arm.read().stopped, "read() says stopped=False right after stop()")
            rest = self._trial.wait(BRAKING_TIME)
            speed, travel = float(np.abs(rest.dq).max()), float(np.abs(rest.q - at_stop.q).max())
            demand(speed < REST_SPEED, f"{BRAKING_TIME} s after the stop it still moves at {speed:.3f} rad/s")
            demand(travel < BRAKING_TRAVEL, f"it travelled {travel:.3f} rad after the stop at {SPEED} rad/s")
            drift = float(np.abs(self._trial.wait(0.5).q - rest.q).max())
            demand(drift < REST_TRAVEL, f"it drifts: {drift:.4f} rad within 0.5 s")
        return f"travelled {travel:.4f} rad from {SPEED} rad/s, then drifted {drift:.5f} rad in 0.5 s"

    def _after_stop(self) -> str:
        with self._arm:
            self._arm.send(hold(self._arm.read()))
            self._arm.stop(cause="conformance check")
            return self._trial.refused(hold(self._arm.read()), ArmError)

    def _re_enters(self) -> str:
        with self._arm:
            self._arm.stop(cause="conformance check")
        with self._arm:
            start = self._arm.read()
            demand(not start.stopped, "read() says stopped=True although the arm was entered again")
            end = self._trial.get_moving(back=True)
        moved = float(np.abs(end.q - start.q).max())
        demand(moved > SPEED / 4, f"commanded to move after re-entering, it moved by {moved:.4f} rad")
        return f"moved by {moved:.3f} rad"

    def _leaving(self) -> str:
        with self._arm:
            self._arm.send(hold(self._arm.read()))
        state = self._arm.read()
        demand(state.stopped, "read() says stopped=False after the arm was left")
        said = self._trial.refused(hold(state), ArmError)
        try:
            with self._arm:
                raise ZeroDivisionError("on purpose")
        except ZeroDivisionError:
            demand(self._arm.read().stopped, "read() says stopped=False after leaving by an exception")
            return said
        raise Unmet("an exception raised within `with arm:` did not come out")
