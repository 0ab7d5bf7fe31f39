"""The writer's thread: groups share a commit, appending never waits, and nothing is lost in silence."""

import threading
import time

import numpy as np
import pytest
import sqlalchemy as sa

from world_state.errors import StoreError
from world_state.store import EventStore
from world_state.store import writer as writer_module


def put(store, **belief):
    store.append("seen", stamp=0.0, cause="test", measurement={}, belief=belief)


def test_appending_does_not_wait_for_a_slow_disk(tmp_path):
    with EventStore(tmp_path / "a.db") as store:
        sa.event.listen(store._engine, "commit", lambda _: time.sleep(0.2))
        took = []
        for k in range(300):
            began = time.perf_counter()
            put(store, k=k)
            took.append(time.perf_counter() - began)
            time.sleep(0.001)
        assert np.percentile(took, 99) < 0.01
        assert len(list(store.events())) == 300


def test_more_events_than_may_wait_are_an_error_that_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "CAPACITY", 100)
    store = EventStore(tmp_path / "a.db")
    gate = threading.Event()
    sa.event.listen(store._engine, "commit", lambda _: gate.wait(5))
    taken = []

    def put_many():
        for k in range(10_000):
            put(store, k=k)
            taken.append(k)

    with pytest.raises(StoreError, match=r"100 events wait.*record less"):
        put_many()
    gate.set()
    with pytest.raises(StoreError, match="100 events wait"):
        put(store)
    store.close()
    with EventStore(tmp_path / "a.db") as store:  # what was taken before has no gap
        kept = [event.belief["k"] for event in store.events()]
        assert kept == taken


def test_a_failure_nobody_was_told_of_is_raised_at_the_end(tmp_path):
    store = EventStore(tmp_path / "a.db")
    with store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE events")
    put(store)
    with pytest.raises(StoreError, match="could not be written"):
        store.close()
