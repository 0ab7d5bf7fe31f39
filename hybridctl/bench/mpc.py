"""`hybridctl bench mpc`: what one step of the MPC costs beside its peers, and what each of them breaks.

All follow the fixed scenario of scenarios/mpc.yaml on the ideal plant (the command is the next state), on one
core, in blocks that take turns, so that the machine's noise hits all of them. Timed is the whole step from
target and obstacles to the command; judged is each command, by the same independent check.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module

import numpy as np
from rich.console import Console
from rich.progress import Progress

from controllers.gains import Gains, load_gains
from controllers.robot_model import RobotModel
from controllers.target import pose_distance
from hybridctl.bench.episodes import Row
from hybridctl.bench.follower import ControllerFollower, EmptyFollower, Follower, with_torque_rows
from hybridctl.bench.motion_check import MotionCheck
from hybridctl.bench.one_core import on_one_core
from hybridctl.bench.report import FIRST_EVALUATION_SEED, BenchError, Job, Measured
from hybridctl.bench.scenario import Scenario, load_scenario
from hybridctl.bench.statistics import quantile
from hybridctl.messages.arrays import FloatArray

FIVE_NODES = (0.01, 0.05, 0.13, 0.26, 0.42)
PASSES, QUICK_PASSES = 20, 3
BLOCK = 25
"""Ticks that one follower runs before the next has its turn."""
STEADY = 20
"""Last ticks, whose error is the steady state."""
OURS = ("nodes5", "nodes8", "nodes8_torque")
PEERS = {
    "mink": ("hybridctl.bench.peers.mink_ik", "MinkFollower"),
    "pink": ("hybridctl.bench.peers.pink_ik", "PinkFollower"),
}
BOX_FDDP = "boxfddp"


@dataclass
class Run:
    """What a follower did so far: a time a tick, and the motion of the pass that is under way."""

    follower: Follower
    ms: list[float] = field(default_factory=list)
    failures: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    room: dict[str, float] = field(default_factory=dict)
    q: list[FloatArray] = field(default_factory=list)
    dq: list[FloatArray] = field(default_factory=list)
    errors: list[tuple[float, float]] = field(default_factory=list)


def measure(job: Job) -> Measured:
    """Time our three controllers and the peers that are there; the scenario knows no seeds.

    Raises:
        BenchError: seeds were asked for.
    """
    if job.seeds is not None:
        raise BenchError("bench mpc follows one fixed scenario: leave --seeds out")
    passes = QUICK_PASSES if job.quick else PASSES
    rows = on_one_core(partial(follow_all, peers=job.peers), passes)
    return _sum_up(rows, with_box_fddp=job.peers)


def follow_all(passes: int, *, peers: bool = False, scenario: Scenario | None = None) -> list[Row]:
    """Let everybody follow the scenario `passes` times and return a row each.

    Args:
        passes: How often.
        peers: Whether crocoddyl, in an environment of its own, takes part.
        scenario: The motion; by default scenarios/mpc.yaml.
    """
    scenario = scenario or load_scenario()
    robot, gains = RobotModel.load(scenario.robot), load_gains(scenario.robot)
    if abs(gains.rate - scenario.rate) > 1e-9:
        raise BenchError(f"the gains' rate is {gains.rate} Hz, the scenario's {scenario.rate} Hz")
    rows: list[Row] = []
    with ExitStack() as stack:
        followers: list[Follower] = [EmptyFollower(), *_ours(robot, gains)]
        for name in PEERS:
            _join(followers, rows, name, partial(_peer, name, robot, gains, scenario))
        if peers:
            _join(followers, rows, BOX_FDDP, partial(_box_fddp, stack, robot, gains, scenario))
        runs = [Run(follower) for follower in followers]
        with Progress(console=Console(stderr=True)) as progress:
            bar = progress.add_task("passes", total=passes + 1)
            # Warm caches, and what is compiled at first use.
            _follow(runs, robot, scenario, ticks=min(2 * BLOCK, scenario.ticks))
            for run in runs:
                run.ms.clear()
                run.failures = 0
            progress.advance(bar)
            for _ in range(passes):
                _follow(runs, robot, scenario, ticks=scenario.ticks)
                for run in runs:
                    _judge(run, robot, gains, scenario)
                progress.advance(bar)
    return [_row(run, scenario.ticks) for run in runs] + rows


def _ours(robot: RobotModel, gains: Gains) -> list[Follower]:
    five = Gains.model_validate(gains.model_dump(exclude_unset=True) | {"node_times": FIVE_NODES})
    return [
        ControllerFollower("nodes5", robot, five),
        ControllerFollower("nodes8", robot, gains),
        ControllerFollower("nodes8_torque", robot, with_torque_rows(gains)),
    ]


def _join(followers: list[Follower], rows: list[Row], name: str, make: Callable[[], Follower]) -> None:
    """Add a peer, or a row that says why it is not there."""
    try:
        followers.append(make())
    except (ImportError, BenchError) as error:
        missing = f"{error}; pip install 'hybridctl[bench]'" if isinstance(error, ImportError) else str(error)
        Console(stderr=True).print(f"{name} is not measured: {missing}", markup=False)
        rows.append({"follower": name, "problem": missing})


def _peer(name: str, robot: RobotModel, gains: Gains, scenario: Scenario) -> Follower:
    module, kind = PEERS[name]
    follower: Follower = getattr(import_module(module), kind)(robot, gains, scenario)
    return follower


def _box_fddp(stack: ExitStack, robot: RobotModel, gains: Gains, scenario: Scenario) -> Follower:
    from hybridctl.bench.peers.box_fddp import BoxFddpFollower

    return stack.enter_context(BoxFddpFollower(robot, gains, scenario))


def _follow(runs: Sequence[Run], robot: RobotModel, scenario: Scenario, *, ticks: int) -> None:
    """Run all of them through the scenario's first `ticks`, a block each in turn."""
    for run in runs:
        run.follower.start(robot.q_rest)
        run.q, run.dq = [robot.q_rest], [np.zeros(robot.n)]
    for number, first in enumerate(range(0, ticks, BLOCK)):
        turn = number % len(runs)
        for run in (*runs[turn:], *runs[:turn]):
            for k in range(first, min(first + BLOCK, ticks)):
                step = run.follower.step(scenario.targets[k], scenario.surroundings[k], k * scenario.dt)
                run.ms.append(step.ms)
                run.failures += not step.solved
                run.q.append(step.q)
                run.dq.append(step.dq)


def _judge(run: Run, robot: RobotModel, gains: Gains, scenario: Scenario) -> None:
    """Count what one pass broke."""
    if isinstance(run.follower, EmptyFollower):
        return
    check = MotionCheck(robot, gains, scenario.surroundings[0])
    run.errors.clear()
    for k, obstacles in enumerate(scenario.surroundings):
        q, dq = run.q[k + 1], run.dq[k + 1]
        judged = check.judge(q, dq, (dq - run.dq[k]) / scenario.dt, obstacles)
        run.broken.update(judged.broken.keys())
        for name, room in judged.room.items():
            run.room[name] = min(room, run.room.get(name, np.inf))
        run.errors.append(pose_distance(judged.T_base_tool, scenario.targets[k]))


def _row(run: Run, ticks: int) -> Row:
    # Of each tick the median over the passes: what is left is the step's own, without the machine's noise.
    typical = np.median(np.reshape(run.ms, (-1, ticks)), axis=0)
    row: Row = {
        "follower": run.follower.name,
        "settings": run.follower.settings,
        "steps": len(run.ms),
        "ms_median": quantile(run.ms, 0.5),
        "ms_p99": quantile(run.ms, 0.99),
        "ms_max": quantile(run.ms, 1.0),
        "ms_p99_of_typical": quantile(typical.tolist(), 0.99),
    }
    if run.errors:
        steady = np.array(run.errors[-STEADY:]).max(axis=0)
        row |= {
            "qp_failures": run.failures,
            "violations": dict(run.broken),
            "room": {name: round(room, 6) for name, room in run.room.items()},
            "steady_state_mm": round(1e3 * float(steady[0]), 5),
            "steady_state_deg": round(float(np.rad2deg(steady[1])), 5),
        }
    return row


def _sum_up(rows: list[Row], *, with_box_fddp: bool) -> Measured:
    found = {row["follower"]: row for row in rows if "problem" not in row}
    peers = (*PEERS, BOX_FDDP) if with_box_fddp else tuple(PEERS)
    figures: dict[str, float | None] = {}
    n: dict[str, int] = {}

    def put(key: str, value: float | None, *of: str) -> None:
        figures[key] = value
        n[key] = sum(found[name]["steps"] for name in of if name in found)

    for name in ("nodes5", "nodes8"):
        for what in ("ms_median", "ms_p99"):
            put(f"{name}_{what}", _value(found, name, what), name)
    for name in ("nodes8_torque", *peers):
        put(f"{name}_ms_median", _value(found, name, "ms_median"), name)
    for key, ours, peer in (
        ("ratio5_mink", "nodes5", "mink"),
        ("ratio8_mink", "nodes8", "mink"),
        ("ratio8_pink", "nodes8", "pink"),
        ("ratio8_torque", "nodes8_torque", "nodes8"),
        *([("ratio8_boxfddp", "nodes8", BOX_FDDP)] if with_box_fddp else []),
    ):
        above, below = _value(found, ours, "ms_median"), _value(found, peer, "ms_median")
        put(key, round(above / below, 3) if above and below else None, ours)
    measured = [name for name in OURS if name in found]
    put("violations", sum(sum(found[name]["violations"].values()) for name in measured), *measured)
    put("qp_failures", sum(found[name]["qp_failures"] for name in measured), *measured)
    for key in ("steady_state_mm", "steady_state_deg"):
        put(key, max((found[name][key] for name in measured), default=None), *measured)
    put("jitter_floor_ms_p99", _value(found, "empty", "ms_p99"), "empty")
    for name in peers:
        row = found.get(name)
        put(f"{name}_violations", sum(row["violations"].values()) if row else None, name)
        put(f"{name}_steady_state_mm", row["steady_state_mm"] if row else None, name)
        put(f"{name}_box_mm", _beyond(row, "box"), name)
        put(f"{name}_distance_mm", _beyond(row, "self_collision", "table", "world"), name)
        put(f"{name}_acceleration", _beyond(row, "acceleration", factor=1.0), name)
    machine = {"core": "one", "affinity": hasattr(os, "sched_setaffinity"), "block_ticks": BLOCK}
    return Measured((FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + 1), figures, n, [machine, *rows])


def _value(found: dict[str, Row], name: str, key: str) -> float | None:
    value: float | None = found[name][key] if name in found else None
    return value


def _beyond(row: Row | None, *limits: str, factor: float = 1e3) -> float | None:
    """Return by how much a follower broke the worst of some limits [mm, or its unit]; 0 if it kept all."""
    if row is None:
        return None
    worst = max(0.0, *(-float(row["room"][limit]) for limit in limits))
    return round(factor * worst, 4)
