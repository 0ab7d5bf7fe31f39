"""Leaves for the gripper."""

from __future__ import annotations

import numpy as np
from py_trees.common import Status

from behaviors.context import FailureKind, TreeContext
from behaviors.leaf import Leaf
from behaviors.poses import tool_pose, tool_yaw
from hybridctl.messages.reach import LAY_DOWN_HEIGHT

_SETTLE = 0.30
_STILL = 0.0004
_FEELING, _FEELING_LONGEST = 0.6, 2.0
"""How long touch is felt at least: from sure of the contrary to sure takes 0.5 s; and at most [s]."""


class CloseGripper(Leaf):
    """Close on a thing. Writes: the intent to grasp it. Promises: the fingers have come to rest."""

    def __init__(self, context: TreeContext, phrase: str, *, timeout: float = 3.0) -> None:
        super().__init__(f"grasp the {phrase}", context, timeout=timeout)
        self.phrase = phrase
        self._width = 0.0

    def begin(self) -> None:
        """Say what is grasped, and close where the tool is."""
        self.context.memory.intend_grasp(self.phrase)
        # Whoever finds the fingers closed after a kill must know on what.
        self._settled = self.context.settle()
        self.context.expect_touch(f"grasping the {self.phrase}", seconds=self.timeout)
        self._T = self.context.T_base_tool.copy()

    def step(self) -> Status:
        """Close once the intent is durable, and wait until the fingers rest."""
        if not self._settled():
            return Status.RUNNING
        self.context.move(self._T, source="skill", gripper_width=0.0)
        width = self.context.state.gripper_width
        still = abs(width - self._width) < _STILL
        self._width = width
        return Status.SUCCESS if still and self.elapsed() > _SETTLE else Status.RUNNING


class OpenGripper(Leaf):
    """Open to a width [m]. Writes: the intent to release. Promises: the fingers are open by that width."""

    def __init__(self, context: TreeContext, *, width: float | None = None, timeout: float = 3.0) -> None:
        super().__init__("open the gripper", context, timeout=timeout)
        self._wanted = width
        self._width = 0.0

    def begin(self) -> None:
        """Say that what is held will be let go."""
        if self.context.memory.holding() is not None:
            self.context.memory.intend_release()
        self._settled = self.context.settle()
        now = self.context.state.gripper_width
        # A held thing needs only a little room; in a container there is little more.
        self._width = min(0.08, now + 0.025) if self._wanted is None else self._wanted
        self._T = self.context.T_base_tool.copy()

    def step(self) -> Status:
        """Open once the intent is durable, and wait until the fingers are there."""
        if not self._settled():
            return Status.RUNNING
        self.context.move(self._T, source="skill", gripper_width=self._width)
        reached = abs(self.context.state.gripper_width - self._width) < 0.003
        return Status.SUCCESS if reached and self.elapsed() > 0.2 else Status.RUNNING


class LayDown(Leaf):
    """Bring down what is held, so that opening the gripper does not drop it; done at once with empty hands.

    Promises: nothing is held, or the tool is as low as a grasp.
    """

    def __init__(self, context: TreeContext, *, timeout: float = 6.0) -> None:
        super().__init__("lay down what is held", context, timeout=timeout)

    def begin(self) -> None:
        """Remember where to lay it: straight below."""
        self.context.expect_touch("laying down what is held", seconds=self.timeout)
        now = self.context.T_base_tool
        below = np.array([now[0, 3], now[1, 3], LAY_DOWN_HEIGHT])
        self._T = tool_pose(below, tool_yaw(now))

    def step(self) -> Status:
        """Go down."""
        if self.context.memory.holding_state().state is False:
            return Status.SUCCESS
        self.context.move(self._T, source="skill")
        low = self.context.T_base_tool[2, 3] < LAY_DOWN_HEIGHT + 0.004
        return Status.SUCCESS if low else Status.RUNNING


class FeelHand(Leaf):
    """Stand still until the memory is sure by touch whether something is held; a while at least.

    A program that takes over knows what was held when the last one ended. What the fingers feel confirms it,
    or denies it, before anything moves.
    """

    def __init__(self, context: TreeContext, *, timeout: float = 4.0) -> None:
        super().__init__("feel what is held", context, timeout=timeout)

    def begin(self) -> None:
        """The hand may be among things, wherever it was left."""
        self.context.expect_touch("the hand is where a killed program left it", seconds=self.timeout)

    def step(self) -> Status:
        """Wait; a gripper that never tells leaves the memory not sure, which is no failure."""
        elapsed, sure = self.elapsed(), self.context.memory.holding_state().state is not None
        done = elapsed > _FEELING and (sure or elapsed > _FEELING_LONGEST)
        return Status.SUCCESS if done else Status.RUNNING


class Holding(Leaf):
    """Condition: the memory believes that a thing is held.

    Args:
        context: The tree's.
        phrase: What should be held.
        patience: How long the belief may take to settle [s].
        quiet: Whether a no is an answer, not a failure to be recorded.
    """

    def __init__(
        self, context: TreeContext, phrase: str, *, patience: float = 0.6, quiet: bool = False
    ) -> None:
        super().__init__(f"holding the {phrase}?", context, timeout=1e9)
        self.phrase = phrase
        self._patience, self._quiet = patience, quiet

    def step(self) -> Status:
        """Give the belief a moment to settle."""
        held = self.context.memory.holding()
        if held == self.phrase:
            return Status.SUCCESS
        if self.elapsed() < self._patience:
            return Status.RUNNING
        if self._quiet:
            return Status.FAILURE
        found = "nothing" if held is None else held
        return self.fail(FailureKind.POSTCONDITION, f"wanted to hold the {self.phrase}, holding {found}")


class IsIn(Leaf):
    """Condition: the memory believes that a thing lies in a container and is not held."""

    def __init__(self, context: TreeContext, phrase: str, container: str) -> None:
        super().__init__(f"{phrase} in the {container}?", context, timeout=1e9)
        self.phrase, self.container = phrase, container

    def step(self) -> Status:
        """Read the relation."""
        inside = self.context.memory.is_in(self.phrase, self.container)
        if inside:
            return Status.SUCCESS
        words = "not known to be" if inside is None else "not"
        return self.fail(FailureKind.POSTCONDITION, f"the {self.phrase} is {words} in the {self.container}")
