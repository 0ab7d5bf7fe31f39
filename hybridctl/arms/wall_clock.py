"""Real time, for arms that do not wait."""

from __future__ import annotations

import time


class WallClock:
    """Monotonic wall time since the clock was made [s]."""

    def __init__(self) -> None:
        self._origin = time.monotonic()

    def now(self) -> float:
        """Return the seconds since the clock was made."""
        return time.monotonic() - self._origin

    def sleep_until(self, stamp: float) -> None:
        """Sleep until `now() >= stamp` [s]; a stamp in the past returns at once."""
        while (left := stamp - self.now()) > 0:
            time.sleep(left)
