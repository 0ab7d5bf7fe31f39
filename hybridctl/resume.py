"""What a run folder says of a run that was cut short: who was asked what, how far it came, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from behaviors.progress import PREFIX, RESUMED, STARTED, Progress
from hybridctl.messages.arrays import MessageError
from hybridctl.messages.clock import Clock
from hybridctl.record import EVENTS_NAME, REPORT_NAME
from world_state.store import EventStore

LOCK_NAME = "run.lock"
_ROUNDING = 1e-3  # [s] a stamp is noted after it was read


class ResumeError(ValueError):
    """A run cannot be resumed."""


@dataclass(frozen=True)
class CutShort:
    """A run that was cut short.

    Attributes:
        folder: The run folder.
        progress: How far it came.
        about: What `run_instruction` was told of the run, as the arm's address and serial number.
        stamp: Stamp of the last event, by the run's clock [s].
        wall_time: When that was [s since 1970]; None of a store that did not keep it.
    """

    folder: Path
    progress: Progress
    about: dict[str, Any]
    stamp: float
    wall_time: float | None

    @property
    def arm(self) -> str:
        """Address of the arm that the run is on.

        Raises:
            ResumeError: the run did not note it.
        """
        if "arm" not in self.about:
            raise ResumeError(
                f"the run in {self.folder} did not note which arm it was on: only runs that `hybridctl run` "
                "began on a simulator apart can be resumed"
            )
        return str(self.about["arm"])

    def check_arm(self, address: str, *, serial: str) -> None:
        """Refuse an arm that is not the run's.

        Raises:
            ResumeError: the address or the serial number is another, or not known.
        """
        if address != self.arm:
            raise ResumeError(f"the run in {self.folder} is on {self.arm}, not on {address}")
        if serial != self.about.get("serial"):
            raise ResumeError(
                f"the simulator at {address} is not the one that {self.folder} was on: it was started anew, "
                "and what stood there then is gone"
            )

    def check_clock(self, clock: Clock) -> None:
        """Refuse a clock that does not go on from the run's, by which every age would be wrong.

        Raises:
            ResumeError: it reads an earlier time than the last event.
        """
        now = clock.now()
        if now < self.stamp - _ROUNDING:
            raise ResumeError(
                f"the clock reads {now:.2f} s, the last event of {self.folder} was at {self.stamp:.2f} s: "
                "this is not the clock of that run. A simulator that was started anew has forgotten it; "
                "for an arm on wall time make the clock by WallClock.going_on"
            )


def require_run(folder: Path) -> None:
    """Raise ResumeError unless `folder` is one that a run has begun in."""
    if (folder / EVENTS_NAME).is_file():
        return
    what = "holds no events.db" if folder.is_dir() else "is a file" if folder.exists() else "is not there"
    raise ResumeError(
        f"{folder} {what}: give the folder of a run that was cut short, as `hybridctl run --out` named it"
    )


def cut_short(folder: Path) -> CutShort:
    """Read what a run folder says of its run.

    Raises:
        ResumeError: there is no run, it has ended, or it did not get as far as to say what it was.
        StoreError: its event store cannot be read.
    """
    require_run(folder)
    with EventStore(folder / EVENTS_NAME) as store:
        events = list(store.events())
    try:
        progress = Progress.from_events(events)
    except MessageError as error:
        raise ResumeError(f"{folder} was written by another version of hybridctl: {error}") from error
    started = [event for event in events if event.kind == PREFIX + STARTED]
    if not started:
        raise ResumeError(f"{folder} does not say what its run was asked to do: start a new one")
    if progress.ended or (folder / REPORT_NAME).exists():
        ended = progress.ended or "its report is there"
        raise ResumeError(f"the run in {folder} has ended ({ended}): there is nothing to resume")
    about = dict(started[-1].measurement["about"])
    if about.get("arm") == "sim":
        raise ResumeError(
            f"the run in {folder} was on --arm sim, a simulator that ended with its process: only runs on "
            "sim://HOST:PORT can be resumed"
        )
    last = max(events, key=lambda event: event.stamp)
    return CutShort(folder, progress, about, last.stamp, last.wall_time)


def resumptions(store: EventStore) -> list[dict[str, Any]]:
    """Return when a run was resumed and after which subgoal, as a report has it."""
    return [
        {"stamp": event.stamp, "wall_time": event.wall_time, **event.measurement}
        for event in store.events(PREFIX + RESUMED)
    ]


@contextmanager
def only_process(folder: Path) -> Iterator[None]:
    """Keep other processes out of a run folder that is there; when this one dies, the system lets them in.

    Raises:
        ResumeError: a live process runs there.
    """
    lock = FileLock(folder / LOCK_NAME)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ResumeError(f"a live process runs in {folder}: wait for it, or end it first") from None
    try:
        yield
    finally:
        lock.release()
