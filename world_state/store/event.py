"""What the store holds, as values: events, and snapshots of all beliefs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Json = dict[str, Any]
EVERY_ROBOT = "*"
"""Given as `robot`: the events of all robots that share the store."""


@dataclass(frozen=True)
class Event:
    """One stored event: what came in (`measurement`) and what is believed since (`belief`).

    Attributes:
        id: Its place in the store; rises within a robot's stream, with gaps where robots share a store.
        robot: Whose it is.
        stamp: When it happened, by the robot's clock [s].
        wall_time: When it was appended [s since 1970, UTC]; None of events from before schema 2.
        kind: What sort of event.
        cause: What it came of, for people.
        schema_version: How `measurement` and `belief` are written; `world_state.upcast` reads old ones.
        measurement: What came in.
        belief: What is believed since: as a rule only what changed.
    """

    id: int
    robot: str
    stamp: float
    wall_time: float | None
    kind: str
    cause: str
    schema_version: int
    measurement: Json
    belief: Json

    def to_json(self) -> Json:
        """Return the event as JSON values, a key for each attribute."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Json) -> Event:
        """Return the event that `to_json` wrote."""
        return cls(**values)


@dataclass(frozen=True)
class Snapshot:
    """All beliefs of a robot after one of its events.

    Attributes:
        robot: Whose.
        event_id: The last event in it; those of this robot with a greater id are not.
        stamp: The latest stamp among the events in it [s].
        wall_time: When it was taken [s since 1970, UTC].
        schema_version: How `beliefs` is to be read.
        beliefs: The beliefs.
    """

    robot: str
    event_id: int
    stamp: float
    wall_time: float
    schema_version: int
    beliefs: Json
