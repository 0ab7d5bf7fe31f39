"""What every bench shares: seeds, the JSON object of BENCH.md, and where it is kept."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.table import Table

FIRST_EVALUATION_SEED = 1_000_000
BENCHES = {
    "main-job": "hybridctl.bench.main_job",
    "experts": "hybridctl.bench.experts",
    "loop": "hybridctl.bench.loop",
    "mpc": "hybridctl.bench.mpc",
    "mpc-stress": "hybridctl.bench.mpc_stress",
    "sim": "hybridctl.bench.sim",
    "precision": "hybridctl.bench.precision",
    "decode": "hybridctl.bench.decode",
    "memory": "hybridctl.bench.memory",
}
"""Each bench's name and the module whose `measure(job)` makes it."""
_PACKAGE = Path(__file__).parents[1]
_PACKAGES = ("casadi", "daqp", "mujoco", "numpy", "pin", "py-trees", "torch", "transformers")


class BenchError(ValueError):
    """A bench was asked for what it cannot do."""


@dataclass(frozen=True)
class Job:
    """What a bench is asked to do.

    Attributes:
        quick: Only what fits in 50 s.
        seeds: First and last evaluation seed, the last excluded; the bench's own when None.
        workers: Processes.
        policy_folder: The model; the one that ships when None.
        partial: Where rows are kept until all are there.
        minutes: No episode begins later than this; None for no end.
        peers: Peers that need an environment of their own take part too.
    """

    quick: bool
    seeds: tuple[int, int] | None
    workers: int
    policy_folder: Path | None
    partial: Path | None
    minutes: float | None = None
    peers: bool = False


@dataclass(frozen=True)
class Measured:
    """What a bench found: its seeds, figures, the number of cases each rests on, and rows behind them.

    `complete` is false where the time ended first: the figures rest on what was done, as `n` says.
    """

    seeds: tuple[int, int]
    figures: dict[str, float | None]
    n: dict[str, int]
    rows: list[dict[str, Any]]
    complete: bool = True


Measure = Callable[[Job], Measured]


def run_bench(
    name: str, *, quick: bool, seeds: tuple[int, int] | None, workers: int, policy_folder: Path | None,
    minutes: float | None = None, peers: bool = False, folder: Path = Path("benchmarks"),
) -> dict[str, Any]:  # fmt: skip
    """Run a bench and return its JSON object; a full run on default settings is kept in `folder`.

    Raises:
        BenchError: seeds below FIRST_EVALUATION_SEED, which belong to training and tuning.
    """
    if seeds is not None and seeds[0] < FIRST_EVALUATION_SEED:
        raise BenchError(f"seeds {seeds[0]}:{seeds[1]}: evaluation seeds start at {FIRST_EVALUATION_SEED}")
    kept = not quick and seeds is None and policy_folder is None
    commit, contents = _commit(), _contents()
    partial = folder / f".{name}.{contents}.partial.jsonl" if kept else None
    measure: Measure = import_module(BENCHES[name]).measure
    found = measure(Job(quick, seeds, workers, policy_folder, partial, minutes, peers))
    result = {
        "bench": name,
        "commit": commit,
        "contents": contents,
        "complete": found.complete,
        "seeds": [found.seeds[0], found.seeds[1] - 1],
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version()},
        "versions": {package: version(package) for package in _PACKAGES},
        "figures": found.figures,
        "n": found.n,
        "rows": found.rows,
    }
    if kept:
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        if partial is not None and partial.exists() and found.complete:
            partial.unlink()
    return result


def table(result: dict[str, Any]) -> Table:
    """Return the figures as a table for people."""
    shown = Table(title=f"{result['bench']}, seeds {result['seeds'][0]} to {result['seeds'][1]}")
    shown.add_column("figure")
    shown.add_column("value", justify="right")
    shown.add_column("n", justify="right")
    for key, value in result["figures"].items():
        shown.add_row(key, "not measured" if value is None else f"{value:g}", str(result["n"].get(key, "")))
    return shown


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(_PACKAGE), "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def _contents() -> str:
    """Return a hash of all code, gains and weights: a bench resumes only what the same contents measured."""
    digest = hashlib.sha256()
    for package in ("hybridctl", "behaviors", "controllers", "world_state"):
        for path in sorted((_PACKAGE.parent / package).rglob("*")):
            if path.suffix in (".py", ".yaml", ".xml", ".json", ".safetensors"):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
