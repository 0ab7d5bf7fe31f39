"""The fine phase: the last centimetres are driven by the memory's belief, which a close look makes exact."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from py_trees.common import Status

from behaviors.context import FailureKind, TreeContext
from behaviors.leaf import Leaf, describe
from behaviors.motion import angle_between
from behaviors.poses import grasp_pose, tool_yaw
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.observation import Camera
from hybridctl.messages.reach import LOOK_CLEARANCE
from world_state.errors import MeasurementError, UnknownSlot
from world_state.slot import Slot

STALE = 20.0
"""A thing that was last seen longer ago is looked for again before a hand goes around it [s]."""
JUMP = 0.03
"""A goal that moves farther from one tick to the next is not followed [m]."""
TIGHT, TIGHT_ANGLE = 0.0005, 0.005
"""How near the last pose the fine phase ends [m], [rad]."""
LOOSE, LOOSE_ANGLE = 0.003, 0.04
"""How near a pose on the way is near enough; the last one too, after PATIENCE so near [m], [rad]."""
PATIENCE = 1.0
SLOW, ON_THE_WAY = 0.03, 0.12
"""Joint speeds at which the tool counts as at rest, and as slow enough to go on [rad/s]."""
SURE = 0.002
"""Standard deviation of the place, along the table, that needs no further look [m]."""
TURN = 1.05
"""By how much the hand turns between two close looks [rad]."""
NEAR, NEAR_ANGLE, CALM = 0.008, 0.08, 0.08
"""How near the place to look from is near enough, and how slow a picture is sharp [m], [rad], [rad/s]."""


class FineMove(Leaf):
    """Bring the tool to a pose that the belief about a thing gives, asked for anew every tick.

    Reads: the slot of `phrase`. Promises on success: the tool is at rest within TIGHT of the pose; or within
    LOOSE of it for PATIENCE, where something holds it off. On the way to another pose, `passing`, LOOSE and
    slow are enough. Refuses a belief older than STALE, a goal that jumps by more than JUMP, and one that is
    not finite.
    """

    def __init__(
        self,
        name: str,
        context: TreeContext,
        phrase: str,
        goal: Callable[[Slot], FloatArray],
        *,
        passing: bool = False,
        timeout: float = 6.0,
    ) -> None:
        super().__init__(f"fine: {name}", context, timeout=timeout)
        self.phrase, self.goal, self.passing = phrase, goal, passing
        self._last: FloatArray | None = None
        self._near_since: float | None = None

    def begin(self) -> None:
        """Forget the last goal; at its end the hand is among things, and may touch one."""
        self._last, self._near_since = None, None
        if not self.passing:
            self.context.expect_touch(f"coming down to the {self.phrase}", seconds=self.timeout)

    def step(self) -> Status:
        """Check the belief, send the goal and compare."""
        slot = believed(self, self.phrase)
        if slot is None:
            return Status.FAILURE
        T = self.goal(slot)
        if not np.isfinite(T).all():
            return self.fail(FailureKind.EXECUTION, f"the goal at the {self.phrase} is not finite")
        if self._last is not None:
            jump = float(np.linalg.norm(T[:3, 3] - self._last[:3, 3]))
            if jump > JUMP:
                why = f"the belief about the {self.phrase} jumped by {1e3 * jump:.0f} mm"
                return self.fail(FailureKind.PERCEPTION, f"{why}, followed are {1e3 * JUMP:.0f} mm at most")
        self._last = T
        self.context.move(T, source="fine")
        return Status.SUCCESS if self._arrived(T) else Status.RUNNING

    def _arrived(self, T: FloatArray) -> bool:
        away, turned, speed = distance(self.context, T)
        if away > LOOSE or turned > LOOSE_ANGLE or speed > ON_THE_WAY:
            self._near_since = None
            return False
        if self.passing:
            return True
        if self._near_since is None:
            self._near_since = self.elapsed()
        held_off = self.elapsed() - self._near_since > PATIENCE
        return held_off or (away < TIGHT and turned < TIGHT_ANGLE and speed < SLOW)


class LookClose(Leaf):
    """Look at a thing through the camera on the hand, from above; again with the hand turned if unsure.

    The second look tells the camera's own error from the thing's place; the memory keeps what it learned of
    the camera, so that a later thing needs one look.

    Reads and writes: the slot of `phrase`. Promises on success: the place is known to SURE, or was looked at
    from two turns.
    """

    def __init__(self, context: TreeContext, phrase: str, camera: Camera, *, timeout: float = 8.0) -> None:
        super().__init__(f"fine: look close at the {phrase}", context, timeout=timeout)
        self.phrase = phrase
        self._camera = camera
        self.yaw = 0.0
        """Turn of the tool when the leaf began: what the grasp's turn is chosen near to [rad]."""
        self._turns: list[float] = []

    def begin(self) -> None:
        """Look from the grasp's own turn first."""
        self.yaw = tool_yaw(self.context.T_base_tool)
        self._turns = []

    def step(self) -> Status:
        """Go over the thing, and look once there."""
        slot = believed(self, self.phrase)
        if slot is None:
            return Status.FAILURE
        first = grasp_pose(slot, tool_yaw=self.yaw, clearance=LOOK_CLEARANCE)
        T = first if not self._turns else _turned(first, -math.copysign(TURN, tool_yaw(first)))
        self.context.move(T, source="fine")
        away, turned, speed = distance(self.context, T)
        if away > NEAR or turned > NEAR_ANGLE or speed > CALM:
            return Status.RUNNING
        picture = self._camera.capture(self.context.state, self.context.T_base_tool)
        try:
            slot = self.context.memory.see_close(self.phrase, picture)
        except MeasurementError as error:
            return self.fail(FailureKind.PERCEPTION, str(error))
        self._turns.append(tool_yaw(self.context.T_base_tool))
        std = math.sqrt(float(np.linalg.eigvalsh(slot.covariance[:2, :2])[-1]))
        self.context.note("look close", self.phrase, {"position": describe(slot.position), "std": std})
        return Status.SUCCESS if std < SURE or len(self._turns) == 2 else Status.RUNNING


def believed(leaf: Leaf, phrase: str) -> Slot | None:
    """Return what is believed of a thing; where that is nothing, or stale, fail the leaf and return None."""
    memory = leaf.context.memory
    try:
        slot, age = memory.slot(phrase), memory.age(phrase)
    except UnknownSlot as error:
        leaf.fail(FailureKind.PRECONDITION, str(error))
        return None
    if age > STALE:
        why = f"the {phrase} was last seen {age:.0f} s ago, the fine phase trusts {STALE:.0f} s"
        leaf.fail(FailureKind.PERCEPTION, why)
        return None
    return slot


def distance(context: TreeContext, T: FloatArray) -> tuple[float, float, float]:
    """Return how far the tool is from a pose [m], how far turned [rad], and its fastest joint [rad/s]."""
    now = context.T_base_tool
    away = float(np.linalg.norm(T[:3, 3] - now[:3, 3]))
    return away, angle_between(T[:3, :3], now[:3, :3]), float(np.abs(context.state.dq).max())


def _turned(T: FloatArray, angle: float) -> FloatArray:
    """Return a pose turned about the vertical through its origin by `angle` [rad]."""
    c, s = math.cos(angle), math.sin(angle)
    turned = np.array(T)
    turned[:3, :3] = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ T[:3, :3]
    return turned
