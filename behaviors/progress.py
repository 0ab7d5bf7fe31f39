"""How far a run has come, as the event store has it: instruction, plan, subgoals, attempts and the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol, Self

from hybridctl.messages.arrays import MessageError
from hybridctl.messages.plan import Plan, Subgoal, parse_plan

PREFIX = "tree."
"""The kind of an event that the tree notes begins so in the store."""
STARTED, PLANNED, SUBGOAL, ATTEMPT, RESUMED, ENDED = (
    "started", "plan", "subgoal", "attempt", "resumed", "ended"
)  # fmt: skip
KINDS = tuple(PREFIX + kind for kind in (STARTED, PLANNED, SUBGOAL, ATTEMPT, RESUMED, ENDED))
"""The kinds of event that tell of progress; others share the store."""


class Stage(Enum):
    """How a subgoal stands."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


class StoredEvent(Protocol):
    """What progress needs of an event."""

    @property
    def kind(self) -> str:
        """One of KINDS."""
        ...

    @property
    def measurement(self) -> dict[str, Any]:
        """What was noted."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    It says what to look at first and how many attempts are left. What is done it does not say: a program
    may be killed between an act and its event, so that is asked of the memory, which has looked again.

    Attributes:
        instruction: What the run was asked to do; empty before it began.
        plan: The plan that is followed; empty before there is one.
        pending: Index of the first subgoal that was not noted as done.
        failed_attempts: How often the whole was tried in vain.
        resumptions: How often the run was resumed.
        ended: The status that it ended in; empty while it goes on.
    """

    instruction: str = ""
    plan: Plan = field(default_factory=lambda: Plan(()))
    pending: int = 0
    failed_attempts: int = 0
    resumptions: int = 0
    ended: str = ""

    @classmethod
    def from_events(cls, events: Iterable[StoredEvent]) -> Self:
        """Return the progress that events tell of, in their order; those of other kinds change nothing.

        Raises:
            MessageError: an event holds no plan, or is not of this version.
        """
        progress = cls()
        for event in events:
            if event.kind in KINDS:
                try:
                    progress = progress.after(event.kind.removeprefix(PREFIX), event.measurement)
                except (LookupError, TypeError, ValueError) as error:
                    raise MessageError(f"an event {event.kind!r} tells of no progress: {error}") from error
        return progress

    def after(self, kind: str, data: dict[str, Any]) -> Self:
        """Return the progress after one event: `kind` without PREFIX, and its data."""
        if kind == STARTED:
            return replace(self, instruction=str(data["instruction"]))
        if kind == PLANNED:
            return replace(self, plan=parse_plan(str(data["plan"])), pending=0)
        if kind == SUBGOAL:
            index, stage = int(data["index"]), Stage(data["stage"])
            return replace(self, pending=index + 1 if stage is Stage.DONE else index)
        if kind == ATTEMPT:  # the next one plans anew
            return replace(self, failed_attempts=int(data["failed"]), plan=Plan(()), pending=0)
        if kind == RESUMED:
            return replace(self, resumptions=self.resumptions + 1)
        return replace(self, ended=str(data["status"]))

    @property
    def pending_subgoal(self) -> Subgoal | None:
        """The first subgoal that was not noted as done; None without a plan, or after its last."""
        return self.plan.subgoals[self.pending] if self.pending < len(self.plan.subgoals) else None

    @property
    def last_done(self) -> Subgoal | None:
        """The last subgoal that was noted as done; None before the first."""
        return self.plan.subgoals[self.pending - 1] if self.pending > 0 else None
