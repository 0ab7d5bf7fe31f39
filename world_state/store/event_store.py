"""An append-only store of events: one robot appends, anybody reads."""

from __future__ import annotations

import atexit
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from world_state.errors import StoreError
from world_state.store.database import in_words, open_engine, shown
from world_state.store.encoding import to_text
from world_state.store.event import EVERY_ROBOT, Event, Json, Snapshot
from world_state.store.migrations import bring_to_head
from world_state.store.reading import (
    count_kinds,
    of_robot,
    read_events,
    read_newest,
    read_robots,
    read_snapshot,
)
from world_state.store.schema import EVENTS, SCHEMA_VERSION
from world_state.store.writer import EventRow, SnapshotRow, Writer

LONGEST_NAME = 64
"""Characters of a robot's name and of a kind."""


class EventStore:
    """One robot's way into the store, written by a thread of its own.

    `append` and `snapshot` only queue and never wait for the disk; what they took is durable once a later
    `flush` has returned, or `close`. Events are written in order and without a gap: a kill loses at most
    the last ones that no flush acknowledged. After a write has failed, or the queue has overflowed, every
    call raises StoreError, so that a run which cannot be recorded stops.

    Several robots may share a store; each needs a name of its own and appends by one EventStore at a time.
    Use it as a context manager or call `close`.
    """

    def __init__(
        self, location: str | Path, *, robot: str = "robot", create: bool = True,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """Open or create the store at a file path (SQLite) or an SQLAlchemy URL.

        A store of an older schema is migrated in place.

        Args:
            location: Path, or a URL as `postgresql://user@host/database`.
            robot: Whose events are appended, and read where nothing else is said.
            create: False refuses a place where there is no store yet.
            wall_clock: What dates the events [s since 1970, UTC].

        Raises:
            StoreError: it cannot be opened, was written by a newer version of this program, or is none.
        """
        if robot == EVERY_ROBOT:
            raise StoreError(f"{robot!r} stands for every robot, expected the name of one")
        self._robot = _name("robot", robot)
        self._wall_clock = wall_clock
        self._closed = False
        self._engine = open_engine(location)
        where = shown(self._engine.url)
        if not create and self._engine.dialect.name == "sqlite" and not Path(where).is_file():
            raise StoreError(f"there is no event store {where}")
        try:
            bring_to_head(self._engine, create_missing=create)
        except (SQLAlchemyError, StoreError) as error:
            self._engine.dispose()
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"cannot open the event store {where}: {in_words(error)}") from error
        self._writer = Writer(self._engine, robot)
        atexit.register(self.close)

    @property
    def robot(self) -> str:
        """Whose events are appended."""
        return self._robot

    def append(self, kind: str, *, stamp: float, cause: str, measurement: Json, belief: Json) -> None:
        """Queue an event; it is durable after the next `flush`.

        Args:
            kind: What sort of event, for `events(kind)`.
            stamp: When it happened, by the robot's clock [s].
            cause: What it came of, for people.
            measurement: What came in, as JSON values.
            belief: What is believed since, as JSON values.

        Raises:
            StoreError: a value is NaN, infinite or no JSON; an earlier write failed; too many events wait
                to be written; the store is closed.
        """
        what = f"event {kind!r}"
        self._refuse_closed(what)
        self._writer.put(
            EventRow(
                _stamp(what, stamp), self._wall_clock(), _name("kind", kind), cause, SCHEMA_VERSION,
                to_text(what, measurement), to_text(what, belief),
            )
        )  # fmt: skip

    def snapshot(self, stamp: float, beliefs: Json) -> None:
        """Queue all beliefs as they are after the last appended event, so that readers may begin there.

        Args:
            stamp: Of that event, by the robot's clock [s].
            beliefs: The beliefs, as JSON values.

        Raises:
            StoreError: as `append` does.
        """
        self._refuse_closed("a snapshot")
        stamp = _stamp("a snapshot", stamp)
        text = to_text("a snapshot", beliefs)
        self._writer.put(SnapshotRow(stamp, self._wall_clock(), SCHEMA_VERSION, text))

    def flush(self) -> None:
        """Return once all events appended so far are durable.

        Raises:
            StoreError: they could not be written.
        """
        if not self._closed:
            self._writer.flush()
        self._writer.raise_failure()

    def events(
        self, kind: str | None = None, *, robot: str | None = None, after: int = 0,
        since: float | None = None, until: float | None = None,
    ) -> Iterator[Event]:  # fmt: skip
        """Iterate over events in the order they were appended.

        Args:
            kind: Only those of one kind.
            robot: Only those of one robot, this store's when None; EVERY_ROBOT for all.
            after: Only those with a greater id.
            since, until: Only those stamped within, both ends included [s].

        Raises:
            StoreError: they cannot be read, or earlier ones could not be written.
        """
        self.flush()
        conditions = [*of_robot(robot or self._robot)]
        if kind is not None:
            conditions.append(EVENTS.c.kind == kind)
        if since is not None:
            conditions.append(EVENTS.c.stamp >= since)
        if until is not None:
            conditions.append(EVENTS.c.stamp <= until)
        with self._reading():
            yield from read_events(self._engine, *conditions, after=after)

    def newest(self, count: int, *, robot: str | None = None) -> tuple[Event, ...]:
        """Return the last `count` events in their order. Costs the same in a long store.

        Raises:
            StoreError: they cannot be read, or earlier ones could not be written.
        """
        self.flush()
        with self._reading():
            return read_newest(self._engine, *of_robot(robot or self._robot), count=count)

    def kinds(self, *, robot: str | None = None) -> dict[str, int]:
        """Return how many events there are of each kind, the most frequent first.

        Raises:
            StoreError: they cannot be read, or earlier ones could not be written.
        """
        self.flush()
        with self._reading():
            return count_kinds(self._engine, *of_robot(robot or self._robot))

    def last(self, kind: str, *, robot: str | None = None) -> Event | None:
        """Return the last event of a kind; None when there was none. Costs the same in a long store.

        Raises:
            StoreError: it cannot be read, or earlier ones could not be written.
        """
        self.flush()
        with self._reading():
            conditions = (*of_robot(robot or self._robot), EVENTS.c.kind == kind)
            return next(iter(read_newest(self._engine, *conditions, count=1)), None)

    def latest_snapshot(self, before: float | None = None, *, robot: str | None = None) -> Snapshot | None:
        """Return the last snapshot, or the last that holds no event stamped after `before` [s].

        Raises:
            StoreError: it cannot be read, or earlier events could not be written.
        """
        self.flush()
        with self._reading():
            return read_snapshot(self._engine, robot or self._robot, before)

    def robots(self) -> tuple[str, ...]:
        """Return the names of the robots that have events, sorted.

        Raises:
            StoreError: they cannot be read, or earlier events could not be written.
        """
        self.flush()
        with self._reading():
            return read_robots(self._engine)

    def close(self) -> None:
        """Write what is queued and let go of the database; calling it again does nothing.

        Raises:
            StoreError: what was queued could not be written, and no call has said so before.
        """
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        try:
            self._writer.close()
        finally:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse_closed(self, what: str) -> None:
        self._writer.raise_failure()
        if self._closed:
            raise StoreError(f"{what} came after the event store was closed")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, ValueError) as error:
            where = shown(self._engine.url)
            why = in_words(error)
            raise StoreError(f"cannot read events from {where}: {why}") from error


def _name(what: str, name: str) -> str:
    if not 0 < len(name) <= LONGEST_NAME:
        raise StoreError(f"a {what} of {len(name)} characters, expected 1 to {LONGEST_NAME}: {name!r}")
    return name


def _stamp(what: str, stamp: float) -> float:
    if not math.isfinite(stamp):
        raise StoreError(f"{what} holds what JSON cannot keep: its stamp is {stamp}")
    return float(stamp)
