"""Brings a store of an older schema to today's, in place and in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from world_state.errors import StoreError
from world_state.store.database import immediate, shown
from world_state.store.schema import (
    EVENTS,
    ID,
    KINDS,
    SCHEMA,
    SCHEMA_VERSION,
    SNAPSHOTS,
    STREAM,
    create,
    protect,
)

if TYPE_CHECKING:
    from alembic.operations import Operations


def bring_to_head(engine: sa.Engine, *, create_missing: bool) -> None:
    """Make the tables, or migrate older ones; a store of today's schema is only looked at.

    Programs that open a store at the same time wait for each other. Where a step fails nothing has changed.

    Raises:
        StoreError: a newer program wrote it, it is no event store, or there is none and none is to be made.
        SQLAlchemyError: the database refuses.
    """
    with engine.connect() as connection:
        if _version(connection) == SCHEMA_VERSION:
            return
    with immediate(engine) as connection:
        version = _version(connection)
        if version is None:
            if not create_missing:
                raise StoreError(f"{shown(engine.url)} holds no event store")
            create(connection)
        elif version > SCHEMA_VERSION:
            raise StoreError(
                f"the event store {shown(engine.url)} has schema version {version}, this program "
                f"reads up to {SCHEMA_VERSION}: open it with the newer hybridctl that wrote it"
            )
        elif version < SCHEMA_VERSION:
            _migrate(connection, version)
        if version != SCHEMA_VERSION:
            connection.execute(sa.insert(SCHEMA).values(version=SCHEMA_VERSION))


def _version(connection: sa.Connection) -> int | None:
    tables = sa.inspect(connection)
    if not tables.has_table(SCHEMA.name):
        if tables.has_table(EVENTS.name):
            raise StoreError(
                f"{shown(connection.engine.url)} is no event store: it has a table `events`, but no "
                "`store_schema`; choose another database"
            )
        return None
    return int(connection.execute(sa.select(sa.func.max(SCHEMA.c.version))).scalar() or 0)


def _migrate(connection: sa.Connection, version: int) -> None:
    # Alembic writes ALTER in each database's dialect; 0.2 s to import, so only who needs it waits for it.
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    operations = Operations(MigrationContext.configure(connection))
    for step in _STEPS[version - 1 :]:
        step(operations)


def _to_2(operations: Operations) -> None:
    """Robots share a store, events know their wall time, snapshots, and nothing is ever changed.

    The JSON of old events stays as it is; `world_state.upcast` reads it.
    """
    connection = operations.get_bind()
    operations.add_column("events", EVENTS.c.robot.copy())
    operations.add_column("events", EVENTS.c.wall_time.copy())
    if connection.dialect.name == "postgresql":  # SQLite's columns have neither width
        operations.alter_column("events", "id", type_=ID)
        operations.alter_column("events", "cause", type_=sa.Text())
    operations.drop_index("ix_events_kind", table_name="events")
    STREAM.create(connection)
    KINDS.create(connection)
    SNAPSHOTS.create(connection)
    protect(connection)


_STEPS = (_to_2,)
