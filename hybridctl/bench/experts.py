"""`hybridctl bench experts`: how often the scripted experts carry out each skill, task and chain length.

They bound what a policy can reach in this world: a failure of theirs is the scene's or the controller's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from time import perf_counter
from typing import Any

from hybridctl.bench.episodes import Row, run_episodes
from hybridctl.bench.report import FIRST_EVALUATION_SEED, Job, Measured
from hybridctl.bench.statistics import quantile, rate, wilson
from hybridctl.demonstrations import Demonstration, Demonstrator
from hybridctl.messages.plan import Skill
from hybridctl.sim.splits import SPLITS
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.tasks.registry import TASKS, make_task
from hybridctl.sim.world import SimWorld

EPISODES, FEWER, QUICK_EPISODES = 200, 50, 2
"""Episodes of a task that stands for a skill or a chain length, of any other task, and of each in a hurry."""
OF_SKILLS = ("pick", "place", "push", "open_close", "insert", "hand_over", "look")
SHARED = {"look": 3}
"""Tasks that stand for several skills in turn (look, home, wait), and by how many times their seeds grow."""
MOTIONLESS = (Skill.LOCATE, Skill.ASK, Skill.DONE)
"""Skills that ask the model and move nothing: an expert has nothing to do for them."""
Episode = tuple[str, int]


_worker: Demonstrator | None = None
"""What a process keeps from one episode to the next."""


def measure(job: Job) -> Measured:
    """Run every task over the seeds, splits in turn, and sum up by skill, task and chain length.

    Without seeds given, tasks that no skill's figure rests on run on the first FEWER seeds only. Those come
    first, then the rest of the tasks that stand for skills, then the rest of the chains, so that a run whose
    time ends early has something of everything.
    """
    count = QUICK_EPISODES if job.quick else EPISODES
    seeds = job.seeds or (FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + count)
    episodes: list[Episode] = [
        (name, seed)
        for name in TASKS
        for seed in range(seeds[0], seeds[0] + _episodes_of(name, job, seeds[1] - seeds[0]))
    ]
    episodes.sort(key=lambda e: (e[1] - seeds[0] >= FEWER, e[0].startswith("chain_"), e[1], e[0]))
    rows = run_episodes(
        episodes, _episode, job=job, name_of=lambda e: e, named=lambda row: (row["task"], row["seed"])
    )
    measured = _sum_up(rows, seeds, workers=job.workers)
    return replace(measured, complete=len(rows) >= len(episodes))


def _episodes_of(name: str, job: Job, count: int) -> int:
    """Return how many seeds a task has."""
    if job.seeds or job.quick:
        return count
    thorough = name in OF_SKILLS or name.startswith("chain_")
    return count * SHARED.get(name, 1) if thorough else min(count, FEWER)


def _episode(episode: Episode) -> Row:
    global _worker
    name, seed = episode
    if _worker is None:
        _worker = Demonstrator(SimWorld(sample_scene(0)))
    split = list(SPLITS)[seed % len(SPLITS)]
    task = make_task(name, seed, split=split)
    _worker.set_up(task)
    started = perf_counter()
    done = _worker.run(task)
    return {
        "task": name,
        "seed": seed,
        "split": split,
        "success": done.success,
        "first_attempt": done.success and not done.outcome.failures,
        "ended": done.outcome.status,
        "why": "" if done.success else _why(done),
        "disturbed": done.score.disturbed,
        "steps": [[s.subgoal.skill.value, s.attempts, s.done] for s in done.steps],
        "interfered": any(getattr(actor, "done", False) for actor in task.actors),
        "violations": done.violations,
        "touched": done.touched,
        "sim_s": round(done.outcome.duration, 2),
        "wall_s": round(perf_counter() - started, 3),
    }


def _why(done: Demonstration) -> str:
    failures = done.outcome.failures
    missing = [name for name, held in done.score.met.items() if not held]
    return f"{failures[-1]['why'] if failures else done.outcome.cause}; not so: {', '.join(missing)}"


def _sum_up(rows: list[Row], seeds: tuple[int, int], *, workers: int) -> Measured:
    rows = sorted(rows, key=lambda row: (list(TASKS).index(row["task"]), row["seed"]))
    figures: dict[str, float | None] = {}
    n: dict[str, int] = {}
    summary: list[Row] = []
    by_task: dict[str, list[bool]] = defaultdict(list)
    by_split: dict[str, list[bool]] = defaultdict(list)
    by_skill: dict[str, list[bool]] = defaultdict(list)
    at_once: Counter[str] = Counter()
    for row in rows:
        by_task[row["task"]].append(row["success"])
        by_split[row["split"]].append(row["success"])
        for skill, attempts, done in row["steps"]:
            by_skill[skill].append(done)
            at_once[skill] += done and attempts == 1
    for kind, groups in (("skill", by_skill), ("task", by_task), ("split", by_split)):
        for name, flags in groups.items():
            key = f"{kind}_{name.replace('-', '_')}"
            figures[key], n[key] = rate(flags), len(flags)
            low, high = wilson(sum(flags), len(flags))
            entry: dict[str, Any] = {
                kind: name, "done": sum(flags), "of": len(flags),
                "wilson_95": [round(low, 4), round(high, 4)],
            }  # fmt: skip
            if kind == "skill":
                entry["at_once"] = at_once[name]
            summary.append(entry)
    broken: Counter[str] = Counter()
    touched: Counter[str] = Counter()
    for row in rows:
        broken.update(row["violations"])
        touched.update(row["touched"])
    figures["violations"], n["violations"] = broken.total(), len(rows)
    figures["touched_periods"], n["touched_periods"] = touched.total(), len(rows)
    disturbed = [row["success"] for row in rows if row["task"] == "interference" and row["interfered"]]
    figures["interference_recovered"], n["interference_recovered"] = rate(disturbed), len(disturbed)
    simulated, worked = sum(r["sim_s"] for r in rows), sum(r["wall_s"] for r in rows)
    figures["sim_seconds_per_core_second"] = round(simulated / worked, 2) if worked else None
    # From the time that the workers spent, so that a run that was cut off and goes on says the same.
    figures["episodes_per_hour"] = round(3600 * workers * len(rows) / worked, 1) if worked else None
    figures["episode_seconds_median"] = quantile([r["sim_s"] for r in rows], 0.5)
    summary.append({"violations_by_limit": dict(broken), "touched_by_body": dict(touched)})
    return Measured(seeds, figures, n, [*summary, *rows])
