"""Leaves that move: by action tokens while far, by the memory's belief for the last centimetres."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from py_trees.common import Status

from behaviors.context import FailureKind, TreeContext
from behaviors.leaf import AskingLeaf, Leaf, describe
from behaviors.poses import pre_pose, tool_pose, tool_yaw
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.plan import Subgoal
from hybridctl.messages.policy import ActAnswer, ActRequest, PolicyError
from hybridctl.messages.reach import FINE_PHASE_RADIUS, HOME_POSITION, LIFT_HEIGHT


class ActWithVla(AskingLeaf):
    """Follow action tokens until the tool is within reach of the fine phase.

    Reads: the slot that the subgoal names, only to see when it is near. Promises on success: the tool is
    within FINE_PHASE_RADIUS of the pre-pose. The six motion tokens drive; `terminate` is noted as evidence,
    and the gripper keeps the width that the skill gives it, so that a stray token cannot drop what is held.
    """

    def __init__(
        self, context: TreeContext, subgoal: Subgoal, *, width: float | None, timeout: float
    ) -> None:
        super().__init__(f"tokens: {subgoal}", context, timeout=timeout)
        self.subgoal = subgoal
        self.width = width
        self.actions = 0

    def begin(self) -> None:
        """Ask for the first action."""
        if not self.context.memory.has(self.subgoal.target):
            return
        self._ask()

    def step(self) -> Status:
        """Hand each answer to the controller and ask for the next."""
        context = self.context
        if not context.memory.has(self.subgoal.target):
            return self.fail(FailureKind.PRECONDITION, f"memory has no slot of {self.subgoal.target!r}")
        slot = context.memory.slot(self.subgoal.target)
        goal = pre_pose(self.subgoal.skill, slot, tool_yaw=tool_yaw(context.T_base_tool))
        distance = float(np.linalg.norm(goal[:3, 3] - context.T_base_tool[:3, 3]))
        if distance <= FINE_PHASE_RADIUS:
            self.feedback_message = f"{1e3 * distance:.0f} mm from the pre-pose after {self.actions} actions"
            return Status.SUCCESS
        try:
            answer = self.answer()
        except PolicyError as error:
            return self.fail(FailureKind.EXECUTION, str(error))
        if answer is not None:
            assert isinstance(answer, ActAnswer)
            self._follow(answer, distance)
            self._ask()
        return Status.RUNNING

    def _ask(self) -> None:
        self.ask(ActRequest(self.context.observe(), self.subgoal))

    def _follow(self, answer: ActAnswer, distance: float) -> None:
        T = answer.action.apply(answer.T_base_tool, frame=self.context.policy.action_spec.frame)
        target = PoseTarget(T, stamp=answer.stamp, gripper_width=self.width, source="tokens")
        self.context.controller.set_target(target)
        self.actions += 1
        self.context.note(
            "act",
            str(self.subgoal),
            {
                "tokens": list(answer.tokens),
                "pixel": describe(answer.pixel),
                "target": describe(T[:3, 3]),
                "entropy": answer.confidence.entropy,
                "terminate": answer.action.terminate,
                "distance_to_belief": round(distance, 4),
            },
        )


class MoveTool(Leaf):
    """Bring the tool to a pose that is asked for anew every tick, so that a belief that moves is followed.

    Promises on success: the tool is within `tolerance` [m] and `angle` [rad] of the pose and slow.
    """

    def __init__(
        self,
        name: str,
        context: TreeContext,
        goal: Callable[[], FloatArray],
        *,
        source: str,
        width: float | None = None,
        tolerance: float = 0.003,
        angle: float = 0.04,
        timeout: float = 6.0,
    ) -> None:
        super().__init__(name, context, timeout=timeout)
        self.goal, self.source, self.width = goal, source, width
        self.tolerance, self.angle = tolerance, angle

    def step(self) -> Status:
        """Send the goal and compare."""
        context = self.context
        T = self.goal()
        context.move(T, source=self.source, gripper_width=self.width)
        away = float(np.linalg.norm(T[:3, 3] - context.T_base_tool[:3, 3]))
        turned = angle_between(T[:3, :3], context.T_base_tool[:3, :3])
        slow = float(np.abs(context.state.dq).max()) < 0.12
        done = away < self.tolerance and turned < self.angle and slow
        return Status.SUCCESS if done else Status.RUNNING


class Rise(MoveTool):
    """Go straight up until whatever is held clears what stands on the table."""

    def __init__(self, context: TreeContext, *, width: float | None = None) -> None:
        super().__init__(
            "rise", context, self._above, source="skill", width=width, tolerance=0.015, angle=0.2, timeout=5.0
        )
        self._T = np.eye(4)

    def begin(self) -> None:
        """Remember where the tool is now; higher than LIFT_HEIGHT it stays."""
        T = self.context.T_base_tool
        position = np.array([T[0, 3], T[1, 3], max(LIFT_HEIGHT, T[2, 3])])
        self._T = tool_pose(position, tool_yaw(T))

    def _above(self) -> FloatArray:
        return self._T


class Home(MoveTool):
    """Go where the arm does not hide the scene from the camera."""

    def __init__(self, context: TreeContext, *, width: float | None = None) -> None:
        T = tool_pose(np.array(HOME_POSITION), 0.0)
        super().__init__(
            "home", context, lambda: T, source="home", width=width, tolerance=0.03, angle=0.2, timeout=8.0
        )


def angle_between(A: FloatArray, B: FloatArray) -> float:
    """Return the angle of the rotation from A to B, both (3, 3) [rad]."""
    cosine = (np.trace(A.T @ B) - 1) / 2
    return float(np.arccos(np.clip(cosine, -1.0, 1.0)))
