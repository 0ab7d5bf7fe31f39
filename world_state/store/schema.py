"""The tables of the event store, and the triggers that keep them append-only."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 2
METADATA = sa.MetaData()
# 64 bits: a fleet writes more than 2³¹ events. SQLite numbers rows by itself only where it reads INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SCHEMA = sa.Table("store_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True))
EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("stamp", sa.Double, nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    # JSON as text: what is written is fixed when `append` returns, and floats come back bit by bit.
    sa.Column("measurement", sa.Text, nullable=False),
    sa.Column("belief", sa.Text, nullable=False),
    sa.Column("robot", sa.String(64), nullable=False, server_default="robot"),
    sa.Column("wall_time", sa.Double, nullable=True),
)
STREAM = sa.Index("events_of_robot", EVENTS.c.robot, EVENTS.c.id)
KINDS = sa.Index("events_of_kind", EVENTS.c.robot, EVENTS.c.kind, EVENTS.c.id)
SNAPSHOTS = sa.Table(
    "snapshots",
    METADATA,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("robot", sa.String(64), nullable=False),
    sa.Column("event_id", ID, nullable=False),
    sa.Column("stamp", sa.Double, nullable=False),
    sa.Column("wall_time", sa.Double, nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("beliefs", sa.Text, nullable=False),
    sa.Index("snapshots_by_stamp", "robot", "stamp", "event_id"),
)


def create(connection: sa.Connection) -> None:
    """Make the tables of SCHEMA_VERSION in a database that has none."""
    METADATA.create_all(connection)
    protect(connection)


def protect(connection: sa.Connection) -> None:
    """Make the database itself refuse to change or delete what was stored."""
    for statement in _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE:
        connection.exec_driver_sql(statement)


_REFUSED = "the event store is append-only"
# INSERT OR REPLACE deletes without calling a DELETE trigger, hence the third.
_SQLITE = tuple(
    f"CREATE TRIGGER {table}_{name} BEFORE {event} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    for table in ("events", "snapshots")
    for name, event in (
        ("no_update", f"UPDATE ON {table}"),
        ("no_delete", f"DELETE ON {table}"),
        ("no_replace", f"INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"),
    )
)
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION event_store_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_store_is_append_only()"
        for table in ("events", "snapshots")
    ),
)
