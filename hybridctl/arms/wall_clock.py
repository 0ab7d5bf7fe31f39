"""Real time, for arms that do not wait."""

from __future__ import annotations

import time
from typing import Self


class WallClock:
    """Monotonic wall time since the clock was made [s]."""

    def __init__(self) -> None:
        self._origin = time.monotonic()

    @classmethod
    def going_on(cls, *, stamp: float, wall_time: float) -> Self:
        """Return the clock of an earlier process, going on: it read `stamp` [s] at `wall_time`.

        Stamps that the process stored stay what they are, and the time in which nobody ran has passed.

        Args:
            stamp: What the earlier clock read [s].
            wall_time: When it did [s since 1970]. One that lies ahead, of a clock set back since, is now.
        """
        clock = cls()
        clock._origin -= stamp + max(0.0, time.time() - wall_time)
        return clock

    def now(self) -> float:
        """Return the seconds since the clock was made."""
        return time.monotonic() - self._origin

    def sleep_until(self, stamp: float) -> None:
        """Sleep until `now() >= stamp` [s]; a stamp in the past returns at once."""
        while (left := stamp - self.now()) > 0:
            time.sleep(left)
