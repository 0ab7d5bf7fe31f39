"""Non-blocking access to a policy: on simulated time with a fixed latency, or on a worker thread."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

from hybridctl.messages.action import ActionSpec
from hybridctl.messages.clock import Clock
from hybridctl.messages.policy import (
    ActRequest,
    Answer,
    LocateRequest,
    PlanRequest,
    PolicyError,
    Request,
    VlaPolicy,
)

DEFAULT_LATENCY = 0.2


def ask(policy: VlaPolicy, request: Request) -> Answer:
    """Put a request to the method that answers its kind."""
    if isinstance(request, PlanRequest):
        return policy.plan(request)
    if isinstance(request, ActRequest):
        return policy.act(request)
    if isinstance(request, LocateRequest):
        return policy.locate(request)
    raise PolicyError(f"no policy answers a {type(request).__name__}")


@dataclass
class _Pending:
    ready_at: float
    deadline: float
    answer: Answer | None = None
    error: str | None = None
    future: Future[Answer] | None = None


class LockstepQueue:
    """Answers at once but hands them over only `latency` seconds of simulated time later: deterministic."""

    def __init__(self, policy: VlaPolicy, clock: Clock, *, latency: float = DEFAULT_LATENCY) -> None:
        self._policy, self._clock, self._latency = policy, clock, latency
        self._pending: dict[int, _Pending] = {}
        self._next_id = 0
        self.wall_ms: list[float] = []
        """Wall time of every forward decode [ms], for reports."""

    @property
    def action_spec(self) -> ActionSpec:
        """The policy's."""
        return self._policy.action_spec

    def submit(self, request: Request, *, timeout: float) -> int:
        """Compute the answer now and hold it back for the latency."""
        now = self._clock.now()
        pending = _Pending(ready_at=now + self._latency, deadline=now + timeout)
        started = perf_counter()
        try:
            pending.answer = ask(self._policy, request)
        except Exception as error:
            pending.error = f"{type(error).__name__}: {error}"
        self.wall_ms.append(1e3 * (perf_counter() - started))
        self._next_id += 1
        self._pending[self._next_id] = pending
        return self._next_id

    def poll(self, request_id: int) -> Answer | None:
        """Return the answer once its latency has passed.

        Raises:
            PolicyError: unknown id, the policy raised, or the deadline passed.
        """
        pending = self._pending.get(request_id)
        if pending is None:
            raise PolicyError(f"no request {request_id} is pending: it was answered or cancelled")
        now = self._clock.now()
        if now > pending.deadline:
            del self._pending[request_id]
            raise PolicyError(f"request {request_id} missed its deadline by {now - pending.deadline:.3f} s")
        if now + 1e-9 < pending.ready_at:
            return None
        del self._pending[request_id]
        if pending.error is not None:
            raise PolicyError(pending.error)
        return pending.answer

    def cancel(self, request_id: int) -> None:
        """Forget a request."""
        self._pending.pop(request_id, None)


class ThreadedQueue:
    """One worker thread that answers in order: for arms that run in real time."""

    def __init__(self, policy: VlaPolicy, clock: Clock) -> None:
        self._policy, self._clock = policy, clock
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vla")
        self._pending: dict[int, _Pending] = {}
        self._next_id = 0
        self.wall_ms: list[float] = []
        """Wall time of every forward decode [ms], for reports."""

    @property
    def action_spec(self) -> ActionSpec:
        """The policy's."""
        return self._policy.action_spec

    def submit(self, request: Request, *, timeout: float) -> int:
        """Queue a request for the worker."""
        now = self._clock.now()
        self._next_id += 1
        future = self._pool.submit(self._timed, request)
        self._pending[self._next_id] = _Pending(ready_at=now, deadline=now + timeout, future=future)
        return self._next_id

    def poll(self, request_id: int) -> Answer | None:
        """Return the answer once the worker is done.

        Raises:
            PolicyError: unknown id, the policy raised, or the deadline passed.
        """
        pending = self._pending.get(request_id)
        if pending is None or pending.future is None:
            raise PolicyError(f"no request {request_id} is pending: it was answered or cancelled")
        late = self._clock.now() - pending.deadline
        if late > 0:
            self.cancel(request_id)
            raise PolicyError(f"request {request_id} missed its deadline by {late:.3f} s")
        if pending.future.cancelled():
            self.cancel(request_id)
            raise PolicyError(f"request {request_id} was cancelled: the queue is closed")
        if not pending.future.done():
            return None
        del self._pending[request_id]
        error = pending.future.exception()
        if error is not None:
            raise PolicyError(f"{type(error).__name__}: {error}") from error
        return pending.future.result()

    def cancel(self, request_id: int) -> None:
        """Forget a request; one that has not begun is not computed."""
        pending = self._pending.pop(request_id, None)
        if pending is not None and pending.future is not None:
            pending.future.cancel()

    def close(self) -> None:
        """End the worker thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _timed(self, request: Request) -> Answer:
        started = perf_counter()
        try:
            return ask(self._policy, request)
        finally:
            self.wall_ms.append(1e3 * (perf_counter() - started))
