"""Retry by failure kind."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.decorators import Decorator

from behaviors.context import FailureKind, TreeContext
from behaviors.progress import ATTEMPT


class RetryUnless(Decorator):  # type: ignore[misc]
    """Run the child again when it fails, but not after a failure of a `final` kind.

    Args:
        child: What is tried.
        context: The tree's; each failed attempt is noted there.
        attempts: How often it is tried.
        final: Failures after which no further attempt can help.
        failed: Attempts that failed before, in a process that was killed.
    """

    def __init__(
        self,
        child: Behaviour,
        context: TreeContext,
        *,
        attempts: int,
        final: frozenset[FailureKind],
        failed: int = 0,
    ) -> None:
        super().__init__(name=f"{child.name}, {attempts} times", child=child)
        self._context, self._attempts, self._final = context, attempts, final
        self._before = self._failed = failed

    def initialise(self) -> None:
        """Count anew."""
        self._failed = self._before

    def update(self) -> Status:
        """Turn a failure into RUNNING while there are attempts left: the next tick starts the child anew."""
        if self.decorated.status != Status.FAILURE:
            return self.decorated.status
        self._failed += 1
        self._context.note(ATTEMPT, "failed", {"failed": self._failed})
        failures = self._context.failures
        last = failures[-1].kind if failures else None
        return Status.FAILURE if self._failed >= self._attempts or last in self._final else Status.RUNNING
