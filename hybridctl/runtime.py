"""The loop: control at its own rate, the tree every few periods, everything recorded, any fault a stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from controllers.controller import Controller, ControlResult
from controllers.stops import Stop, StopCategory
from hybridctl.messages.arm import Arm, ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.clock import Clock

TREE_RATE = 20.0
LATE_PERIODS = 5
"""A period that starts later than this many periods, or a state older than that, is a stop."""
BRAKING_LIMIT = 10.0
"""Braking that takes longer than this is a fault [s]."""


class RunError(RuntimeError):
    """Something that ends a run in a stop: a latched arm, a missed deadline, stale input."""


class TickedTree(Protocol):
    """What the runtime needs of a behavior tree."""

    def tick(self, state: ArmState, *, commanded_width: float) -> str:
        """Tick once; `RUNNING`, `SUCCESS` or `FAILURE`."""
        ...

    def halt(self) -> None:
        """Stop all leaves and brake."""
        ...

    def tip(self) -> str:
        """Name of the leaf that the last tick ended in."""
        ...

    def failures(self) -> list[dict[str, Any]]:
        """What failed on the way."""
        ...


class Listener(Protocol):
    """Something that watches a run: the recorder, a progress display."""

    def on_control(
        self, state: ArmState, result: ControlResult, T_base_tool: FloatArray, source: str
    ) -> None:
        """See one control period."""
        ...

    def on_tree(self, stamp: float, status: str, tip: str) -> None:
        """See one tick of the tree."""
        ...


@dataclass
class Outcome:
    """How a run ended.

    Attributes:
        status: `SUCCESS`, `FAILURE`, `TIMEOUT` or `STOPPED`.
        cause: In words, why it ended so.
        duration: Simulated or real seconds.
        ticks: Control periods.
        path: Metres that the tool travelled, by who set the target (tokens, fine, skill, home, none).
        violations: How many control periods broke each limit in the commanded state.
        statuses: How many control periods the controller spent in each status.
        solve_ms: Time of each controller step [ms].
        failures: Leaves that failed on the way.
        stop: Category, cause and time of the stop that ended it; None of a run that none ended.
        unwatched: What the arm does not measure, so that no contact is seen by it.
    """

    status: str = "RUNNING"
    cause: str = ""
    duration: float = 0.0
    ticks: int = 0
    path: dict[str, float] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    solve_ms: list[float] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    stop: Stop | None = None
    unwatched: tuple[str, ...] = ()

    @property
    def stop_report(self) -> dict[str, Any] | None:
        """The stop as a report has it; None without one."""
        if self.stop is None:
            return None
        return {"category": int(self.stop.category), "cause": self.stop.cause, "stamp": self.stop.stamp}

    @property
    def token_share(self) -> float:
        """Share of the tool's whole path that action tokens drove; the rest is fine phase, lift and home."""
        whole = sum(self.path.values())
        return self.path.get("tokens", 0.0) / whole if whole > 0 else 0.0

    @property
    def approach_token_share(self) -> float:
        """Share of tokens where tokens or the fine phase drove: on the way to things and containers."""
        driven = self.path.get("tokens", 0.0) + self.path.get("fine", 0.0)
        return self.path.get("tokens", 0.0) / driven if driven > 0 else 0.0


class Runtime:
    """Runs one tree on one arm until it ends, is too late, or anything goes wrong.

    Order of each period: read, tick the tree (every few periods), controller step (validate, MPC, limiter,
    finite check), send, sleep. Missed periods are never made up for: a late one starts when it can, and one
    that is later than LATE_PERIODS ends the run. Any fault stops the arm first and halts the tree then.

    A stop of the controller (a contact, an emergency stop) ends the run too: the tree is halted, the
    controller brakes, and the arm is latched at rest; at once for category 0. It stays in force there.
    """

    def __init__(
        self,
        *,
        tree: TickedTree,
        controller: Controller,
        arm: Arm,
        clock: Clock,
        listeners: tuple[Listener, ...] = (),
        tree_rate: float = TREE_RATE,
    ) -> None:
        self._tree, self._controller, self._arm, self._clock = tree, controller, arm, clock
        self._listeners = listeners
        self._stamp = 0.0
        self._tree_every = max(1, round(controller.gains.rate / tree_rate))

    def run(self, *, time_limit: float) -> Outcome:
        """Run until the tree ends or `time_limit` [s] has passed, then brake and hold.

        Other than KeyboardInterrupt and SystemExit, which are raised again once the arm is stopped, faults
        end the run with status `STOPPED` and their message as the cause.
        """
        outcome = Outcome()
        try:
            with self._arm:
                self._loop(outcome, time_limit)
        except Exception as error:
            outcome.status = "STOPPED"
            outcome.cause = f"{type(error).__name__}: {error}"
            if outcome.stop is None:  # the arm's own stop, which brakes and holds
                outcome.stop = Stop(outcome.cause, StopCategory.BRAKE_AND_HOLD, self._stamp)
        finally:
            self._halt_tree()
            outcome.failures = self._tree.failures()
        return outcome

    def _loop(self, outcome: Outcome, time_limit: float) -> None:
        clock, arm, controller = self._clock, self._arm, self._controller
        dt = controller.gains.dt
        start = due = clock.now()
        found = arm.read()
        controller.start(found)
        width = found.gripper_set_point
        position: FloatArray | None = None
        braking_since: float | None = None
        try:
            while True:
                state, now = arm.read(), clock.now()
                self._stamp = now
                self._check(state, now=now, due=due)
                if outcome.ticks % self._tree_every == 0 and outcome.status == "RUNNING":
                    self._tick(outcome, state, width, now - start, time_limit)
                    if outcome.status != "RUNNING":
                        controller.hold()
                        braking_since = now
                    self._check(state, now=clock.now(), due=due)  # a tick may have taken long
                result = controller.step(state, now=now)
                width = arm.send(result.command).gripper_width
                sent_at = clock.now()
                T = controller.tool_pose(state.q)
                self._account(outcome, state, result, T, position)
                position = T[:3, 3].copy()
                if result.stop is not None and result.stop != outcome.stop:  # the first, or a stricter one
                    if outcome.stop is None:
                        self._halt_tree()
                        braking_since = now
                    outcome.status, outcome.cause, outcome.stop = "STOPPED", result.stop.cause, result.stop
                if outcome.stop is not None and outcome.stop.category is StopCategory.POWER_OFF:
                    break
                if braking_since is not None and self._at_rest(
                    result, state, braking_for=now - braking_since
                ):
                    break
                outcome.ticks += 1
                # The limits rest on one period passing between commands: a late one shifts those after it.
                due = due + dt if sent_at - due < 0.5 * dt else sent_at + dt
                clock.sleep_until(due)
            outcome.unwatched = controller.unwatched
            if outcome.stop is not None:
                arm.stop(cause=outcome.stop.cause)
        except BaseException as error:
            arm.stop(cause=f"{type(error).__name__}: {error}")
            self._halt_tree()
            raise
        finally:
            outcome.duration = clock.now() - start

    def _check(self, state: ArmState, *, now: float, due: float) -> None:
        """Raise RunError where it would be wrong to go on commanding."""
        allowed = LATE_PERIODS * self._controller.gains.dt
        if state.stopped:
            raise RunError("the arm is latched in a stop: clear it and start anew")
        if now - due > allowed:
            raise RunError(f"a control period started {now - due:.3f} s late, allowed are {allowed:.3f} s")
        if now - state.stamp > allowed:
            raise RunError(f"the arm's state is {now - state.stamp:.3f} s old, allowed are {allowed:.3f} s")

    def _at_rest(self, result: ControlResult, state: ArmState, *, braking_for: float) -> bool:
        if braking_for > BRAKING_LIMIT:
            raise RunError(f"the arm did not come to rest within {BRAKING_LIMIT:g} s")
        commanded, measured = np.abs(result.command.dq).max(), np.abs(state.dq).max()
        return bool(commanded < 1e-9 and measured < 0.02)

    def _halt_tree(self) -> None:
        """Halt; a tree whose own halting fails must not hide why the run ended."""
        try:
            self._tree.halt()
        except Exception:
            self._controller.hold()

    def _tick(
        self, outcome: Outcome, state: ArmState, width: float, elapsed: float, time_limit: float
    ) -> None:
        status = self._tree.tick(state, commanded_width=width)
        for listener in self._listeners:
            listener.on_tree(state.stamp, status, self._tree.tip())
        if status != "RUNNING":
            failures = self._tree.failures()
            outcome.status = status
            outcome.cause = "done" if status == "SUCCESS" else (failures[-1]["why"] if failures else "")
        elif elapsed > time_limit:
            self._tree.halt()
            outcome.status, outcome.cause = "TIMEOUT", f"not done within {time_limit:g} s"

    def _account(
        self,
        outcome: Outcome,
        state: ArmState,
        result: ControlResult,
        T: FloatArray,
        before: FloatArray | None,
    ) -> None:
        source = self._controller.target_source
        if before is not None:
            moved = float(np.linalg.norm(T[:3, 3] - before))
            outcome.path[source] = outcome.path.get(source, 0.0) + moved
        for name in result.violations:
            outcome.violations[name] = outcome.violations.get(name, 0) + 1
        outcome.statuses[result.status] = outcome.statuses.get(result.status, 0) + 1
        outcome.solve_ms.append(result.solve_ms)
        for listener in self._listeners:
            listener.on_control(state, result, T, source)
