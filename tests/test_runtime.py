"""The loop: any fault is a stop with a named cause, and nothing unchecked reaches the arm."""

import re
import time
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from behaviors.trees.follow_instruction import follow_instruction
from controllers.errors import ControllerError
from controllers.stops import StopCategory
from hybridctl.assembly import run_instruction
from hybridctl.runtime import Runtime
from hybridctl.vla.queue import ThreadedQueue
from world_state.store import EventStore


class Scripted:
    """A tree that moves, then does what the test wants."""

    def __init__(self, context, then):
        self.context, self.then, self.halted, self.ticks = context, then, 0, 0

    def tick(self, state, *, commanded_width):
        self.ticks += 1
        self.context.update(state, commanded_width=commanded_width)
        T = self.context.T_base_tool.copy()
        T[0, 3] += 0.05
        self.context.move(T, source="skill")
        return self.then(self.ticks)

    def halt(self):
        self.halted += 1
        self.context.controller.hold()

    def tip(self):
        return "scripted"

    def failures(self):
        return []


def make(simulator, context, then, *, arm=None):
    tree = Scripted(context, then)
    arm = arm or simulator.arm
    runtime = Runtime(tree=tree, controller=context.controller, arm=arm, clock=simulator.world)
    return tree, arm, runtime


def speed(simulator):
    """Let half a second pass and return the largest joint speed."""
    world = simulator.world
    world.sleep_until(world.now() + 0.5)
    return float(np.abs(simulator.arm.read().dq).max())


def test_an_exception_in_the_tree_stops_the_arm_with_its_name(simulator, task, expert, make_context):
    def then(ticks):
        if ticks > 10:
            raise ZeroDivisionError("a bug")
        return "RUNNING"

    tree, arm, runtime = make(simulator, make_context(expert), then)
    outcome = runtime.run(time_limit=5.0)
    assert (outcome.status, outcome.cause) == ("STOPPED", "ZeroDivisionError: a bug")
    assert arm.read().stopped
    assert "ZeroDivisionError" in arm.stop_cause
    assert tree.halted
    assert speed(simulator) < 0.01


def test_a_store_that_fails_in_the_middle_stops_the_arm_and_says_what_to_do(
    simulator, task, expert, make_context, tmp_path
):
    store = EventStore(tmp_path / "events.db")

    def fill(connection, *_):
        connection.execute("PRAGMA max_page_count=64")  # a disk of 256 kB

    sa.event.listen(store._engine, "checkout", fill)

    def then(ticks):
        store.append("tree.look", stamp=0.1 * ticks, cause="", measurement={"x": "x" * 20_000}, belief={})
        time.sleep(0.01)
        return "RUNNING"

    tree, arm, runtime = make(simulator, make_context(expert), then)
    outcome = runtime.run(time_limit=20.0)
    assert outcome.status == "STOPPED"
    assert re.match(r"StoreError: .*full: make room on that disk, then start anew", outcome.cause)
    assert arm.read().stopped
    assert tree.halted
    assert speed(simulator) < 0.01
    store.close()  # does not hide how the run ended


def test_an_interrupt_stops_the_arm_and_comes_out(simulator, task, expert, make_context):
    def then(ticks):
        if ticks > 10:
            raise KeyboardInterrupt
        return "RUNNING"

    tree, arm, runtime = make(simulator, make_context(expert), then)
    with pytest.raises(KeyboardInterrupt):
        runtime.run(time_limit=5.0)
    assert arm.read().stopped
    assert tree.halted
    assert speed(simulator) < 0.01


def test_a_command_that_is_not_finite_never_reaches_the_arm(
    simulator, task, expert, make_context, monkeypatch
):
    context = make_context(expert)
    sent = []

    class Watched:
        def __init__(self, arm):
            self._arm = arm

        def __getattr__(self, name):
            return getattr(self._arm, name)

        def __enter__(self):
            self._arm.__enter__()
            return self

        def __exit__(self, *reason):
            return self._arm.__exit__(*reason)

        def send(self, command):
            sent.append(command)
            return self._arm.send(command)

    limit = context.controller._limiter.limit
    calls = iter(range(1000))

    def broken_limiter(**targets):
        q, dq = limit(**targets)
        return (q, dq) if next(calls) < 20 else (np.full_like(q, np.nan), dq)

    monkeypatch.setattr(context.controller._limiter, "limit", broken_limiter)
    watched = Watched(simulator.arm)
    _, _, runtime = make(simulator, context, lambda ticks: "RUNNING", arm=watched)
    outcome = runtime.run(time_limit=5.0)
    assert outcome.status == "STOPPED"
    assert "ControllerError" in outcome.cause
    assert len(sent) >= 20
    assert all(np.isfinite(command.q).all() for command in sent)
    assert watched.read().stopped


def test_a_controller_error_is_a_stop_with_a_cause(simulator, task, expert, make_context, monkeypatch):
    context = make_context(expert)

    def fails(state, *, now):
        raise ControllerError("joint 3 is not there")

    monkeypatch.setattr(context.controller, "step", fails)
    _, arm, runtime = make(simulator, context, lambda ticks: "RUNNING")
    outcome = runtime.run(time_limit=5.0)
    assert outcome.cause == "ControllerError: joint 3 is not there"
    assert arm.read().stopped


def test_a_run_that_takes_too_long_ends_braked(simulator, task, expert, make_context):
    tree, arm, runtime = make(simulator, make_context(expert), lambda ticks: "RUNNING")
    outcome = runtime.run(time_limit=0.5)
    assert outcome.status == "TIMEOUT"
    assert tree.halted
    assert float(np.abs(arm.read().dq).max()) < 0.01


def test_the_tree_is_ticked_at_its_rate_and_control_at_its_own(simulator, task, expert, make_context):
    tree, _, runtime = make(
        simulator, make_context(expert), lambda ticks: "SUCCESS" if ticks == 20 else "RUNNING"
    )
    outcome = runtime.run(time_limit=5.0)
    assert outcome.status == "SUCCESS"
    assert tree.ticks == 20
    # 19 tree periods of 50 ms at 10 ms each, then braking until the arm rests.
    assert 19 * 5 < outcome.ticks < 19 * 5 + 150
    assert outcome.duration == pytest.approx(outcome.ticks * 0.01, abs=0.011)


def test_the_path_is_accounted_to_who_set_the_target(simulator, task, expert, make_context):
    context = make_context(expert)
    tree = follow_instruction(context, task.instruction)
    arm, world = simulator.arm, simulator.world
    outcome = Runtime(tree=tree, controller=context.controller, arm=arm, clock=world).run(time_limit=40.0)
    assert set(outcome.path) >= {"tokens", "fine", "skill", "home"}
    expected = outcome.path["tokens"] / (outcome.path["tokens"] + outcome.path["fine"])
    assert outcome.approach_token_share == pytest.approx(expected)
    assert outcome.token_share == pytest.approx(outcome.path["tokens"] / sum(outcome.path.values()))
    assert outcome.token_share < outcome.approach_token_share
    assert outcome.statuses["tracking"] > 500


def test_a_policy_on_a_thread_drives_the_same_tree_in_real_time(simulator, task, expert):
    """The simulator stands in for an arm that does not wait: physics by the wall clock."""
    real = _PacedClock(simulator.world)
    queue = ThreadedQueue(expert, real)
    try:
        result = run_instruction(
            f"pick up the {task.scene.target.phrase}",
            arm=simulator.arm,
            camera=simulator.camera,
            clock=real,
            policy=queue,
            time_limit=30.0,
        )
    finally:
        queue.close()
    assert result.outcome.status == "SUCCESS"
    assert result.context.memory.holding() == task.scene.target.phrase
    assert len(queue.wall_ms) > 5


class _PacedClock:
    """Advances the physics and sleeps a little, so that the worker thread gets its turn."""

    def __init__(self, world):
        self._world = world

    def now(self):
        return self._world.now()

    def sleep_until(self, stamp):
        self._world.sleep_until(stamp)
        time.sleep(0.0005)


class Protocol:
    """An arm that only does what the Arm protocol promises: stopped, it ignores commands and says so."""

    def __init__(self, arm, clock, *, stop_from=None, stop_to=None, frozen=False):
        self._arm, self._clock, self._stop = arm, clock, (stop_from, stop_to)
        self._frozen = frozen
        self.sent = []
        self.stop_cause = None

    dof = 7

    @property
    def _latched(self):
        start, end = self._stop
        return start is not None and start <= self._clock.now() < end

    def read(self):
        state = self._arm.read()
        stamp = 0.0 if self._frozen else state.stamp
        return replace(state, stopped=state.stopped or self._latched, stamp=stamp)

    def send(self, command):
        self.sent.append((self._clock.now(), command))
        return command if self._latched else self._arm.send(command)

    def stop(self, *, cause):
        self.stop_cause = cause
        self._arm.stop(cause=cause)

    def __enter__(self):
        self._arm.__enter__()
        return self

    def __exit__(self, *reason):
        return self._arm.__exit__(*reason)


def test_an_emergency_stop_ends_the_run_and_nothing_moves_when_it_clears(
    simulator, task, expert, make_context
):
    clock = simulator.clock
    now = clock.now()
    arm = Protocol(simulator.arm, clock, stop_from=now + 0.5, stop_to=now + 0.8)
    _, _, runtime = make(simulator, make_context(expert), lambda ticks: "RUNNING", arm=arm)
    outcome = runtime.run(time_limit=5.0)
    assert outcome.status == "STOPPED"
    assert "latched in a stop" in outcome.cause
    clock.sleep_until(now + 2.0)
    assert max(stamp for stamp, _ in arm.sent) < now + 0.52
    assert float(np.abs(arm.read().dq).max()) < 0.01


def test_a_period_that_is_far_too_late_is_a_stop_not_a_burst_of_commands(
    simulator, task, expert, make_context
):
    clock = simulator.clock
    arm = Protocol(simulator.arm, clock)

    def dawdles(ticks):
        if ticks == 10:
            clock.sleep_until(clock.now() + 0.3)
        return "RUNNING"

    _, _, runtime = make(simulator, make_context(expert), dawdles, arm=arm)
    outcome = runtime.run(time_limit=5.0)
    assert outcome.status == "STOPPED"
    assert "late" in outcome.cause
    stamps = [stamp for stamp, _ in arm.sent]
    assert len(stamps) == len(set(stamps))
    assert "late" in arm.stop_cause


def test_a_period_that_is_a_little_late_is_not_made_up_for(simulator, task, expert, make_context):
    clock = simulator.clock
    arm = Protocol(simulator.arm, clock)

    def hiccup(ticks):
        if ticks == 10:
            clock.sleep_until(clock.now() + 0.03)
        return "SUCCESS" if ticks == 20 else "RUNNING"

    _, _, runtime = make(simulator, make_context(expert), hiccup, arm=arm)
    assert runtime.run(time_limit=5.0).status == "SUCCESS"
    gaps = np.diff([stamp for stamp, _ in arm.sent])
    assert gaps.min() > 0.0099


def test_a_state_that_no_longer_changes_its_stamp_is_a_stop(simulator, task, expert, make_context):
    clock = simulator.clock
    arm = Protocol(simulator.arm, clock, frozen=True)
    clock.sleep_until(1.0)
    _, _, runtime = make(simulator, make_context(expert), lambda ticks: "RUNNING", arm=arm)
    outcome = runtime.run(time_limit=5.0)
    assert outcome.status == "STOPPED"
    assert "old" in outcome.cause


def test_a_tree_that_cannot_halt_does_not_hide_why_the_run_ended(simulator, task, expert, make_context):
    def then(ticks):
        if ticks > 5:
            raise ZeroDivisionError("a bug")
        return "RUNNING"

    tree, arm, runtime = make(simulator, make_context(expert), then)

    def fails():
        raise RuntimeError("halt is broken too")

    tree.halt = fails
    outcome = runtime.run(time_limit=5.0)
    assert outcome.cause == "ZeroDivisionError: a bug"
    assert arm.read().stopped


def test_an_emergency_stop_brakes_halts_the_tree_and_is_named_with_its_category(
    simulator, task, expert, make_context
):
    context = make_context(expert)

    def then(ticks):
        if ticks == 10:
            context.controller.emergency_stop(cause="the button at the door")
        return "RUNNING"

    tree, arm, runtime = make(simulator, context, then)
    outcome = runtime.run(time_limit=5.0)
    assert (outcome.status, outcome.cause) == ("STOPPED", "the button at the door")
    assert outcome.stop_report["category"] == 1
    assert outcome.duration < 1.5
    assert tree.halted
    assert arm.stop_cause == "the button at the door"
    assert speed(simulator) < 0.01
    again = make(simulator, context, lambda ticks: "RUNNING")[2].run(time_limit=1.0)
    assert again.cause == "the button at the door"  # a new run is no reset
    context.controller.reset_stop(acknowledged_cause="the button at the door")
    assert make(simulator, context, lambda ticks: "RUNNING")[2].run(time_limit=0.3).status == "TIMEOUT"


def test_a_stop_of_category_0_stops_the_arm_in_the_same_period(simulator, task, expert, make_context):
    context = make_context(expert)
    ticked = []

    def then(ticks):
        if ticks == 10:
            ticked.append(simulator.clock.now())
            context.controller.emergency_stop(cause="fence", category=StopCategory.POWER_OFF)
        return "RUNNING"

    _, arm, runtime = make(simulator, context, then)
    outcome = runtime.run(time_limit=5.0)
    assert outcome.stop.category is StopCategory.POWER_OFF
    assert simulator.clock.now() - ticked[0] < 0.02
    assert arm.stop_cause == "fence"


def test_a_fault_of_the_program_is_a_stop_of_category_2(simulator, task, expert, make_context):
    def then(ticks):
        raise ZeroDivisionError("a bug")

    outcome = make(simulator, make_context(expert), then)[2].run(time_limit=5.0)
    assert outcome.stop_report["category"] == 2
    assert outcome.stop_report["cause"] == "ZeroDivisionError: a bug"
    assert outcome.unwatched == ()
