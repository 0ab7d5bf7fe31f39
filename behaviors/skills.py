"""Subtrees that carry out one subgoal, each with its postcondition on memory and its retries."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.behaviours import Success
from py_trees.common import Status
from py_trees.composites import Selector, Sequence
from py_trees.decorators import Retry

from behaviors.context import FailureKind, TreeContext
from behaviors.fine import FineMove, LookClose
from behaviors.gripper import CloseGripper, Holding, IsIn, LayDown, OpenGripper
from behaviors.kernels import believed_by, first_to_do
from behaviors.leaf import Leaf, halt_all
from behaviors.motion import ActWithVla, Home, MoveTool, Rise
from behaviors.perception import Look
from behaviors.poses import grasp_pose, pre_pose, release_pose, tool_yaw
from behaviors.progress import Stage
from behaviors.subgoals import BeginSubgoal, EndSubgoal, note_subgoal
from hybridctl.messages.plan import Plan, Skill, Subgoal

OPEN_WIDTH = 0.08
ATTEMPTS = 3


def pick(context: TreeContext, phrase: str, *, attempts: int = ATTEMPTS) -> Behaviour:
    """Pick a named thing up, unless it is in the hand already.

    Promises: the memory believes that it is held.
    """
    steps = [
        *reach_grasp(context, phrase),
        CloseGripper(context, phrase),
        Rise(context),
        Holding(context, phrase),
    ]
    once = Sequence(f"pick {phrase} once", memory=True, children=steps)
    held = Holding(context, phrase, patience=0.0, quiet=True)
    return Selector(
        f"{phrase} in hand", memory=True, children=[held, Retry(f"pick {phrase}", once, attempts)]
    )


def reach_grasp(context: TreeContext, phrase: str) -> list[Behaviour]:
    """Return the leaves that bring the open hand around a named thing, all but the closing.

    Promises: the tool is at the grasp pose of the memory's belief.
    """
    subgoal = Subgoal(Skill.PICK, phrase)
    camera = context.wrist_camera
    close = [] if camera is None else [LookClose(context, phrase, camera)]

    def yaw() -> float:
        return close[0].yaw if close else tool_yaw(context.T_base_tool)

    return [
        LayDown(context),
        OpenGripper(context, width=OPEN_WIDTH),
        *clear_view(context, width=OPEN_WIDTH),
        Look(context, phrase),
        ActWithVla(context, subgoal, width=OPEN_WIDTH, timeout=12.0),
        *close,
        FineMove(
            "pre-grasp",
            context,
            phrase,
            lambda slot: pre_pose(Skill.PICK, slot, tool_yaw=yaw()),
            passing=True,
        ),
        FineMove("descend", context, phrase, lambda slot: grasp_pose(slot, tool_yaw=yaw())),
    ]


def place_in(context: TreeContext, phrase: str, container: str, *, attempts: int = ATTEMPTS) -> Behaviour:
    """Put what is held into a container. Promises: the memory, having looked again, believes it is there."""
    memory = context.memory
    subgoal = Subgoal(Skill.PLACE_IN, container)

    def yaw() -> float:
        return tool_yaw(context.T_base_tool)

    over = [
        Holding(context, phrase),
        Rise(context),
        ActWithVla(context, subgoal, width=None, timeout=12.0),
        MoveTool(
            "fine: pre-place",
            context,
            lambda: pre_pose(Skill.PLACE_IN, memory.slot(container), tool_yaw=yaw()),
            source="fine",
            tolerance=0.006,
        ),
        MoveTool(
            "fine: lower",
            context,
            lambda: release_pose(memory.slot(container), tool_yaw=yaw()),
            source="fine",
            tolerance=0.006,
        ),
    ]
    steps = [
        Retry(f"bring {phrase}", Sequence(f"bring {phrase} once", memory=True, children=over), attempts),
        OpenGripper(context),
        *clear_view(context),
        Look(context, phrase),
        IsIn(context, phrase, container),
    ]
    return Sequence(f"place {phrase} in the {container}", memory=True, children=steps)


def clear_view(context: TreeContext, *, width: float | None = None) -> list[Behaviour]:
    """Return the leaves that bring the arm up and out of the camera's view."""
    return [Rise(context, width=width), Home(context, width=width)]


class PlanError(ValueError):
    """A plan holds a skill that no subtree carries out."""


class FollowPlan(Leaf):
    """Carry out the context's plan: it becomes a subtree when this leaf starts.

    Reads: the context's plan, and how far a killed process came in it; of that it takes account once. Then
    it goes on at the first subgoal that memory, which has looked again, does not believe done. Promises:
    every subgoal's postcondition holds.
    """

    def __init__(self, context: TreeContext, *, timeout: float = 120.0) -> None:
        super().__init__("follow the plan", context, timeout=timeout)
        self._subtree: Behaviour | None = None
        self._problem = ""

    def begin(self) -> None:
        """Build the subtree."""
        context, plan = self.context, self.context.plan
        self._subtree, self._problem = None, "the plan has no subgoal"
        resumed, context.resumed = context.resumed, None
        start = None
        if resumed is not None and resumed.plan == plan:
            start = first_to_do(plan, believed_by(context.memory), noted_as_done=resumed.pending)
            data = {"index": start, "noted": resumed.pending}
            context.note("picked up", str(plan.subgoals[start]) if start < len(plan.subgoals) else "", data)
        try:
            self._subtree = build_plan(context, plan, start=start)
        except PlanError as error:
            self._problem = str(error)

    def step(self) -> Status:
        """Tick the subtree."""
        if not self.context.plan.subgoals or self._subtree is None:
            return self.fail(FailureKind.PLANNING, self._problem)
        self._subtree.tick_once()
        if self._subtree.status == Status.FAILURE:
            self._note_failure(self._subtree)
        return self._subtree.status

    def release(self) -> None:
        """Halt what still runs of the subtree."""
        if self._subtree is not None:
            halt_all(self._subtree)

    def inner_tip(self) -> Behaviour | None:
        """Return the leaf of the subtree that the last tick ended in."""
        return None if self._subtree is None else self._subtree.tip()

    def _note_failure(self, subtree: Behaviour) -> None:
        begun = [node for node in subtree.children if isinstance(node, BeginSubgoal)]
        reached = [node.index for node in begun if node.status == Status.SUCCESS]
        if reached:  # else a container was not found: no subgoal has begun
            note_subgoal(self.context, self.context.plan, reached[-1], Stage.FAILED)


def build_plan(context: TreeContext, plan: Plan, *, start: int | None = None) -> Behaviour:
    """Return the sequence that carries out a plan; containers are looked for before anything is held.

    Args:
        context: The tree's.
        plan: What to do.
        start: Begin with this subgoal; what the rest names has just been looked at. None: from the
            beginning.

    Raises:
        PlanError: the plan holds a skill other than pick and place_in.
    """
    steps: list[Behaviour] = []
    if start is None:
        containers = {s.target for s in plan.subgoals if s.skill is Skill.PLACE_IN}
        steps += [Look(context, container) for container in sorted(containers)]
    for index, subgoal in enumerate(plan.subgoals):
        if subgoal.skill is Skill.PICK:
            step = pick(context, subgoal.target)
        elif subgoal.skill is Skill.PLACE_IN:
            step = place_in(context, plan.held_before(index), subgoal.target)
        else:
            raise PlanError(
                f"no subtree carries out {subgoal.skill.value!r} yet, known are pick and place_in"
            )
        if index >= (start or 0):
            steps += [BeginSubgoal(context, plan, index), step, EndSubgoal(context, plan, index)]
    return Sequence("plan", memory=True, children=steps or [Success("nothing is left to do")])
