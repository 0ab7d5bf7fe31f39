"""Follow an instruction: look, let the VLA plan, carry the plan out, plan again when it failed."""

from __future__ import annotations

from py_trees.composites import Sequence

from behaviors.context import FailureKind, TreeContext
from behaviors.perception import PlanWithVla
from behaviors.retry import RetryUnless
from behaviors.skills import FollowPlan, clear_view
from behaviors.tree import Tree


def follow_instruction(context: TreeContext, instruction: str, *, attempts: int = 2) -> Tree:
    """Return the tree of the main job."""
    steps = [*clear_view(context), PlanWithVla(context, instruction), FollowPlan(context)]
    once = Sequence("follow once", memory=True, children=steps)
    # Asking the same question of the same scene again cannot help; failing on the way can.
    root = RetryUnless(once, context, attempts=attempts, final=frozenset({FailureKind.PLANNING}))
    return Tree(root, context)
