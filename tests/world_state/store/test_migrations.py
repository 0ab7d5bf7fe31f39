"""Stores that older versions wrote: opened, migrated in place, and read to the last bit."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest
import sqlalchemy as sa

from world_state.errors import StoreError
from world_state.store import SCHEMA_VERSION, EventStore
from world_state.store.database import open_engine

ROWS_OF_1 = [
    (0.1 + 0.2, "seen", "first look", {"pixel": [1.5, 2.0]}, {"slots": {}, "x": 1e-17}),
    (1.0, "tree.plan", "tidy", {"text": "Plan: …"}, {}),
]


def test_a_store_of_version_1_is_migrated_and_nothing_in_it_changes(location, write_version_1):
    write_version_1(location, ROWS_OF_1)
    with EventStore(location) as store:
        events = list(store.events())
        assert [(e.stamp, e.kind, e.cause, e.measurement, e.belief) for e in events] == ROWS_OF_1
        assert [(e.robot, e.wall_time, e.schema_version) for e in events] == [("robot", None, 1)] * 2
        store.append("seen", stamp=2.0, cause="new", measurement={}, belief={})
        store.snapshot(2.0, {"all": True})
        assert store.last("seen").schema_version == SCHEMA_VERSION
        assert store.latest_snapshot().event_id == store.last("seen").id
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), store._engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM events")


def test_a_migrated_store_has_the_tables_of_a_new_one(tmp_path, write_version_1):
    write_version_1(tmp_path / "old.db", ROWS_OF_1)
    EventStore(tmp_path / "old.db").close()
    EventStore(tmp_path / "new.db").close()

    def tables(name):
        with closing(sqlite3.connect(tmp_path / name)) as database:
            names = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE sql NOT NULL")}
            columns = {
                (table, row[1], row[3])
                for table in ("events", "snapshots")
                for row in database.execute(f"PRAGMA table_info({table})")
            }
        return names, columns

    assert tables("old.db") == tables("new.db")


def test_a_migration_that_fails_halfway_leaves_the_old_store(tmp_path, write_version_1):
    write_version_1(tmp_path / "a.db", ROWS_OF_1)
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("CREATE TABLE snapshots (something TEXT)")  # in the way of a late step
        before = list(database.iterdump())
    with pytest.raises(StoreError, match=r"cannot open.*snapshots"):
        EventStore(tmp_path / "a.db")
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        assert list(database.iterdump()) == before


def test_programs_that_open_an_old_or_a_new_store_at_once_all_succeed(location, write_version_1):
    write_version_1(location, ROWS_OF_1)
    failures = []

    def open_it(k):
        try:
            with EventStore(location, robot=f"arm {k}") as store:
                store.append("seen", stamp=0.0, cause="", measurement={}, belief={})
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with EventStore(location) as store:
        assert store.robots() == ("arm 0", "arm 1", "arm 2", "arm 3", "robot")


def test_a_newer_store_is_refused(location):
    with EventStore(location) as store, store._engine.begin() as connection:
        connection.execute(sa.text(f"INSERT INTO store_schema VALUES ({SCHEMA_VERSION + 1})"))
    with pytest.raises(StoreError, match=f"schema version {SCHEMA_VERSION + 1}"):
        EventStore(location)


def test_a_database_of_something_else_is_left_alone(location):
    engine = open_engine(location)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE events (party TEXT)")
    with pytest.raises(StoreError, match=r"no event store.*choose another"):
        EventStore(location)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["events"]
    engine.dispose()


def test_reading_only_makes_no_store(tmp_path):
    with pytest.raises(StoreError, match="there is no event store"):
        EventStore(tmp_path / "a.db", create=False)
    assert list(tmp_path.iterdir()) == []
    sqlite3.connect(tmp_path / "empty.db").close()
    with pytest.raises(StoreError, match="holds no event store"):
        EventStore(tmp_path / "empty.db", create=False)
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(StoreError, match="not a database"):
        EventStore(tmp_path / "text.db", create=False)


def test_a_store_of_today_is_opened_without_importing_alembic(tmp_path):
    code = (
        "import sys; from world_state.store import EventStore; EventStore(sys.argv[1]).close(); "
        "EventStore(sys.argv[1]).close(); assert 'alembic' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a.db"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
