"""Events as JSON Lines, one a line, for tools that read no database; read back they are the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from world_state.errors import StoreError
from world_state.store import Event
from world_state.store.encoding import from_text, to_text


def write_lines(events: Iterable[Event], to: IO[str]) -> int:
    """Write events as lines of JSON and return how many there were.

    Raises:
        StoreError: they cannot be read from the store that they come from.
    """
    count = 0
    for event in events:
        to.write(to_text(f"event {event.id}", event.to_json()) + "\n")
        count += 1
    return count


def read_lines(path: Path) -> Iterator[Event]:
    """Iterate over the events that `write_lines` wrote.

    Raises:
        StoreError: the file cannot be read, or a line is no event; the message names the line.
    """
    number = 1
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield Event.from_json(from_text(line))
                number += 1
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    except (TypeError, ValueError) as error:
        raise StoreError(f"{path}, line {number}, is no exported event: {error}") from error
