"""Leaves that note in the record where in its plan the tree is."""

from __future__ import annotations

from py_trees.common import Status

from behaviors.context import Settled, TreeContext
from behaviors.leaf import Leaf
from behaviors.progress import SUBGOAL, Stage
from hybridctl.messages.plan import Plan


def note_subgoal(context: TreeContext, plan: Plan, index: int, stage: Stage) -> None:
    """Note how a subgoal of a plan stands."""
    context.note(SUBGOAL, str(plan.subgoals[index]), {"index": index, "stage": stage.value})


class BeginSubgoal(Leaf):
    """Note that a subgoal begins. Promises: that is durable, so nothing has moved for it before."""

    def __init__(self, context: TreeContext, plan: Plan, index: int, *, timeout: float = 5.0) -> None:
        super().__init__(f"begin {plan.subgoals[index]}", context, timeout=timeout)
        self.plan, self.index = plan, index
        self._settled: Settled = lambda: False

    def begin(self) -> None:
        """Note it."""
        note_subgoal(self.context, self.plan, self.index, Stage.BEGUN)
        self._settled = self.context.settle()

    def step(self) -> Status:
        """Wait for the disk."""
        return Status.SUCCESS if self._settled() else Status.RUNNING


class EndSubgoal(Leaf):
    """Note that a subgoal is done: its subtree has seen its postcondition hold."""

    def __init__(self, context: TreeContext, plan: Plan, index: int) -> None:
        super().__init__(f"done: {plan.subgoals[index]}", context, timeout=1.0)
        self.plan, self.index = plan, index

    def step(self) -> Status:
        """Note it; nothing waits for that, since a resumed run looks for itself."""
        note_subgoal(self.context, self.plan, self.index, Stage.DONE)
        return Status.SUCCESS


class PickUpPlan(Leaf):
    """Take up the plan that a killed process followed. Writes: the context's plan. Fails without one."""

    def __init__(self, context: TreeContext) -> None:
        super().__init__("pick the plan up", context, timeout=1.0)

    def step(self) -> Status:
        """A no is an answer here, not a failure to be recorded: then the VLA plans."""
        resumed = self.context.resumed
        if resumed is None or not resumed.plan.subgoals:
            return Status.FAILURE
        self.context.plan = resumed.plan
        return Status.SUCCESS
