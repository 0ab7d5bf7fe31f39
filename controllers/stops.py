"""Stops with a category, a cause and a time; once in force, one ends only by a deliberate reset."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from threading import Lock

from controllers.errors import ControllerError


class StopCategory(IntEnum):
    """Stop categories of IEC 60204-1 (9.2.2)."""

    POWER_OFF = 0
    """The motors' power is cut at once. Software can only ask the arm's driver for it."""
    BRAKE_THEN_OFF = 1
    """Braking under control; the arm is let go, latched in its own stop, once it is at rest."""
    BRAKE_AND_HOLD = 2
    """Braking under control; the motors then hold."""


@dataclass(frozen=True)
class Stop:
    """One stop.

    Attributes:
        cause: What brought it about, in words: who pressed, or which value passed which threshold.
        category: How the arm is brought to rest.
        stamp: Clock time at which it came into force [s].
    """

    cause: str
    category: StopCategory
    stamp: float


class StopLatch:
    """Holds the stop that is in force. Any thread may trip it.

    The first cause stays, since those after it are often its consequences; a stricter category (a lower
    number) replaces it, since it must act.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._stop: Stop | None = None

    @property
    def stop(self) -> Stop | None:
        """The stop in force, None without one."""
        return self._stop

    def trip(self, *, cause: str, category: StopCategory, stamp: float) -> Stop:
        """Put a stop into force and return the one that now is.

        Args:
            cause: What brought it about, in words.
            category: How the arm is brought to rest.
            stamp: Clock time [s].

        Raises:
            ControllerError: the cause is empty or the stamp not finite. The stop is in force even then.
        """
        fault = None
        if not cause.strip():
            cause, fault = "no cause was named", "a stop needs a cause, what was given is empty"
        if not math.isfinite(stamp):
            stamp, fault = 0.0, f"the stop's stamp is {stamp}, expected a finite time [s]"
        with self._lock:
            if self._stop is None or category < self._stop.category:
                self._stop = Stop(cause, StopCategory(category), stamp)
            stop = self._stop
        if fault is not None:
            raise ControllerError(fault)
        return stop

    def reset(self, *, acknowledged_cause: str) -> None:
        """End the stop in force.

        Args:
            acknowledged_cause: Its cause, word by word: whoever resets has read what happened.

        Raises:
            ControllerError: no stop is in force, or its cause is another. It stays in force.
        """
        with self._lock:
            if self._stop is None:
                raise ControllerError("no stop is in force, so there is nothing to reset")
            if acknowledged_cause != self._stop.cause:
                raise ControllerError(
                    f"the stop's cause is {self._stop.cause!r}, acknowledged was {acknowledged_cause!r}"
                )
            self._stop = None
