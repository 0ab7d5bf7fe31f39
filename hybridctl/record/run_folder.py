"""Loads a run folder as far as it goes, and says what is missing."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hybridctl.record.memory_events import Unfolding
from hybridctl.record.parts import TELEMETRY_NAME, VIDEO_NAME, joined, part_name, parts_of
from hybridctl.record.reading import RunFolderError, Telemetry, load_telemetry
from hybridctl.record.report_file import load_report

REORDERING = 5.0
"""A look is dated by its picture, so stamps may step back by an answer's deadline [s], not by more."""


@dataclass(frozen=True)
class MemoryEvent:
    """A change of belief: when [s], which kind, why, what was measured and what is believed since."""

    stamp: float
    kind: str
    cause: str
    measurement: dict[str, Any]
    belief: dict[str, Any]


@dataclass
class RunFolder:
    """What a run left behind.

    Attributes:
        path: The folder.
        report: Content of report.json; None when the run was cut short.
        telemetry: Content of telemetry.mcap, and of the parts that were written after the run was resumed;
            None when it is missing or broken.
        videos: Names of the videos in their order, each with the clock time of its first frame [s], None
            where that is not known.
        memory: Events of the world-state memory.
        problems: What is missing or broken, in words.
    """

    path: Path
    report: dict[str, Any] | None = None
    telemetry: Telemetry | None = None
    videos: list[tuple[str, float | None]] = field(default_factory=list)
    memory: list[MemoryEvent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def instruction(self) -> str:
        """What the run was asked to do."""
        if self.report is not None and "instruction" in self.report:
            return str(self.report["instruction"])
        return self.telemetry.instruction if self.telemetry is not None else ""


def load_run(folder: Path) -> RunFolder:
    """Load what is there; parts that are missing or broken become `problems`.

    Raises:
        RunFolderError: there is no such folder, or it holds none of a run's files that can be read.
    """
    if not folder.is_dir():
        kind = "a file" if folder.exists() else "not there"
        raise RunFolderError(f"{folder} is {kind}, expected a run folder as `hybridctl run` writes it")
    names = ("report.json", "telemetry.mcap", "events.db")
    if not any((folder / name).is_file() for name in names):
        raise RunFolderError(f"{folder} is no run folder: it holds none of {', '.join(names)}")
    run = RunFolder(folder)
    _load_report(run)
    _load_telemetry(run)
    _load_memory(run)
    if run.report is None and not run.memory and not (run.telemetry and run.telemetry.holds_something):
        told = [problem for problem in run.problems if not problem.startswith("There is no")]
        raise RunFolderError(f"{folder} holds nothing that can be shown: {' '.join(told)}")
    return run


def _load_report(run: RunFolder) -> None:
    try:
        run.report, odd = load_report(run.path / "report.json")
    except FileNotFoundError:
        run.problems.append("There is no report.json: the run was cut short, so its outcome is not known.")
        return
    except (OSError, ValueError) as error:
        run.problems.append(f"report.json cannot be read ({error}).")
        return
    run.problems += [f"report.json: {what}, left out." for what in odd]
    run.problems += run.report.get("record", {}).get("problems", [])


def _load_telemetry(run: RunFolder) -> None:
    parts = parts_of(run.path)
    if not (run.path / TELEMETRY_NAME).is_file():
        run.problems.append("There is no telemetry.mcap, so there are no plots of the motion.")
    for part in parts:
        name, video = part_name(TELEMETRY_NAME, part), part_name(VIDEO_NAME, part)
        found = _load_part(run, name) if (run.path / name).is_file() else None
        if found is not None:
            run.telemetry = found if run.telemetry is None else joined(run.telemetry, found)
        if (run.path / video).is_file() and (run.path / video).stat().st_size:
            run.videos.append((video, None if found is None else found.video_start))


def _load_part(run: RunFolder, name: str) -> Telemetry | None:
    try:
        telemetry = load_telemetry(run.path / name)
    except RunFolderError as error:
        run.problems.append(f"{error}.")
        return None
    stamps = telemetry.arrays["stamp"]
    if not telemetry.complete:
        shown = "before the first control period."
        if len(stamps):
            shown = f"at {stamps[-1]:.2f} s. All up to there is shown."
        run.problems.append(f"{name} was cut short: it ends {shown}")
    elif not len(stamps):
        run.problems.append(f"{name} holds no control period.")
    return telemetry


def _load_memory(run: RunFolder) -> None:
    path = run.path / "events.db"
    if not path.is_file():
        run.problems.append("There is no events.db, so there is no memory timeline.")
        return
    query = "SELECT stamp, kind, cause, measurement, belief FROM events ORDER BY id"
    # A closed store has no log beside it; opened as one that never changes, it is left without one.
    log = path.with_name(path.name + "-wal")
    how = "mode=ro" if log.is_file() and log.stat().st_size else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)) as database:
            rows = database.execute(query).fetchall()
        stored = [MemoryEvent(s, k, c, json.loads(m), json.loads(b)) for s, k, c, m, b in rows]
    except (sqlite3.Error, ValueError, TypeError) as error:
        run.problems.append(f"events.db cannot be read ({error}).")
        return
    unfolding = Unfolding()
    events = [event for event in (_unfolded(unfolding, one) for one in stored) if event is not None]
    if len(events) < len(stored):
        count = len(stored) - len(events)
        run.problems.append(f"events.db holds {count} events that this version cannot read, left out.")
    first, latest = 0, -math.inf
    for i, event in enumerate(events):
        if event.stamp < latest - REORDERING:
            first, latest = i, -math.inf
        latest = max(latest, event.stamp)
    if first:
        run.problems.append("events.db also holds an earlier run of this folder, which is left out.")
    run.memory = [event for event in events[first:] if not event.kind.startswith("tree.")]


def _unfolded(unfolding: Unfolding, event: MemoryEvent) -> MemoryEvent | None:
    """Return an event for the plots; None for one that they cannot show."""
    try:
        measurement, belief = unfolding.unfolded(event.measurement, event.belief)
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    event = replace(event, measurement=measurement, belief=belief)
    return event if _can_be_shown(event) else None


def _can_be_shown(event: MemoryEvent) -> bool:
    """Return whether what the plots take from an event is there, and a number where it should be."""
    try:
        slots = event.belief.get("slots", {})
        for slot in slots.values():
            if slot is not None:
                numbers = [*slot["position"], *(slot["covariance"][i][i] for i in range(3))]
                if len(numbers) != 6 or not all(math.isfinite(number) for number in numbers):
                    return False
        (event.belief.get("hand", {}).get("grip") or {}).get("phrase")
        event.measurement.get("entropy")
        return math.isfinite(event.stamp)
    except (AttributeError, LookupError, TypeError):
        return False
