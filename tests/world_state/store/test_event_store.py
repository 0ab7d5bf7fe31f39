"""The event store on real SQLite files."""

import math
import threading

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from world_state.errors import StoreError
from world_state.store import SCHEMA_VERSION, EventStore


def put(store, kind="seen", *, stamp=0.0, **belief):
    store.append(kind, stamp=stamp, cause="test", measurement={}, belief=belief)


def test_events_come_back_in_order_after_reopening(tmp_path):
    with EventStore(tmp_path / "a.db") as store:
        for k in range(100):
            put(store, "even" if k % 2 == 0 else "odd", stamp=float(k), k=k)
    with EventStore(tmp_path / "a.db") as store:
        assert [event.belief["k"] for event in store.events()] == list(range(100))
        odd = list(store.events("odd"))
        assert [event.stamp for event in odd] == [float(k) for k in range(1, 100, 2)]
        assert odd[0].schema_version == SCHEMA_VERSION
        assert [event.id for event in odd] == sorted(event.id for event in odd)


def test_what_is_appended_can_be_read_at_once(tmp_path):
    with EventStore(f"sqlite:///{tmp_path}/a.db") as store:
        put(store, k=1)
        assert [event.belief for event in store.events()] == [{"k": 1}]


def test_sqlite_is_set_to_survive_a_power_cut(tmp_path):
    with EventStore(tmp_path / "a.db") as store, store.engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2


def test_flush_waits_until_another_reader_sees_it(tmp_path):
    with EventStore(tmp_path / "a.db") as store:
        for k in range(50):
            put(store, k=k)
        store.flush()
        reader = sa.create_engine(f"sqlite:///{tmp_path}/a.db")
        with reader.connect() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM events")).scalar() == 50
        reader.dispose()


def test_queued_events_share_a_commit(tmp_path):
    with EventStore(tmp_path / "a.db") as store:
        commits, gate = [], threading.Event()
        sa.event.listen(store.engine, "begin", lambda _: gate.wait(5))
        sa.event.listen(store.engine, "commit", lambda _: commits.append(1))
        for k in range(200):
            put(store, k=k)
        gate.set()
        store.flush()
        assert len(commits) <= 3
        assert len(list(store.events())) == 200


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8))
def test_floats_survive_exactly(tmp_path, numbers):
    with EventStore(tmp_path / "floats.db") as store:
        put(store, numbers=numbers)
        assert list(store.events())[-1].belief["numbers"] == numbers


@pytest.mark.parametrize("bad", [math.nan, math.inf, object()])
def test_what_json_cannot_keep_is_refused_at_once(tmp_path, bad):
    with EventStore(tmp_path / "a.db") as store:
        with pytest.raises(StoreError, match="JSON"):
            put(store, x=bad)
        if isinstance(bad, float):
            with pytest.raises(StoreError, match="JSON"):
                put(store, stamp=bad)
        assert list(store.events()) == []


def test_changing_a_dict_after_append_changes_nothing(tmp_path):
    with EventStore(tmp_path / "a.db") as store:
        belief = {"x": [1]}
        store.append("seen", stamp=0.0, cause="", measurement={}, belief=belief)
        belief["x"].append(2)
        assert next(iter(store.events())).belief == {"x": [1]}


def test_a_failed_write_is_told_at_the_next_call(tmp_path):
    store = EventStore(tmp_path / "a.db")
    with store.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE events"))
    put(store)
    with pytest.raises(StoreError, match=r"could not be written.*events"):
        store.flush()
    with pytest.raises(StoreError, match="could not be written"):
        put(store)
    store.close()  # nothing new to say: a run that the failure has ended gets to write its report


def test_append_after_close_is_refused_and_closing_twice_is_fine(tmp_path):
    store = EventStore(tmp_path / "a.db")
    put(store)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        put(store)


def test_a_newer_store_is_refused(tmp_path):
    with EventStore(tmp_path / "a.db") as store, store.engine.begin() as connection:
        connection.execute(sa.text(f"INSERT INTO store_schema VALUES ({SCHEMA_VERSION + 1})"))
    with pytest.raises(StoreError, match=f"schema version {SCHEMA_VERSION + 1}"):
        EventStore(tmp_path / "a.db")


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(StoreError, match="cannot open"):
        EventStore(tmp_path / "missing" / "a.db")
