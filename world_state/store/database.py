"""Opens the database so that a commit is on the disk, and says in words what to do when it refuses."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from world_state.errors import StoreError

LOCK_PATIENCE = 5.0
"""How long a lock that another program holds is waited for [s]."""
_POLL = 0.001  # [s] shorter than the pause of a busy writer, so that two of them take turns
_SERVER_GONE_MS = 10_000  # a server that no longer answers
_IMMEDIATE = "write_lock_at_begin"


def open_engine(location: str | Path) -> sa.Engine:
    """Return the engine of a file path (SQLite) or an SQLAlchemy URL; nothing is connected yet.

    SQLite runs in WAL mode with `synchronous=FULL`, PostgreSQL with `synchronous_commit=on`, whatever the
    server's default: a commit that has returned survives a loss of power.

    Raises:
        StoreError: the URL cannot be read, or its driver is not installed.
    """
    given = str(location)
    try:
        url = sa.make_url(given) if "://" in given else sa.URL.create("sqlite", database=given)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "postgresql":
            patience = {"connect_timeout": 5, "tcp_user_timeout": _SERVER_GONE_MS}
            engine = sa.create_engine(url, connect_args=patience)
            sa.event.listen(engine, "connect", _durable_postgresql)
        elif url.get_backend_name() == "sqlite":
            engine = sa.create_engine(url)
            sa.event.listen(engine, "connect", _durable_sqlite)
            sa.event.listen(engine, "begin", _begin_sqlite)
        else:
            raise StoreError(
                f"event stores live in SQLite and PostgreSQL, not in {url.get_backend_name()}: expected a "
                "file or postgresql://USER@HOST/DATABASE"
            )
    except ModuleNotFoundError as error:
        raise StoreError(f"no driver for {given.split(':')[0]}: pip install 'hybridctl[postgres]'") from error
    except (SQLAlchemyError, ValueError) as error:  # a port that is no number is the latter
        raise StoreError(
            f"cannot open the event store {without_password(given)}: {error}; expected a file or "
            "postgresql://USER@HOST/DATABASE"
        ) from error
    return engine


@contextmanager
def immediate(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Begin a transaction that nobody else writes beside, as for making tables; commits at the end."""
    with engine.connect().execution_options(**{_IMMEDIATE: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('hybridctl event store'))")
        yield connection


def writing(engine: sa.Engine) -> sa.Connection:
    """Return a connection whose transactions are for writing: they take SQLite's lock when they begin."""
    return engine.connect().execution_options(**{_IMMEDIATE: True})


def without_password(location: str | Path) -> str:
    """Return a location as it was given, for people, but for a URL's password; the URL may be wrong."""
    return re.sub(r"(://[^:/@]*):[^/]*@", r"\1:***@", str(location))


def shown(url: sa.URL) -> str:
    """Return a location for people: a file's path, or a URL without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.render_as_string(hide_password=True)


def in_words(error: Exception) -> str:
    """Return what a database said, and what is to be done about it."""
    said = str(error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error)
    said = " ".join(said.split())
    low = said.lower()
    for signs, advice in _ADVICE:
        if any(sign in low for sign in signs):
            return f"{said}: {advice}"
    return said


_ADVICE = (
    (("locked", "lock timeout"), f"another program has held it for more than {LOCK_PATIENCE:g} s; end that, "
     "then start anew. Several robots that write all the time share a PostgreSQL better than a file"),
    (("full", "no space", "disk i/o", "file size"),
     "make room on that disk, then start anew. What was flushed is safe"),
    (("readonly", "read-only", "permission denied"), "make the file and its folder writable"),
    (("unable to open",), "expected a file in a folder that exists and can be written"),
    (("not a database", "malformed"), "expected an SQLite file that hybridctl wrote"),
    (("connection", "server closed", "terminating", "shut down", "starting up"),
     "see that the PostgreSQL server runs and takes this user, then start anew. What was flushed is safe"),
)  # fmt: skip


def _durable_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy begins them: DDL too
    cursor = connection.cursor()
    # Changing to WAL needs the file for itself, and does not wait for it by itself.
    _wait_for_lock(lambda: cursor.execute("PRAGMA journal_mode=WAL"))
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={round(1e3 * LOCK_PATIENCE)}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get(_IMMEDIATE):
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite's own waiting sleeps up to 0.1 s at a time and then misses the moment between two transactions
    # of a busy neighbour.
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        _wait_for_lock(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(1e3 * LOCK_PATIENCE)}")


def _wait_for_lock(act: Any) -> None:
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            act()
            return
        except (sqlite3.OperationalError, sa.exc.OperationalError) as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(_POLL)


def _durable_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
        cursor.execute(f"SET lock_timeout TO '{round(1e3 * LOCK_PATIENCE)}ms'")
    connection.commit()
