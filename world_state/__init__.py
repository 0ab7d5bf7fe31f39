"""What the robot believes about its world: object slots, what the hand holds, and the events they came of."""

from world_state.depth import ObjectMeasurement, measure
from world_state.errors import MeasurementError, StoreError, UnknownSlot, WorldStateError
from world_state.holding import HoldingState
from world_state.memory import WorldMemory
from world_state.slot import Slot
from world_state.store import Event, EventStore

__all__ = [
    "Event",
    "EventStore",
    "HoldingState",
    "MeasurementError",
    "ObjectMeasurement",
    "Slot",
    "StoreError",
    "UnknownSlot",
    "WorldMemory",
    "WorldStateError",
    "measure",
]
