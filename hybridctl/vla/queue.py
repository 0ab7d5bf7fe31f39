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
    AskRequest,
    LocateRequest,
    PlanRequest,
    PolicyError,
    QuestionAnswerer,
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
    if isinstance(request, AskRequest) and isinstance(policy, QuestionAnswerer):
        return policy.ask(request)
    raise PolicyError(f"{type(policy).__name__} answers no {type(request).__name__}")


@dataclass(frozen=True)
class _Pending:
    ready_at: float
    deadline: float
    future: Future[Answer]


class _Queue:
    """What is pending, when it may be handed over, and why not: shared by both queues."""

    def __init__(self, policy: VlaPolicy, clock: Clock, *, latency: float) -> None:
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
        """Hand in a request and return its id; its answer is worthless after `timeout` [s]."""
        now = self._clock.now()
        self._next_id += 1
        future = self._start(request)
        self._pending[self._next_id] = _Pending(now + self._latency, now + timeout, future)
        return self._next_id

    def poll(self, request_id: int) -> Answer | None:
        """Return the answer once it is computed and its latency has passed.

        Raises:
            PolicyError: unknown id, the policy raised, or the deadline passed.
        """
        pending = self._pending.get(request_id)
        if pending is None:
            raise PolicyError(f"no request {request_id} is pending: it was answered or cancelled")
        now = self._clock.now()
        if now > pending.deadline:
            self.cancel(request_id)
            raise PolicyError(f"request {request_id} missed its deadline by {now - pending.deadline:.3f} s")
        if pending.future.cancelled():
            self.cancel(request_id)
            raise PolicyError(f"request {request_id} was cancelled: the queue is closed")
        if now + 1e-9 < pending.ready_at or not pending.future.done():
            return None
        del self._pending[request_id]
        error = pending.future.exception()
        if error is not None:
            raise PolicyError(f"{type(error).__name__}: {error}") from error
        return pending.future.result()

    def cancel(self, request_id: int) -> None:
        """Forget a request; one that has not begun is not computed."""
        pending = self._pending.pop(request_id, None)
        if pending is not None:
            pending.future.cancel()

    def _start(self, request: Request) -> Future[Answer]:
        """Begin to compute an answer."""
        raise NotImplementedError

    def _timed(self, request: Request) -> Answer:
        started = perf_counter()
        try:
            return ask(self._policy, request)
        finally:
            self.wall_ms.append(1e3 * (perf_counter() - started))


class LockstepQueue(_Queue):
    """Answers at once but hands them over only `latency` seconds of simulated time later: deterministic."""

    def __init__(self, policy: VlaPolicy, clock: Clock, *, latency: float = DEFAULT_LATENCY) -> None:
        super().__init__(policy, clock, latency=latency)

    def _start(self, request: Request) -> Future[Answer]:
        future: Future[Answer] = Future()
        try:
            future.set_result(self._timed(request))
        except Exception as error:
            future.set_exception(error)
        return future


class ThreadedQueue(_Queue):
    """One worker thread that answers in order: for arms that run in real time."""

    def __init__(self, policy: VlaPolicy, clock: Clock) -> None:
        super().__init__(policy, clock, latency=0.0)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vla")

    def close(self) -> None:
        """End the worker thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, request: Request) -> Future[Answer]:
        return self._pool.submit(self._timed, request)
