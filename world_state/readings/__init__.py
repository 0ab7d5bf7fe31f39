"""What sensors and people say: one file a kind of reading, all of them in READINGS.

To add one: a frozen class with a `kind`, `stamp`, `correct`, `to_json` and `from_json` (see reading.py) in a
file of its own, and its name in READINGS. Memory, store and replay then know it.
"""

from world_state.readings.answers import Answered
from world_state.readings.close_look import CloseLooked
from world_state.readings.forgotten import Forgotten
from world_state.readings.hand import Feeling
from world_state.readings.intent import Intent
from world_state.readings.looks import Looks
from world_state.readings.reading import Correction, Reading
from world_state.readings.told import Told

READINGS: dict[str, type[Reading]] = {
    reading.kind: reading for reading in (Looks, CloseLooked, Answered, Feeling, Intent, Forgotten, Told)
}
"""The readings by their kind, the name of their events in the store."""

__all__ = [
    "READINGS",
    "Answered",
    "CloseLooked",
    "Correction",
    "Feeling",
    "Forgotten",
    "Intent",
    "Looks",
    "Reading",
    "Told",
]
