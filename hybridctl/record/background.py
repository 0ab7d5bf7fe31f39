"""A worker thread with a bounded queue: what takes long is done beside the control loop, in order."""

from __future__ import annotations

from collections.abc import Callable
from queue import Full, Queue
from threading import Thread

Job = Callable[[], None]


class Background:
    """Does jobs one after the other on a thread of its own; one thread hands them in.

    A job that raises is the last one that is done: its exception is kept, and the jobs behind it are let go.

    Attributes:
        dropped: Jobs that found the queue full and were never done.
        error: What a job raised; None while all went well.
    """

    def __init__(self, name: str, *, room: int, keep_all: bool) -> None:
        """Start the thread.

        Args:
            name: The thread's name.
            room: Jobs that may wait.
            keep_all: Whether a full queue makes the caller wait (a run in lockstep, which can) or the job is
                dropped and counted (a real arm, which must not wait).
        """
        self.dropped = 0
        self.error: Exception | None = None
        self._keep_all = keep_all
        self._queue: Queue[Job | None] = Queue(room)
        # A daemon: a program that ends without closing must not wait for it.
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def do(self, job: Job) -> bool:
        """Hand in a job and return whether it was taken; never waits unless all are kept."""
        if self._keep_all:
            self._queue.put(job)
            return True
        try:
            self._queue.put_nowait(job)
        except Full:
            self.dropped += 1
            return False
        return True

    def close(self) -> None:
        """Wait until all that was taken is done, and end the thread; calling it again does nothing."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            if self.error is None:
                try:
                    job()
                except Exception as error:  # whatever it was, the run goes on: the report says it
                    self.error = error
