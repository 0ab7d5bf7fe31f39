"""What the event store can bear, at a small size: the whole runs in `hybridctl bench memory`."""

import pytest

from hybridctl.bench import memory_store
from hybridctl.bench.postgres_server import server_programs
from world_state.store import EventStore


def test_ten_kills_under_load_lose_nothing_acknowledged(tmp_path):
    assert memory_store.kills(10, tmp_path / "events.db", seed=7) == (10, 0, 0)
    with EventStore(tmp_path / "events.db") as store:
        assert store.kinds()["seen"] > 500  # they did work when they were killed
        assert store.latest_snapshot() is not None


def test_kills_of_clients_and_server_lose_nothing_acknowledged_in_postgresql():
    if server_programs() is None:
        pytest.skip("PostgreSQL's server is not installed (apt-get install postgresql)")
    assert memory_store.kills_of_postgres(5, servers=2, seed=7) == (7, 0, 0)


def test_an_event_that_went_missing_is_counted(tmp_path, monkeypatch):
    """The count itself: a writer that acknowledges before it writes is found out."""
    monkeypatch.setattr(memory_store._Writer, "killed_after", lambda self, life: 5 + _end(self))
    assert memory_store.kills(1, tmp_path / "events.db")[1] > 0


def _end(writer):
    writer.wait_for_work()
    writer._process.kill()
    return writer.ended() + 1_000_000


def test_a_store_opens_as_fast_however_long_it_is():
    assert memory_store.open_million_ms(events=20_000) < 1000


def test_the_rate_is_of_durable_events(tmp_path):
    rate = memory_store.events_per_second(tmp_path / "events.db", events=5000)
    assert rate.events_per_second > 2000
    assert rate.bytes_each > 1000
    with EventStore(tmp_path / "events.db") as store:
        assert store.kinds()["seen"] >= 5000
