"""The event store: what was measured and what was believed of it, append-only, in a real database."""

from __future__ import annotations

import atexit
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from world_state.errors import StoreError

SCHEMA_VERSION = 1

_METADATA = sa.MetaData()
_SCHEMA = sa.Table("store_schema", _METADATA, sa.Column("version", sa.Integer, primary_key=True))
_EVENTS = sa.Table(
    "events",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("stamp", sa.Double, nullable=False),
    sa.Column("kind", sa.String(64), nullable=False, index=True),
    sa.Column("cause", sa.String(256), nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    # JSON as text: what is written is fixed when `append` returns, and floats come back bit by bit.
    sa.Column("measurement", sa.Text, nullable=False),
    sa.Column("belief", sa.Text, nullable=False),
)

Json = dict[str, Any]
_Item = dict[str, Any] | threading.Event | None


@dataclass(frozen=True)
class Event:
    """One stored event: what came in (`measurement`) and what is believed since (`belief`)."""

    id: int
    stamp: float
    kind: str
    cause: str
    schema_version: int
    measurement: Json
    belief: Json


class EventStore:
    """An append-only table of events, written by a thread of its own.

    `append` only queues; the writer commits all that is queued in one transaction, so that a tick never
    waits for the disk. `flush` waits until everything before it is durable. After a write has failed every
    `append` and `flush` raises. Use it as a context manager or call `close`.
    """

    def __init__(self, location: str | Path) -> None:
        """Open or create the store at a file path (SQLite) or an SQLAlchemy URL.

        Raises:
            StoreError: it cannot be opened, or was written by a newer version of this program.
        """
        given = str(location)
        url = sa.make_url(given) if "://" in given else sa.URL.create("sqlite", database=given)
        self._failure: str | None = None
        self._closed = False
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        try:
            self._engine = sa.create_engine(url)
            if self._engine.dialect.name == "sqlite":
                sa.event.listen(self._engine, "connect", _set_durable)
            self._check_schema()
        except SQLAlchemyError as error:
            raise StoreError(f"cannot open the event store {url}: {error}") from error
        # A daemon, so that a program which forgets to close still ends; atexit then writes what is queued.
        self._writer = threading.Thread(target=self._write, name="event-store", daemon=True)
        self._writer.start()
        atexit.register(self.close)

    @property
    def engine(self) -> sa.Engine:
        """The database behind it, for queries of one's own."""
        return self._engine

    def append(self, kind: str, *, stamp: float, cause: str, measurement: Json, belief: Json) -> None:
        """Queue an event; it is durable after the next `flush`.

        Args:
            kind: What sort of event, for `events(kind)`.
            stamp: When it happened [s].
            cause: What it came of, for people.
            measurement: What came in, as JSON values.
            belief: What is believed since, as JSON values.

        Raises:
            StoreError: a value is NaN, infinite or no JSON; an earlier write failed; the store is closed.
        """
        self._raise_failure()
        if self._closed:
            raise StoreError(f"event {kind!r} came after the event store was closed")
        _dumps(kind, stamp)  # refuses NaN
        row = {
            "stamp": float(stamp),
            "kind": kind,
            "cause": cause,
            "schema_version": SCHEMA_VERSION,
            "measurement": _dumps(kind, measurement),
            "belief": _dumps(kind, belief),
        }
        self._queue.put(row)

    def flush(self) -> None:
        """Return once all events appended so far are durable.

        Raises:
            StoreError: they could not be written.
        """
        if not self._closed:
            done = threading.Event()
            self._queue.put(done)
            done.wait()
        self._raise_failure()

    def events(self, kind: str | None = None) -> Iterator[Event]:
        """Iterate over the events in the order they were appended, those of one `kind` or all.

        Raises:
            StoreError: they cannot be read, or earlier ones could not be written.
        """
        self.flush()
        query = sa.select(_EVENTS).order_by(_EVENTS.c.id)
        if kind is not None:
            query = query.where(_EVENTS.c.kind == kind)
        try:
            with self._engine.connect() as connection:
                for row in connection.execute(query).mappings():
                    values = dict(row)
                    values["measurement"] = json.loads(values["measurement"])
                    values["belief"] = json.loads(values["belief"])
                    yield Event(**values)
        except (SQLAlchemyError, ValueError) as error:
            raise StoreError(f"cannot read events from {self._engine.url}: {error}") from error

    def close(self) -> None:
        """Write what is queued and let go of the database; calling it again does nothing.

        Raises:
            StoreError: what was queued could not be written.
        """
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._queue.put(None)
        self._writer.join()
        self._engine.dispose()
        self._raise_failure()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise StoreError(self._failure)

    def _check_schema(self) -> None:
        with self._engine.begin() as connection:
            if sa.inspect(connection).has_table(_SCHEMA.name):
                version = connection.execute(sa.select(sa.func.max(_SCHEMA.c.version))).scalar() or 0
                if version > SCHEMA_VERSION:
                    raise StoreError(
                        f"the event store {self._engine.url} has schema version {version}, this program "
                        f"reads up to {SCHEMA_VERSION}: open it with the newer hybridctl that wrote it"
                    )
            else:
                _METADATA.create_all(connection)
                connection.execute(sa.insert(_SCHEMA).values(version=SCHEMA_VERSION))

    def _write(self) -> None:
        """Take all that is queued, commit it at once, and again until the store is closed."""
        open_ = True
        while open_:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            rows = [item for item in batch if isinstance(item, dict)]
            # One transaction, one fsync: that is what a group of events costs together. After a failure
            # nothing more is written, so that the table has no gap in its middle.
            if rows and self._failure is None:
                try:
                    with self._engine.begin() as connection:
                        connection.execute(sa.insert(_EVENTS), rows)
                except Exception as error:
                    self._failure = f"{len(rows)} events could not be written to {self._engine.url}: {error}"
            for item in batch:
                if isinstance(item, threading.Event):
                    item.set()
            open_ = None not in batch


def _set_durable(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _dumps(kind: str, value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise StoreError(f"event {kind!r} holds what JSON cannot keep: {error}") from error
