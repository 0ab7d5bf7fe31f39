"""The thread that writes: it commits all that is queued together, so that nobody waits for the disk."""

from __future__ import annotations

import math
import queue
import threading
import time
from itertools import chain, groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from world_state.errors import StoreError
from world_state.store.database import in_words, shown, writing
from world_state.store.schema import EVENTS, SNAPSHOTS

CAPACITY = 65_536
"""Events that may wait to be written; one more is an error."""
_MOST_TOGETHER = 4096  # in one transaction: a flush waits for at most two of these
_ROWS_A_STATEMENT = 256
_BREATH = 0.001  # [s] between transactions under load, for another robot's to come between


class EventRow(NamedTuple):
    """The columns of an event as they are written, `robot` and `id` aside."""

    stamp: float
    wall_time: float
    kind: str
    cause: str
    schema_version: int
    measurement: str
    belief: str


class SnapshotRow(NamedTuple):
    """A snapshot to be written after the events before it."""

    stamp: float
    wall_time: float
    schema_version: int
    beliefs: str


_Item = EventRow | SnapshotRow | threading.Event | None


class Writer:
    """Writes one robot's rows in the order they were put. After a failure no more are taken."""

    def __init__(self, engine: sa.Engine, robot: str) -> None:
        self._engine, self._robot = engine, robot
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._failure: str | None = None
        self._told = False
        self._broken = False  # a row could not be written; of an overflow all that was taken still is
        self._last_id: int | None = None  # of this robot's events, as this writer left it
        self._high_water = -math.inf  # [s] the latest stamp of its events
        # A daemon, so that a program which forgets to close still ends; atexit then writes what is queued.
        self._thread = threading.Thread(target=self._run, name="event-store", daemon=True)
        self._thread.start()

    def put(self, row: EventRow | SnapshotRow) -> None:
        """Queue a row; returns at once.

        Raises:
            StoreError: an earlier row could not be written, or CAPACITY rows wait already.
        """
        self.raise_failure()
        if self._queue.qsize() >= CAPACITY:
            # From here on a row is missing, so none may follow it.
            self._failure = (
                f"{CAPACITY} events wait to be written to {shown(self._engine.url)}: its disk or server does "
                "not keep up; use a faster one, or record less"
            )
            self.raise_failure()
        self._queue.put(row)

    def flush(self) -> None:
        """Return once all rows put so far are durable.

        Raises:
            StoreError: they could not be written.
        """
        done = threading.Event()
        self._queue.put(done)
        done.wait()
        self.raise_failure()

    def close(self) -> None:
        """Write what is queued and end the thread.

        Raises:
            StoreError: not all could be written, and nobody was told so yet.
        """
        self._queue.put(None)
        self._thread.join()
        if not self._told:
            self.raise_failure()

    def raise_failure(self) -> None:
        """Raise StoreError if a row could not be written."""
        if self._failure is not None:
            self._told = True
            raise StoreError(self._failure)

    def _run(self) -> None:
        connection: sa.Connection | None = None
        open_ = True
        while open_:
            batch = self._take()
            rows = [item for item in batch if isinstance(item, tuple)]
            # One transaction, one fsync: that is what a group of events costs together.
            if rows and not self._broken:
                try:
                    connection = connection or writing(self._engine)
                    with connection.begin():
                        self._write(connection, rows)
                except Exception as error:
                    self._broken = True
                    self._failure = self._why(rows, error)
            for item in batch:
                if isinstance(item, threading.Event):
                    item.set()
            open_ = None not in batch
            if not self._queue.empty():
                time.sleep(_BREATH)
        if connection is not None:
            connection.close()

    def _take(self) -> list[_Item]:
        batch = [self._queue.get()]
        while len(batch) < _MOST_TOGETHER and not self._queue.empty():
            batch.append(self._queue.get())
        return batch

    def _why(self, rows: list[Any], error: Exception) -> str:
        return f"{len(rows)} events could not be written to {shown(self._engine.url)}: {in_words(error)}"

    def _write(self, connection: sa.Connection, rows: list[EventRow | SnapshotRow]) -> None:
        if self._last_id is None:
            self._begin_stream(connection)
        elif self._newest_id(connection) != self._last_id:
            raise StoreError(
                f"another program writes events of a robot {self._robot!r} too: give each robot a name of "
                "its own, EventStore(…, robot=NAME)"
            )
        for kind, group in groupby(rows, key=type):
            if kind is EventRow:
                events = [(self._robot, *row) for row in group]
                insert_events(connection, events)
                self._high_water = max(self._high_water, *(event[1] for event in events))
                self._last_id = self._newest_id(connection)
            else:
                self._write_snapshots(connection, [row for row in group if isinstance(row, SnapshotRow)])

    def _write_snapshots(self, connection: sa.Connection, rows: list[SnapshotRow]) -> None:
        for row in rows:
            # A look is dated by its picture, so an event before the last one may have a later stamp.
            self._high_water = max(self._high_water, row.stamp)
            values = {**row._asdict(), "stamp": self._high_water}
            connection.execute(
                sa.insert(SNAPSHOTS).values(robot=self._robot, event_id=self._last_id, **values)
            )

    def _begin_stream(self, connection: sa.Connection) -> None:
        """Find where this robot's stream ends: its last id, and the latest stamp in it."""
        self._last_id = self._newest_id(connection)
        mine = SNAPSHOTS.c.robot == self._robot
        snapshot = connection.execute(
            sa.select(SNAPSHOTS.c.event_id, SNAPSHOTS.c.stamp).where(mine)
            .order_by(SNAPSHOTS.c.stamp.desc(), SNAPSHOTS.c.event_id.desc()).limit(1)
        ).first()  # fmt: skip
        since = 0 if snapshot is None else snapshot.event_id
        stamps = sa.select(sa.func.max(EVENTS.c.stamp)).where(
            EVENTS.c.robot == self._robot, EVENTS.c.id > since
        )
        since_then = connection.execute(stamps).scalar()
        for latest in (None if snapshot is None else snapshot.stamp, since_then):
            self._high_water = self._high_water if latest is None else max(self._high_water, latest)

    def _newest_id(self, connection: sa.Connection) -> int:
        newest = sa.select(sa.func.max(EVENTS.c.id)).where(EVENTS.c.robot == self._robot)
        return int(connection.execute(newest).scalar() or 0)


_COLUMNS = ", ".join(("robot", *EventRow._fields))
_MARKS = f"({', '.join('?' * (1 + len(EventRow._fields)))})"


def insert_events(connection: sa.Connection, events: list[tuple[Any, ...]]) -> None:
    """Insert rows of (robot, *EventRow) in their order.

    Not a statement a row: sqlite3 lets go of the interpreter at each, and would wait for it again behind a
    busy control loop, 5 ms a row. PostgreSQL takes COPY seven times as fast as rows in an INSERT.
    """
    if connection.dialect.name == "postgresql":
        copying = f"COPY events ({_COLUMNS}) FROM STDIN"
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(copying) as copy:
            for event in events:
                copy.write_row(event)
        return
    for start in range(0, len(events), _ROWS_A_STATEMENT):
        rows = events[start : start + _ROWS_A_STATEMENT]
        statement = f"INSERT INTO events ({_COLUMNS}) VALUES {', '.join([_MARKS] * len(rows))}"
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(rows)))
