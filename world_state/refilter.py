"""Runs stored readings through today's filter: what would have been believed, had it been in use then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from world_state.beliefs import Beliefs
from world_state.errors import MeasurementError, StoreError
from world_state.memory import SNAPSHOT_EVERY
from world_state.noise import NoiseModel
from world_state.readings import READINGS, Reading
from world_state.store import SCHEMA_VERSION, Event, EventStore


@dataclass(frozen=True)
class Refiltered:
    """What filtering anew came to.

    Attributes:
        readings: How many readings were filtered.
        refused: How many of them today's filter refused, so that they changed nothing.
        copied: How many other events were copied as they were.
        beliefs: What is believed after the last.
    """

    readings: int
    refused: int
    copied: int
    beliefs: Beliefs


def refilter(
    events: Iterable[Event],
    into: EventStore,
    *,
    noise: NoiseModel,
    readings: Mapping[str, type[Reading]] = READINGS,
) -> Refiltered:
    """Filter a robot's readings anew, in their order, and write events with the beliefs that come of it.

    Args:
        events: The old events.
        into: A store for the new ones, empty but for other robots.
        noise: The sensors' noise that is reckoned with.
        readings: The class of each kind of event that is a reading.

    Raises:
        StoreError: an event holds no whole reading; the new store cannot be written, or is not empty.
    """
    if into.robot in into.robots():
        raise StoreError(f"the new store holds events of {into.robot!r} already: choose a new place")
    beliefs, count, refused, copied = Beliefs(), 0, 0, 0
    for event in events:
        kind = readings.get(event.kind)
        before, cause = beliefs, event.cause
        if kind is not None:
            count += 1
            try:
                correction = _reading(kind, event).correct(beliefs, noise)
                beliefs, cause = correction.beliefs, correction.cause
            except MeasurementError as error:
                refused, cause = refused + 1, f"refused: {error}"
        else:
            copied += 1
        into.append(
            event.kind, stamp=event.stamp, cause=cause, measurement=event.measurement,
            belief=event.belief if kind is None else beliefs.delta(before),
        )  # fmt: skip
        if count and count % SNAPSHOT_EVERY == 0 and kind is not None:
            into.snapshot(event.stamp, beliefs.to_json())
        if (count + copied) % SNAPSHOT_EVERY == 0:
            into.flush()  # reads no faster than it writes
    into.flush()
    return Refiltered(count, refused, copied, beliefs)


def _reading(kind: type[Reading], event: Event) -> Reading:
    if event.schema_version < 2:
        raise StoreError(
            f"event {event.id} is of schema 1, whose events hold what was measured only in part: what was "
            f"believed can be read, not filtered anew (schema {SCHEMA_VERSION} can)"
        )
    try:
        return kind.from_json(event.measurement)
    except (LookupError, TypeError, ValueError) as error:
        raise StoreError(f"event {event.id} ({event.kind}) holds no reading: {error!r}") from error
