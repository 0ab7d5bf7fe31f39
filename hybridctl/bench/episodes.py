"""Runs many episodes in parallel processes, with progress, and resumes where an earlier try was cut off."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress, TimeRemainingColumn

from hybridctl.bench.report import Job

E = TypeVar("E")
Row = dict[str, Any]
"""What one episode left behind, as plain data."""


def run_episodes(
    episodes: Sequence[E],
    work: Callable[[E], Row],
    *,
    job: Job,
    name_of: Callable[[E], Hashable],
    named: Callable[[Row], Hashable],
) -> list[Row]:
    """Run `work` on every episode, until `job.minutes` are over, and return the rows, in no order.

    Args:
        episodes: What to run; picklable.
        work: A module's function, called in a worker.
        job: Says how many workers, and where rows are kept so that a run that is cut off resumes.
        name_of: Tells episodes apart.
        named: The same name from a row.
    """
    rows = _kept(job.partial)
    done = {named(row) for row in rows}
    todo = [episode for episode in episodes if name_of(episode) not in done]
    context = multiprocessing.get_context("spawn")
    progress = Progress(
        *Progress.get_default_columns()[:-1], TimeRemainingColumn(), console=Console(stderr=True)
    )
    with progress, context.Pool(job.workers) as pool:
        task = progress.add_task("episodes", total=len(episodes), completed=len(episodes) - len(todo))
        ends = None if job.minutes is None else monotonic() + 60 * job.minutes
        for row in pool.imap_unordered(work, todo):
            rows.append(row)
            if job.partial is not None:
                job.partial.parent.mkdir(exist_ok=True)
                with job.partial.open("a") as file:
                    file.write(json.dumps(row) + "\n")
            progress.advance(task)
            if ends is not None and monotonic() > ends:  # leaving the pool ends what has begun
                break
    return rows


def _kept(partial: Path | None) -> list[Row]:
    """Return the rows of an earlier try; a last line that was cut off is taken out of the file."""
    if partial is None or not partial.exists():
        return []
    *lines, cut_off = partial.read_bytes().split(b"\n")
    if cut_off:
        partial.write_bytes(b"".join(line + b"\n" for line in lines))
    return [json.loads(line) for line in lines]
