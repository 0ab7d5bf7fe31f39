"""Reads a store page by page, so that neither memory nor an open transaction grows with its length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from world_state.store.encoding import from_text
from world_state.store.event import EVERY_ROBOT, Event, Snapshot
from world_state.store.schema import EVENTS, SNAPSHOTS

_PAGE = 1000


def read_events(engine: sa.Engine, *conditions: sa.ColumnElement[bool], after: int = 0) -> Iterator[Event]:
    """Iterate over the events that meet all conditions, by id, from the first after `after`."""
    while True:
        query = sa.select(EVENTS).where(EVENTS.c.id > after, *conditions).order_by(EVENTS.c.id).limit(_PAGE)
        with engine.connect() as connection:
            page = [_event(row) for row in connection.execute(query)]
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].id


def read_newest(engine: sa.Engine, *conditions: sa.ColumnElement[bool], count: int) -> tuple[Event, ...]:
    """Return the last `count` events that meet all conditions, in their order."""
    query = sa.select(EVENTS).where(*conditions).order_by(EVENTS.c.id.desc()).limit(count)
    with engine.connect() as connection:
        return tuple(_event(row) for row in reversed(connection.execute(query).all()))


def count_kinds(engine: sa.Engine, *conditions: sa.ColumnElement[bool]) -> dict[str, int]:
    """Return how many events there are of each kind, the most frequent first."""
    query = sa.select(EVENTS.c.kind, sa.func.count().label("n")).where(*conditions).group_by(EVENTS.c.kind)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(sa.desc("n"), EVENTS.c.kind)).all()
    return {row.kind: row.n for row in rows}


def of_robot(robot: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the condition that an event is of a robot; none for EVERY_ROBOT."""
    return () if robot == EVERY_ROBOT else (EVENTS.c.robot == robot,)


def read_robots(engine: sa.Engine) -> tuple[str, ...]:
    """Return the robots that have events, by name, looking at one index entry each."""
    found: list[str] = []
    with engine.connect() as connection:
        following = sa.select(sa.func.min(EVENTS.c.robot))
        name = connection.execute(following).scalar()
        while name is not None:
            found.append(name)
            name = connection.execute(following.where(EVENTS.c.robot > name)).scalar()
    return tuple(found)


def read_snapshot(engine: sa.Engine, robot: str, before: float | None) -> Snapshot | None:
    """Return a robot's latest snapshot that holds no event of after `before` [s]; None without one."""
    query = sa.select(SNAPSHOTS).where(SNAPSHOTS.c.robot == robot)
    if before is not None:
        query = query.where(SNAPSHOTS.c.stamp <= before)
    query = query.order_by(SNAPSHOTS.c.stamp.desc(), SNAPSHOTS.c.event_id.desc()).limit(1)
    with engine.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    values = dict(row._mapping)
    del values["id"]
    return Snapshot(**{**values, "beliefs": from_text(values["beliefs"])})


def _event(row: sa.Row[Any]) -> Event:
    values = dict(row._mapping)
    values["measurement"] = from_text(values["measurement"])
    values["belief"] = from_text(values["belief"])
    return Event(**values)
