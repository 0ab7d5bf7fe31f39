"""What was stored stays: the database itself refuses to change it, whoever asks."""

import pytest
import sqlalchemy as sa

from world_state.store import EventStore


@pytest.fixture
def store(location):
    with EventStore(location) as store:
        for k in range(3):
            store.append("seen", stamp=float(k), cause="test", measurement={}, belief={"k": k})
        store.snapshot(2.0, {"k": 2})
        store.flush()
        yield store


@pytest.mark.parametrize("table", ["events", "snapshots"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET stamp = 9.0", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete(store, table, statement):
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), store._engine.begin() as connection:
        connection.exec_driver_sql(statement.format(table))
    assert [event.stamp for event in store.events()] == [0.0, 1.0, 2.0]
    assert store.latest_snapshot().stamp == 2.0


def test_the_database_refuses_what_replaces_rows_by_the_back_door(store):
    if store._engine.dialect.name == "sqlite":
        statement = "INSERT OR REPLACE INTO events SELECT * FROM events WHERE id = 1"
    else:
        statement = "TRUNCATE events"
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), store._engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert len(list(store.events())) == 3
