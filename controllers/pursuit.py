"""What the controller follows: a target or a chunk's pose of the moment, and the gripper width asked for."""

from __future__ import annotations

import math

import numpy as np

from controllers.chunk import Chunk, Splice, spliced
from controllers.errors import ControllerError
from controllers.gains import Targets
from controllers.robot_model import RobotModel
from controllers.target import moved_on
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arrays import FloatArray

WIDTH_TOLERANCE = 1e-6  # m: rounding of a gripper width is no reason to refuse a target


class Pursuit:
    """The present target, if any.

    Attributes:
        target: What is followed; None for nothing.
        gripper_width: Finger distance last asked for [m].
    """

    def __init__(self, model: RobotModel) -> None:
        self._model = model
        self._splice: Splice | None = None
        self._of_splice: PoseTarget | None = None
        self.target: PoseTarget | None = None
        self.gripper_width = model.gripper_width[0]

    @property
    def source(self) -> str:
        """Who set the target; `none` without one."""
        return "none" if self.target is None else self.target.source

    def checked(self, target: PoseTarget) -> float | None:
        """Return the width that `target` asks for, within the gripper's range [m]; None for none.

        Raises:
            ControllerError: the pose is not finite, or the width is outside the gripper's
                range. The message checked the rest when it was made.
        """
        T = target.T_base_target
        if not math.isfinite(np.vdot(T, T)):
            raise ControllerError(f"target holds NaN or infinite entries: {T.tolist()}")
        return None if target.gripper_width is None else self._width("target", target.gripper_width)

    def follow(self, target: PoseTarget, *, width: float | None) -> None:
        """Follow a target that has been checked, and remember the width it asks for."""
        if width is not None:
            self.gripper_width = width
        self.target = target

    def play(self, chunk: Chunk, *, now: float, q: FloatArray, dq: FloatArray, targets: Targets) -> int:
        """Play a chunk from where it should be at `now` [s], without a jump of position or velocity.

        Args:
            chunk: What to play.
            now: Clock time [s].
            q: Commanded positions, shape (n,) [rad].
            dq: Commanded velocities, shape (n,) [rad/s].
            targets: How far it may be.

        Returns:
            How many of its poses are skipped.

        Raises:
            ControllerError: it is late, from the future, no newer than the present one, far, or asks for a
                width outside the gripper's range.
        """
        for width in () if chunk.gripper_widths is None else chunk.gripper_widths:
            self._width("chunk", float(width))
        playing = self._playing
        if playing is not None:
            T, twist = playing.motion(now)
        else:
            T, twist = self._model.forward_kinematics(q), self._model.jacobian(q) @ dq
        self._splice = spliced(
            chunk,
            now=now,
            last=None if playing is None else playing.chunk,
            T_base_seam=T,
            twist=twist,
            max_translation=targets.max_translation,
            max_rotation=targets.max_rotation,
        )
        self._take(self._splice, now)
        return chunk.passed(now)

    def drop(self) -> None:
        """Follow nothing."""
        self.target = None

    def advance(self, now: float) -> None:
        """Make a chunk's pose of this moment the target."""
        if self._playing is not None:
            self._take(self._playing, now)

    def aim(self, time: float, *, stale_after: float) -> tuple[FloatArray, FloatArray | None]:
        """Return where the target is at `time` [s], shape (4, 4) [m], and its twist; it moves until stale."""
        assert self.target is not None, "there is no target"
        target = self.target
        age = time - target.stamp
        if target.twist is None or age > stale_after:
            return moved_on(target.T_base_target, target.twist, min(age, stale_after)), None
        return moved_on(target.T_base_target, target.twist, age), target.twist

    @property
    def _playing(self) -> Splice | None:
        return self._splice if self.target is not None and self.target is self._of_splice else None

    def _take(self, splice: Splice, now: float) -> None:
        self.target = self._of_splice = splice.target(now)
        if self.target.gripper_width is not None:
            self.gripper_width = float(np.clip(self.target.gripper_width, *self._model.gripper_width))

    def _width(self, what: str, width: float) -> float:
        low, high = self._model.gripper_width
        if not low - WIDTH_TOLERANCE <= width <= high + WIDTH_TOLERANCE:
            raise ControllerError(f"{what} gripper_width is {width}, expected a width in [{low}, {high}] m")
        return min(max(float(width), low), high)
