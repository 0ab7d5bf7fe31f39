"""`hybridctl bench memory`: beliefs about a full table against the truth, a naive memory and a kept library.

Each row is one sequence (memory_stream): twenty things, look-alikes, views from six places, occlusions,
things carried and moved. Two play on it: the memory, and one that keeps the last answer. On the same truths
seen with independent noise (memory_iid) play both again, and Stone Soup's tracker. Truth judges
(memory_judge).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.bench.episodes import Row, run_episodes
from hybridctl.bench.memory_cost import LONG, LONG_QUICK, measuring_cost, update_cost
from hybridctl.bench.memory_iid import COVARIANCE, point_mass
from hybridctl.bench.memory_judge import judge
from hybridctl.bench.memory_players import LastAnswer, Player, Remembering, Tracking
from hybridctl.bench.memory_scene import crowded_scene
from hybridctl.bench.memory_scores import Figures, scores
from hybridctl.bench.memory_stream import PICTURE_EVERY, Stage, record
from hybridctl.bench.report import FIRST_EVALUATION_SEED, Job, Measured
from hybridctl.bench.statistics import quantile
from hybridctl.sim.cameras import make_renderer
from hybridctl.sim.world import SimWorld
from hybridctl.vla.policy import load_policy
from world_state.noise import NoiseModel

SEQUENCES, QUICK_SEQUENCES = 20, 2
QUICK_PICTURE_EVERY = 1.0
"""Half as many pictures as in a full run [s]."""
KILLS, QUICK_KILLS = 200, 5
KILLS_POSTGRES, QUICK_KILLS_POSTGRES = 20, 2
"""Of which a quarter, at least one, are of the server."""
EVENTS, QUICK_EVENTS = 200_000, 20_000
RESUMED = 20
NOISE = NoiseModel(calibration=0.0035, calibration_height=0.0005)
"""What is known of a camera's mounting: 5 mm and 0.5 degrees leave this on the table (seeds 100 to 139)."""
PLAYERS = {"": "memory", "naive_": "naive", "peer_": "peer"}
"""What each player's figures begin with."""

_stage: Stage | None = None
"""What a process keeps from one sequence to the next."""


def measure(job: Job) -> Measured:
    """Record and judge one sequence a seed, then let memory, store and resumed runs be measured."""
    count = QUICK_SEQUENCES if job.quick else SEQUENCES
    seeds = job.seeds or (FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + count)
    every = QUICK_PICTURE_EVERY if job.quick else PICTURE_EVERY
    episodes = [(seed, job.policy_folder, every) for seed in range(*seeds)]
    rows = run_episodes(
        episodes, _episode, job=job, name_of=lambda episode: episode[0], named=lambda row: row["seed"]
    )
    figures, n = _sum_up(rows)
    for more, count_of in (_costs(quick=job.quick), _store(quick=job.quick)):
        figures.update(more)
        n.update(count_of)
    resumed: list[Row] = [] if job.quick else _resumed(job)
    for key, name in (("resumed_success", "killed"), ("unkilled_success", "alone")):
        flags = [row[name]["success"] for row in resumed]
        figures[key] = round(sum(flags) / len(flags), 4) if flags else None
        n[key] = len(flags)
    complete = len(rows) == len(episodes) and (job.quick or len(resumed) == RESUMED)
    return Measured(
        seeds, figures, n, [*map(_slim, sorted(rows, key=lambda r: r["seed"])), *resumed], complete
    )


def _episode(episode: tuple[int, Path | None, float]) -> Row:
    global _stage
    seed, folder, every = episode
    if _stage is None:
        torch.set_num_threads(1)
        world = SimWorld(crowded_scene(0))
        _stage = Stage(
            world, make_renderer(world), load_policy(folder), RobotModel.load("panda"), load_gains()
        )
    return sequence(_stage, seed, picture_every=every)


def sequence(stage: Stage, seed: int, *, picture_every: float = PICTURE_EVERY) -> Row:
    """Record the sequence of a seed and let everybody play on it."""
    began = perf_counter()
    recording = record(stage, seed, picture_every=picture_every)
    recorded = perf_counter()
    row: Row = {"seed": seed, "ended": recording.ended, "pictures": len(recording.looks)}
    for suffix, inputs in (("", recording.inputs), ("_iid", point_mass(recording))):
        noise = NoiseModel() if suffix else NOISE
        players: dict[str, Player] = {"memory": Remembering(noise=noise), "naive": LastAnswer()}
        if suffix and find_spec("stonesoup") is not None:
            from hybridctl.bench.peers.stone_soup_tracks import StoneSoupTracks

            players["peer"] = Tracking(StoneSoupTracks(COVARIANCE))
        for name, player in players.items():
            row[name + suffix] = _rounded(judge(player, inputs, recording.truth, seed=seed))
            if isinstance(player, Remembering) and not suffix:
                row["look_ms"] = [round(ms, 3) for ms in player.look_ms]
    row["measure_ms"] = round(measuring_cost(recording.looks[:3]), 3)
    row["record_s"], row["judge_s"] = round(recorded - began, 2), round(perf_counter() - recorded, 2)
    return row


def _sum_up(rows: Sequence[Row]) -> tuple[Figures, dict[str, int]]:
    figures: Figures = {}
    n: dict[str, int] = {}
    for suffix in ("", "_iid"):
        for prefix, name in PLAYERS.items():
            judged = [row[name + suffix] for row in rows if name + suffix in row]
            if not judged:
                continue
            found, of = scores(judged)
            own = found if not prefix else {k: v for k, v in found.items() if not k.startswith("raw_")}
            figures.update({f"{prefix}{key}{suffix}": value for key, value in own.items()})
            n.update({f"{prefix}{key}{suffix}": count for key, count in of.items() if key in own})
    looks = [ms for row in rows for ms in row["look_ms"]]
    figures["picture_ms_median"], n["picture_ms_median"] = quantile(looks, 0.5), len(looks)
    figures["measure_ms_median"] = quantile([row["measure_ms"] for row in rows], 0.5)
    n["measure_ms_median"] = len(rows)
    return figures, n


def _costs(*, quick: bool) -> tuple[Figures, dict[str, int]]:
    """Time an update with twenty slots, after a short and after a long history."""
    long = LONG_QUICK if quick else LONG
    short_ms, long_ms = update_cost(), update_cost(history=long)
    figures: Figures = {
        "update_ms_median": round(short_ms, 4),
        "update_history_ratio": round(long_ms / short_ms, 3),
    }
    return figures, {"update_history_ratio": long}


def _store(*, quick: bool) -> tuple[Figures, dict[str, int]]:
    """Let the event store be measured: how fast, how soon open, and what kill -9 costs.

    What is of PostgreSQL is None where its server is not installed.
    """
    from hybridctl.bench import memory_store
    from hybridctl.bench.postgres_server import server_programs

    killed, lost, half_read = memory_store.kills(QUICK_KILLS if quick else KILLS)
    rate = memory_store.events_per_second(events=QUICK_EVENTS if quick else EVENTS)
    figures: Figures = {
        "events_per_second": round(rate.events_per_second, 1),
        "open_million_ms": None if quick else round(memory_store.open_million_ms(), 2),
        "kills": killed,
        "events_lost": lost,
        "events_half_read": half_read,
        "kills_postgres": None,
        "events_lost_postgres": None,
        "events_half_read_postgres": None,
    }
    n = {"events_lost": killed, "events_half_read": killed}
    if server_programs() is not None:
        count = QUICK_KILLS_POSTGRES if quick else KILLS_POSTGRES
        servers = max(1, count // 4)
        killed, lost, half_read = memory_store.kills_of_postgres(count - servers, servers=servers)
        figures["kills_postgres"], figures["events_lost_postgres"] = killed, lost
        figures["events_half_read_postgres"] = half_read
        n.update({"events_lost_postgres": killed, "events_half_read_postgres": killed})
    return figures, n


def _resumed(job: Job) -> list[Row]:
    from hybridctl.bench import resumed_runs

    seeds = range(FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + RESUMED)
    partial = None if job.partial is None else job.partial.with_suffix(".resumed.jsonl")
    rows = resumed_runs.resumed(seeds, workers=job.workers, minutes=job.minutes, partial=partial)
    if partial is not None and len(rows) == RESUMED:
        partial.unlink(missing_ok=True)
    return rows


def _rounded(row: Row) -> Row:
    """Return the row in few digits: it is kept on disk until all are there."""

    def short(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.5g}")
        return [short(one) for one in value] if isinstance(value, list | tuple) else value

    return {key: short(value) for key, value in row.items()}


def _slim(row: Row) -> Row:
    """Return what is committed of a sequence: its own figures, not each sample."""
    kept: Row = {key: row[key] for key in ("seed", "ended", "pictures", "measure_ms", "record_s", "judge_s")}
    for name in ("memory", "naive", "memory_iid", "naive_iid", "peer_iid"):
        if name in row:
            kept[name] = scores([row[name]])[0]
    return kept
