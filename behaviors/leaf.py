"""The leaf that all others are: deadline, failure kind, and motion that stops when the leaf does."""

from __future__ import annotations

from typing import Any

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from behaviors.context import Failure, FailureKind, TreeContext
from hybridctl.messages.policy import Answer, PolicyError, Request


class Leaf(Behaviour):  # type: ignore[misc]
    """A leaf with a deadline.

    A subclass overrides `begin` (called once when it becomes active) and `step` (called every tick while
    it runs, never blocking). However it ends, by success, failure, halt or exception, `release` is called;
    a leaf that was interrupted leaves the arm braking, not moving.
    """

    def __init__(self, name: str, context: TreeContext, *, timeout: float) -> None:
        super().__init__(name)
        self.context = context
        self.timeout = timeout
        self._started = 0.0

    def begin(self) -> None:
        """Prepare; nothing by default."""

    def step(self) -> Status:
        """Do one tick's work and say how it stands."""
        raise NotImplementedError

    def release(self) -> None:
        """Give back what the leaf took; nothing by default."""

    def initialise(self) -> None:
        """Start the deadline (py_trees calls this when the leaf becomes active)."""
        self._started = self.context.clock.now()
        self.feedback_message = ""
        self.begin()

    def update(self) -> Status:
        """Tick (py_trees calls this)."""
        if self.elapsed() > self.timeout:
            return self.fail(FailureKind.TIMEOUT, f"not done within {self.timeout:g} s")
        return self.step()

    def terminate(self, new_status: Status) -> None:
        """End (py_trees calls this): an interrupted leaf brakes the arm."""
        if new_status == Status.INVALID and self.status == Status.RUNNING:
            self.context.controller.hold()
        self.release()

    def elapsed(self) -> float:
        """Return how long the leaf has been active [s]."""
        return self.context.clock.now() - self._started

    def fail(self, kind: FailureKind, why: str) -> Status:
        """Note a failure, brake, and return FAILURE."""
        failure = Failure(self.name, kind, why, self.context.clock.now())
        self.context.failures.append(failure)
        self.context.note("failure", kind.value, {"leaf": self.name, "why": why})
        self.context.controller.hold()
        self.feedback_message = why
        return Status.FAILURE


class AskingLeaf(Leaf):
    """A leaf that waits for an answer of the VLA without blocking the tree."""

    _request: int | None = None

    def ask(self, request: Request) -> None:
        """Submit a request; an earlier one is cancelled.

        Its deadline is the age at which the controller drops a target as stale: a later answer would only
        make the arm hold.
        """
        self.release()
        timeout = self.context.controller.gains.targets.stale_after
        self._request = self.context.policy.submit(request, timeout=timeout)

    def answer(self) -> Answer | None:
        """Return the answer once it is there.

        Raises:
            PolicyError: the policy failed or was too late; the request is forgotten.
        """
        if self._request is None:
            raise PolicyError("nothing was asked")
        try:
            found = self.context.policy.poll(self._request)
        except PolicyError:
            self._request = None
            raise
        if found is not None:
            self._request = None
        return found

    @property
    def waiting(self) -> bool:
        """Whether a request is out."""
        return self._request is not None

    def release(self) -> None:
        """Cancel what is out."""
        if self._request is not None:
            self.context.policy.cancel(self._request)
            self._request = None


def halt_all(root: Behaviour) -> None:
    """Stop a tree and every node of it that still runs.

    A child that raised in its first tick leaves its parents not yet RUNNING, so that py_trees' own stop does
    not reach it.
    """
    if root.status == Status.RUNNING:
        root.stop(Status.INVALID)
    for node in root.iterate():
        if node.status == Status.RUNNING:
            node.stop(Status.INVALID)


def describe(values: Any) -> list[float]:
    """Return an array as rounded plain numbers, for the record."""
    return [round(float(value), 5) for value in values]
