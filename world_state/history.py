"""What was believed when: at a time and event by event, read from the store and not filtered anew."""

from __future__ import annotations

from collections.abc import Iterator

from world_state.beliefs import Beliefs
from world_state.errors import StoreError
from world_state.store import Event, EventStore, Snapshot
from world_state.upcast import belief_delta

_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)


def beliefs_at(store: EventStore, stamp: float | None = None, *, robot: str | None = None) -> Beliefs:
    """Return what a robot believed at a time, as its events say it.

    These are the beliefs after the last event before the first one that is stamped later: an answer about
    an old picture counts from when the events after the picture had come. Reading begins at the snapshot
    before, so it costs the same in a long history. Nothing is predicted: ask `predict` of a slot, or
    `Queries`, for beliefs as aged until then.

    Args:
        store: Where events are.
        stamp: The time, by that robot's clock [s]; None for after its last event.
        robot: Whose beliefs; the store's own robot's when None.

    Raises:
        StoreError: the store cannot be read.
    """
    snapshot = store.latest_snapshot(stamp, robot=robot)
    beliefs, after = Beliefs(), 0
    if snapshot is not None:
        beliefs, after = _whole(snapshot), snapshot.event_id
    for event in store.events(robot=robot, after=after):
        if stamp is not None and event.stamp > stamp:
            break
        beliefs = applied(beliefs, event)
    return beliefs


def replay(store: EventStore, *, robot: str | None = None) -> Iterator[tuple[Event, Beliefs]]:
    """Iterate over a robot's events from the first, each with the beliefs after it.

    Raises:
        StoreError: the store cannot be read.
    """
    beliefs = Beliefs()
    for event in store.events(robot=robot):
        beliefs = applied(beliefs, event)
        yield event, beliefs


def applied(beliefs: Beliefs, event: Event) -> Beliefs:
    """Return the beliefs after an event.

    Raises:
        StoreError: what it holds cannot be read.
    """
    try:
        return beliefs.with_delta(belief_delta(event))
    except _UNREADABLE as error:
        what = f"event {event.id} ({event.kind} at {event.stamp:g} s)"
        raise StoreError(f"{what} holds a belief that cannot be read: {error!r}") from error


def _whole(snapshot: Snapshot) -> Beliefs:
    try:
        return Beliefs.from_json(snapshot.beliefs)
    except _UNREADABLE as error:
        raise StoreError(f"the snapshot after event {snapshot.event_id} cannot be read: {error!r}") from error
