"""The loop: control at its own rate, the tree every few periods, everything recorded, any fault a stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from controllers.controller import Controller, ControlResult
from hybridctl.messages.arm import Arm, ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.clock import Clock

TREE_RATE = 20.0
BRAKING_TIME = 0.6


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

    @property
    def token_share(self) -> float:
        """Share of the tool's path that action tokens drove while it was on the way to a thing.

        Going home and straight up to see or to lift are fixed motions; they are in `path`, not in this share.
        """
        driven = self.path.get("tokens", 0.0) + self.path.get("fine", 0.0)
        return self.path.get("tokens", 0.0) / driven if driven > 0 else 0.0


class Runtime:
    """Runs one tree on one arm until it ends, is too late, or anything goes wrong.

    Order of each period: read, tick the tree (every few periods), controller step (validate, MPC, limiter,
    finite check), send, sleep. An exception anywhere halts the tree and stops the arm before it is raised
    or reported.
    """

    def __init__(
        self, *, tree: TickedTree, controller: Controller, arm: Arm, clock: Clock,
        listeners: tuple[Listener, ...] = (), tree_rate: float = TREE_RATE,
    ) -> None:  # fmt: skip
        self._tree, self._controller, self._arm, self._clock = tree, controller, arm, clock
        self._listeners = listeners
        self._tree_every = max(1, round(controller.gains.rate / tree_rate))

    def run(self, *, time_limit: float) -> Outcome:
        """Run until the tree ends or `time_limit` [s] has passed, then brake and hold.

        KeyboardInterrupt and SystemExit are raised again once the arm is stopped; other exceptions end the
        run with status `STOPPED` and their message as the cause.
        """
        outcome = Outcome()
        try:
            with self._arm:
                self._loop(outcome, time_limit)
        except Exception as error:
            outcome.status = "STOPPED"
            outcome.cause = f"{type(error).__name__}: {error}"
        finally:
            self._tree.halt()
            outcome.failures = self._tree.failures()
        return outcome

    def _loop(self, outcome: Outcome, time_limit: float) -> None:
        clock, arm, controller = self._clock, self._arm, self._controller
        start = clock.now()
        state = arm.read()
        controller.start(state)
        width = state.gripper_width
        position: FloatArray | None = None
        end_at = float("inf")
        try:
            while True:
                state = arm.read()
                now = clock.now()
                if outcome.ticks % self._tree_every == 0 and outcome.status == "RUNNING":
                    self._tick(outcome, state, width, now - start, time_limit)
                    if outcome.status != "RUNNING":
                        controller.hold()
                        end_at = now + BRAKING_TIME
                result = controller.step(state, now=now)
                applied = arm.send(result.command)
                width = applied.gripper_width
                T = controller.tool_pose(state.q)
                self._account(outcome, state, result, T, position)
                position = T[:3, 3].copy()
                if now >= end_at:
                    break
                outcome.ticks += 1
                clock.sleep_until(start + outcome.ticks * controller.gains.dt)
        except BaseException as error:
            self._tree.halt()
            arm.stop(cause=f"{type(error).__name__}: {error}")
            raise
        finally:
            outcome.duration = clock.now() - start

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
