"""The event store: what was measured and what was believed of it, append-only, in a real database."""

from world_state.store.event import EVERY_ROBOT, Event, Snapshot
from world_state.store.event_store import EventStore
from world_state.store.schema import SCHEMA_VERSION

__all__ = ["EVERY_ROBOT", "SCHEMA_VERSION", "Event", "EventStore", "Snapshot"]
