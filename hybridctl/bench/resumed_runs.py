"""Full runs of the main job, killed at random moments and resumed, beside the same runs left alone.

The simulator is a process of its own (`python -m hybridctl.sim.server`), the program another, and `kill -9`
ends it in the middle. While nobody controls the arm the simulated time goes on, so that it brakes, and what
was in motion comes to rest. What the physics say of the task is printed by the simulator.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from behaviors.progress import Progress
from hybridctl.arms.remote import Connection, RemoteClock
from hybridctl.bench.episodes import Row, run_episodes
from hybridctl.bench.report import Job
from hybridctl.sim.tasks.put_in_bowl import PutInBowl
from world_state.store import EventStore

TWICE = 4
"""One seed in so many is killed twice."""
LONGEST_GAP = 5.0
"""Nobody controls the arm for up to so long after a kill [s]."""
WITHIN_PERIOD = 0.02
"""A kill comes up to so much wall time after its moment, so that it falls anywhere in a period [s]."""
_PATIENCE = 900.0  # [s] of wall time; a run that takes longer hangs


@dataclass(frozen=True)
class Kill:
    """One `kill -9`.

    Attributes:
        at: When, counted from the start of the process by the simulator's clock [s].
        gap: How long nobody controls the arm after it [s].
        late: How much wall time passes between that moment and the signal [s].
    """

    at: float
    gap: float = 1.0
    late: float = 0.0


@dataclass(frozen=True)
class Simulator:
    """A simulator process that scores an instruction, and its address."""

    process: subprocess.Popen[str]
    address: str

    def scores(self) -> list[dict[str, Any]]:
        """End it, and return what the physics said each time a program had left the arm."""
        self.process.terminate()
        said, _ = self.process.communicate()
        lines = [line.removeprefix("score: ") for line in said.splitlines() if line.startswith("score: ")]
        return [json.loads(line) for line in lines]


def resumed(
    seeds: Sequence[int], *, workers: int, minutes: float | None = None, partial: Path | None = None
) -> list[Row]:
    """Run the main job on each seed twice, once left alone and once killed and resumed; return a row a seed.

    Args:
        seeds: Of scene, task and the moments of the kills, which are uniform over the time that the run took
            when left alone.
        workers: Processes; each has a simulator and a program besides.
        minutes: No seed begins later than this; None for no end.
        partial: Where rows are kept, so that a bench that was cut off goes on.
    """
    job = Job(quick=False, seeds=None, workers=workers, policy_folder=None, partial=partial, minutes=minutes)
    return run_episodes(list(seeds), episode, job=job, name_of=int, named=lambda row: row["seed"])


def episode(seed: int) -> Row:
    """Run one seed left alone, then killed and resumed."""
    with tempfile.TemporaryDirectory(prefix="hybridctl-resumed-") as folder:
        alone = run_with_kills(seed, (), out=Path(folder) / "alone")
        rng = np.random.default_rng((seed, 5))
        kills = tuple(
            Kill(
                at=float(rng.uniform(0.0, alone["sim_s"])),
                gap=float(rng.uniform(0.0, LONGEST_GAP)),
                late=float(rng.uniform(0.0, WITHIN_PERIOD)),
            )
            for _ in range(2 if seed % TWICE == 0 else 1)
        )
        killed = run_with_kills(seed, kills, out=Path(folder) / "killed")
    return {"seed": seed, "instruction": PutInBowl(seed).instruction, "alone": alone, "killed": killed}


def run_with_kills(seed: int, kills: Sequence[Kill], *, out: Path) -> Row:
    """Run the main job in a simulator of its own, killed and resumed as often as there are kills.

    Args:
        seed: Of the scene and the instruction.
        kills: In their order; one whose moment comes after the process has ended does not take place.
        out: The run folder.

    Returns:
        `success` (tree and physics agree that it is done), `believed` (the status it ended in), `score`,
        `sim_s` (simulated time that programs ran), and `kills`: for each `stamp` [s], `leaf` and `subgoal`
        that it fell in, and `noted` subgoals done.
    """
    fell: list[Row] = []
    instruction = PutInBowl(seed).instruction
    sim_s = 0.0
    with simulator(instruction, seed) as place, _log(out) as log:
        clock = RemoteClock(Connection.open(place.address, timeout=60.0))
        begun = [instruction, "--arm", place.address, "--out", str(out)]
        waiting = list(kills)
        while True:
            kill = waiting.pop(0) if waiting else None
            start = clock.now()
            status = _run([*begun, "--no-video", "--json"], kill, clock, start=start, log=log)
            sim_s += clock.now() - start
            begun = ["--resume", str(out)]
            if status != -signal.SIGKILL:
                break
            assert kill is not None
            fell.append(where(out))
            clock.sleep_until(clock.now() + kill.gap)
        scores = place.scores()
    report = json.loads((out / "report.json").read_text()) if (out / "report.json").exists() else {}
    physics = scores[-1] if scores else {"success": False}
    return {
        "success": bool(report.get("success") and physics["success"]),
        "believed": report.get("status", f"no report, exit status {status}"),
        "cause": report.get("cause", ""),
        "failures": [f"{f['leaf']}: {f['kind']}" for f in report.get("failures", [])],
        "score": physics,
        "sim_s": round(sim_s, 3),
        "kills": fell,
    }


@contextmanager
def simulator(instruction: str, seed: int) -> Iterator[Simulator]:
    """Start a simulator process that scores an instruction, and end it."""
    command = [sys.executable, "-m", "hybridctl.sim.server", "--seed", str(seed)]
    command += ["--instruction", instruction]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        yield Simulator(process, address)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def where(out: Path) -> Row:
    """Return where in its tree a killed run was, by what it stored and the last leaf that it named."""
    with EventStore(out / "events.db") as store:
        events = list(store.events())
    progress = Progress.from_events(events)
    lines = out.with_suffix(".log").read_text().splitlines()
    leaf = lines[-1].partition(" s  ")[2] if lines else ""  # as hybridctl.progress says it
    return {
        "stamp": round(max((event.stamp for event in events), default=0.0), 3),
        "leaf": leaf,
        "subgoal": str(progress.pending_subgoal or ""),
        "noted": progress.pending,
    }


def _run(arguments: list[str], kill: Kill | None, clock: RemoteClock, *, start: float, log: IO[bytes]) -> int:
    """Run `hybridctl run`, kill it at its moment, and return its exit status."""
    command = [sys.executable, "-m", "hybridctl.cli", "run", *arguments]
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    try:
        while kill is not None and program.poll() is None:
            if clock.now() - start >= kill.at:
                time.sleep(kill.late)
                program.kill()
                break
            time.sleep(0.001)
        return program.wait(_PATIENCE)
    finally:
        program.kill()
        program.wait()


@contextmanager
def _log(out: Path) -> Iterator[IO[bytes]]:
    """What the programs say goes beside the run folder, to be read where one failed."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.with_suffix(".log").open("ab") as log:
        yield log
