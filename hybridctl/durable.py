"""Brings events to disk before a motion begins, without the control loop ever waiting for the disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from behaviors.context import Settled
from world_state.store import EventStore


class Durable:
    """Says when all that was appended so far is durable.

    Args:
        store: What was appended to.
        blocking: Whether time stands still meanwhile, as in lockstep: then `settle` waits, and a run takes
            the same ticks however slow the disk is. Else a thread waits, and the tree asks at each tick.
    """

    def __init__(self, store: EventStore, *, blocking: bool) -> None:
        self._store = store
        self._waiting = None if blocking else ThreadPoolExecutor(1, thread_name_prefix="durable")

    def settle(self) -> Settled:
        """Begin, and return what says whether it is so; both raise StoreError where it cannot be written."""
        if self._waiting is None:
            self._store.flush()
            return lambda: True
        flushed = self._waiting.submit(self._store.flush)

        def settled() -> bool:
            if flushed.done():
                flushed.result()
            return flushed.done()

        return settled

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._waiting is not None:
            self._waiting.shutdown()
