"""Follow an instruction: look, let the VLA plan, carry the plan out, plan again when it failed."""

from __future__ import annotations

from py_trees.composites import Sequence
from py_trees.decorators import Retry

from behaviors.context import TreeContext
from behaviors.perception import PlanWithVla
from behaviors.skills import FollowPlan, clear_view
from behaviors.tree import Tree


def follow_instruction(context: TreeContext, instruction: str, *, attempts: int = 2) -> Tree:
    """Return the tree of the main job."""
    steps = [*clear_view(context), PlanWithVla(context, instruction), FollowPlan(context)]
    once = Sequence("follow once", memory=True, children=steps)
    return Tree(Retry(f"follow: {instruction}", once, attempts), context)
