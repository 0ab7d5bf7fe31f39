"""The clock that is handed in: nothing in the framework reads the wall clock directly."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time in seconds since an origin of the clock's own choosing; it never runs backwards."""

    def now(self) -> float:
        """Return the time now [s]."""
        ...

    def sleep_until(self, stamp: float) -> None:
        """Return once `now() >= stamp` [s]; a simulated clock advances the physics to get there."""
        ...
