"""Leaves that ask the VLA where things are and what to do, and keep the answers in memory."""

from __future__ import annotations

from py_trees.common import Status

from behaviors.context import FailureKind, TreeContext
from behaviors.leaf import AskingLeaf, describe
from behaviors.progress import PLANNED
from hybridctl.messages.policy import LocateAnswer, LocateRequest, PlanAnswer, PlanRequest, PolicyError
from world_state.errors import MeasurementError


class Look(AskingLeaf):
    """Locate a phrase in a new picture and measure it by depth.

    Writes: the slot of `phrase`. Promises on success: the memory has a slot that was corrected just now.
    """

    def __init__(self, context: TreeContext, phrase: str, *, timeout: float = 4.0) -> None:
        super().__init__(f"look for the {phrase}", context, timeout=timeout)
        self.phrase = phrase

    def begin(self) -> None:
        """Take a picture and ask."""
        self.ask(LocateRequest(self.context.observe(), self.phrase))

    def step(self) -> Status:
        """Wait for the answer; then it becomes a measurement."""
        try:
            answer = self.answer()
        except PolicyError as error:
            return self.fail(FailureKind.PERCEPTION, str(error))
        if answer is None:
            return Status.RUNNING
        assert isinstance(answer, LocateAnswer)
        try:
            slot = self.context.memory.see(self.phrase, answer)
        except MeasurementError as error:
            return self.fail(FailureKind.PERCEPTION, str(error))
        self.context.note(
            "look",
            self.phrase,
            {
                "pixel": describe(answer.pixel),
                "position": describe(slot.position),
                "entropy": answer.confidence.entropy,
            },
        )
        return Status.SUCCESS


class PlanWithVla(AskingLeaf):
    """Ask for the plan that carries out an instruction. Writes: the context's plan."""

    def __init__(self, context: TreeContext, instruction: str, *, timeout: float = 4.0) -> None:
        super().__init__("plan", context, timeout=timeout)
        self.instruction = instruction

    def begin(self) -> None:
        """Take a picture and ask."""
        self.ask(PlanRequest(self.context.observe(), self.instruction))

    def step(self) -> Status:
        """Wait for the plan; an empty one is a failure."""
        try:
            answer = self.answer()
        except PolicyError as error:
            return self.fail(FailureKind.PLANNING, str(error))
        if answer is None:
            return Status.RUNNING
        assert isinstance(answer, PlanAnswer)
        self.context.plan = answer.plan
        self.context.note(
            PLANNED,
            self.instruction,
            {"text": answer.text, "plan": str(answer.plan), "log_p": answer.confidence.log_probability},
        )
        if not answer.plan.subgoals:
            return self.fail(FailureKind.PLANNING, "the model sees nothing here that the instruction names")
        return Status.SUCCESS
