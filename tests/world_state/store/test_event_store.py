"""The event store as its users meet it, on SQLite files and on a real PostgreSQL."""

import math
import multiprocessing
import threading
from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from world_state.errors import StoreError
from world_state.store import EVERY_ROBOT, SCHEMA_VERSION, EventStore


def put(store, kind="seen", *, stamp=0.0, **belief):
    store.append(kind, stamp=stamp, cause="test", measurement={}, belief=belief)


def test_events_come_back_in_order_after_reopening(location):
    with EventStore(location) as store:
        for k in range(100):
            put(store, "even" if k % 2 == 0 else "odd", stamp=float(k), k=k)
    with EventStore(location) as store:
        assert [event.belief["k"] for event in store.events()] == list(range(100))
        odd = list(store.events("odd"))
        assert [event.stamp for event in odd] == [float(k) for k in range(1, 100, 2)]
        assert odd[0].schema_version == SCHEMA_VERSION
        assert [event.id for event in odd] == sorted(event.id for event in odd)


def test_what_is_appended_can_be_read_at_once(tmp_path):
    with EventStore(f"sqlite:///{tmp_path}/a.db") as store:
        put(store, k=1)
        assert [event.belief for event in store.events()] == [{"k": 1}]


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
        sa.event.listen(store._engine, "begin", lambda _: gate.wait(5))
        sa.event.listen(store._engine, "commit", lambda _: commits.append(1))
        for k in range(200):
            put(store, k=k)
        gate.set()
        store.flush()
        assert len(commits) <= 3
        assert len(list(store.events())) == 200


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8))
def test_floats_survive_exactly(location, numbers):
    with EventStore(location) as store:
        for number in numbers:
            put(store, stamp=number)
        put(store, numbers=numbers)
        events = list(store.events())[-len(numbers) - 1 :]
        assert [event.stamp for event in events[:-1]] == numbers
        assert events[-1].belief["numbers"] == numbers


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
    with store._engine.begin() as connection:
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


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(StoreError, match="cannot open"):
        EventStore(tmp_path / "missing" / "a.db")


def test_an_event_knows_whose_it_is_and_when_it_was_appended(location):
    with EventStore(location, robot="arm 1", wall_clock=lambda: 1.7e9 + 0.1) as store:
        put(store, stamp=3.0)
        event = store.last("seen")
    assert (event.robot, event.wall_time, event.stamp, event.cause) == ("arm 1", 1.7e9 + 0.1, 3.0, "test")


def test_events_are_chosen_by_kind_time_and_place(location):
    with EventStore(location) as store:
        for k in range(2500):  # more than two pages
            put(store, "even" if k % 2 == 0 else "odd", stamp=float(k), k=k)
        chosen = [event.belief["k"] for event in store.events("even", since=2000.0, until=2004.0)]
        assert chosen == [2000, 2002, 2004]
        middle = list(store.events())[1200]
        assert [event.belief["k"] for event in store.events(after=middle.id)] == list(range(1201, 2500))
        assert store.last("odd").belief["k"] == 2499
        assert store.last("never") is None


def test_robots_share_a_store_and_each_reads_its_own_stream(location):
    with EventStore(location, robot="arm 1") as one, EventStore(location, robot="arm 2") as two:
        for k in range(4):
            put((one, two)[k % 2], k=k)
            (one, two)[k % 2].flush()
        one.snapshot(0.0, {"of": "one"})
        assert [event.belief["k"] for event in one.events()] == [0, 2]
        assert [event.belief["k"] for event in one.events(robot="arm 2")] == [1, 3]
        assert [event.belief["k"] for event in one.events(robot=EVERY_ROBOT)] == [0, 1, 2, 3]
        assert two.robots() == ("arm 1", "arm 2")
        assert one.latest_snapshot().beliefs == {"of": "one"}
        assert two.latest_snapshot() is None


MANY = 8000


def _append_many(location, robot, count, barrier):
    barrier.wait(timeout=60)
    with EventStore(location, robot=robot) as store:
        for k in range(count):
            put(store, k=k)


def test_two_processes_writing_at_once_lose_nothing(location):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    writers = [
        context.Process(target=_append_many, args=(str(location), f"arm {i}", MANY, barrier)) for i in (1, 2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
        assert writer.exitcode == 0
    with EventStore(location) as store:
        for i in (1, 2):
            assert [event.belief["k"] for event in store.events(robot=f"arm {i}")] == list(range(MANY))


def test_a_robot_that_two_programs_write_for_is_told_so(location):
    with ExitStack() as stack:
        one, two = (stack.enter_context(EventStore(location, robot="arm 1")) for _ in range(2))
        put(one)
        one.flush()
        put(two)
        two.flush()
        put(one)
        with pytest.raises(StoreError, match=r"another program.*'arm 1'.*name of its own"):
            one.flush()


@pytest.mark.parametrize("name", ["", "x" * 65, EVERY_ROBOT])
def test_a_robot_has_a_name_that_the_table_holds(tmp_path, name):
    with pytest.raises(StoreError, match="expected"):
        EventStore(tmp_path / "a.db", robot=name)


def test_the_latest_snapshot_before_a_time_holds_nothing_later(location):
    with EventStore(location) as store:
        for k in range(10):
            put(store, stamp=float(k), k=k)
            if k in (3, 7):
                store.snapshot(float(k), {"k": k})
        # A look dated by an old picture: the snapshot after it still holds the events before, up to 9 s.
        put(store, stamp=5.0)
        store.snapshot(5.0, {"k": "late"})
        found = {t: store.latest_snapshot(t) for t in (2.9, 3.0, 6.9, 8.5, 9.0)}
        assert found[2.9] is None
        assert [found[t].beliefs["k"] for t in (3.0, 6.9, 8.5, 9.0)] == [3, 3, 7, "late"]
        events = list(store.events())
        assert found[8.5].event_id == events[7].id
        assert store.latest_snapshot().stamp == 9.0
    with EventStore(location) as store:  # the next program knows how late it was
        store.snapshot(6.0, {"k": "reopened"})
        assert store.latest_snapshot(8.9).beliefs["k"] == 7
        assert store.latest_snapshot().stamp == 9.0
