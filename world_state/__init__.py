"""What the robot believes about its world: object slots, what the hand holds, and the events they came of."""

from world_state.depth import ObjectMeasurement, measure
from world_state.errors import (
    ExpressionError,
    MeasurementError,
    StoreError,
    UnknownSlot,
    UnknownWord,
    WorldStateError,
)
from world_state.holding import HoldingState
from world_state.judgement import Judgement
from world_state.memory import WorldMemory
from world_state.queries import AsOf, Queries
from world_state.referring import Reference
from world_state.slot import Slot
from world_state.store import Event, EventStore

__all__ = [
    "AsOf",
    "Event",
    "EventStore",
    "ExpressionError",
    "HoldingState",
    "Judgement",
    "MeasurementError",
    "ObjectMeasurement",
    "Queries",
    "Reference",
    "Slot",
    "StoreError",
    "UnknownSlot",
    "UnknownWord",
    "WorldMemory",
    "WorldStateError",
    "measure",
]
