"""Follow an instruction: look, let the VLA plan, carry the plan out, plan again when it failed."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.composites import Selector, Sequence
from py_trees.decorators import FailureIsSuccess

from behaviors.context import FailureKind, TreeContext
from behaviors.gripper import FeelHand, Holding
from behaviors.kernels import believed_by, what_matters
from behaviors.perception import Look, PlanWithVla
from behaviors.retry import RetryUnless
from behaviors.skills import FollowPlan, clear_view
from behaviors.subgoals import PickUpPlan
from behaviors.tree import Tree


def follow_instruction(context: TreeContext, instruction: str, *, attempts: int = 2) -> Tree:
    """Return the tree of the main job; where an earlier process was killed in it, it goes on from there."""
    steps: list[Behaviour] = [*clear_view(context), PlanWithVla(context, instruction)]
    failed = 0
    if context.resumed is not None:
        failed = context.resumed.failed_attempts
        steps = [
            FeelHand(context),
            *clear_view(context),
            Selector(
                "picked up or planned",
                memory=True,
                children=[look_again(context), PlanWithVla(context, instruction)],
            ),
        ]
    once = Sequence("follow once", memory=True, children=[*steps, FollowPlan(context)])
    # Asking the same question of the same scene again cannot help; failing on the way can.
    root = RetryUnless(
        once, context, attempts=attempts, final=frozenset({FailureKind.PLANNING}), failed=failed
    )
    return Tree(root, context)


def look_again(context: TreeContext) -> Behaviour:
    """Return the subtree that takes up a killed process's plan and looks at what matters to it.

    What is held, as the fingers have just felt, is not looked for: they hide it. A thing that cannot be
    found stays as memory has it. Fails where there is no plan to take up, and after its first use.
    """
    resumed = context.resumed
    steps: list[Behaviour] = [PickUpPlan(context)]
    if resumed is not None:
        believes = believed_by(context.memory)
        for phrase in what_matters(resumed.plan, believes, pending=resumed.pending):
            held = Holding(context, phrase, patience=0.0, quiet=True)
            seen = FailureIsSuccess(f"the {phrase}, if it is found", Look(context, phrase))
            steps.append(Selector(f"{phrase}: held or seen", memory=True, children=[held, seen]))
    return Sequence("look again", memory=True, children=steps)
