"""Records runs as episodes of a dataset: what was measured, commanded and seen, and what the tree did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from controllers.controller import ControlResult
from hybridctl.data.lerobot_layout import camera_key
from hybridctl.data.lerobot_writer import EpisodeWriter
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.tool_state import STATE_NAMES, tool_state

FRAMES_PER_SECOND = 10
WRENCH, TAU_EXTERNAL = "observation.wrench", "observation.tau_external"
WRENCH_NAMES = ("force.x", "force.y", "force.z", "torque.x", "torque.y", "torque.z")
NO_SUBTASK = "none"
"""Stands for the leaf before the tree was first ticked."""

_ROUNDING = 1e-6  # [s] stamps are sums of periods

TakePicture = Callable[[], NDArray[np.uint8]]
"""Takes a camera's picture of now, shape (H, W, 3)."""


class EpisodeRecorder:
    """A listener of runs: `end_run` after each of them keeps it as an episode or throws it away.

    `observation.state` is q [rad], dq [rad/s] and the tool's state in the base frame (x, y, z [m], roll,
    pitch, yaw from pointing down [rad], gripper width [m]), all measured. `action` is what was commanded in
    the same period: joint positions [rad] and gripper width [m]. An arm that feels contact adds
    `observation.wrench` [N, Nm] and `observation.tau_external` [Nm]. The subtask of a frame is the name of
    the tree's leaf that was active. Use it as a context manager.

    Attributes:
        problem: Why the present run cannot be kept, empty while it can. A recording that fails does not
            stop the arm.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fps: int,
        joint_names: Sequence[str],
        cameras: Mapping[str, TakePicture],
        measured: ArmState,
        robot_type: str | None = None,
        keep_failures: bool = False,
    ) -> None:
        """Open the dataset, and take a picture of each camera to learn its size.

        Args:
            folder: Made if missing; added to if it has episodes of the same kind.
            fps: Frames a second, at most the control rate; best one that divides it.
            joint_names: Name of each joint.
            cameras: Cameras by name; NAME becomes the feature `observation.images.NAME`.
            measured: A measurement of the arm: what it offers becomes features.
            robot_type: Name of the robot.
            keep_failures: Whether runs that failed are kept too, told apart by `next.success`.

        Raises:
            DatasetError: as `EpisodeWriter`.
        """
        self._cameras = {camera_key(name): take for name, take in cameras.items()}
        sizes = {key: take().shape[:2] for key, take in self._cameras.items()}
        self._more = {}
        if measured.wrench is not None:
            self._more[WRENCH] = list(WRENCH_NAMES)
        if measured.tau_external is not None:
            self._more[TAU_EXTERNAL] = [f"{name}.torque" for name in joint_names]
        self._writer = EpisodeWriter(
            folder,
            fps=fps,
            cameras={key: (height, width) for key, (height, width) in sizes.items()},
            state_names=[
                *(f"{name}.position" for name in joint_names),
                *(f"{name}.velocity" for name in joint_names),
                *(f"tool.{name}" for name in STATE_NAMES[:6]),
                "gripper.width",
            ],
            action_names=[*(f"{name}.position" for name in joint_names), "gripper.width"],
            more=self._more,
            subtasks=True,
            robot_type=robot_type,
        )
        self._fps, self._keep_failures = fps, keep_failures
        self._subtask = NO_SUBTASK
        self._start: float | None = None
        self.problem = ""

    @property
    def folder(self) -> Path:
        """The dataset's folder."""
        return self._writer.folder

    @property
    def episodes(self) -> int:
        """Number of episodes in the dataset."""
        return self._writer.episodes

    def on_control(
        self, state: ArmState, result: ControlResult, T_base_tool: FloatArray, source: str
    ) -> None:
        """Add a frame where one is due."""
        if self._start is None:
            self._start, self.problem = state.stamp, ""
        elapsed = state.stamp - self._start
        if self.problem or elapsed < self._writer.frames / self._fps - _ROUNDING:
            return
        try:
            felt = {WRENCH: state.wrench, TAU_EXTERNAL: state.tau_external}
            self._writer.add_frame(
                np.concatenate([state.q, state.dq, tool_state(T_base_tool, state.gripper_width)]),
                np.append(result.command.q, result.command.gripper_width),
                {key: take() for key, take in self._cameras.items()},
                elapsed,
                more={key: value for key, value in felt.items() if value is not None and key in self._more},
                subtask=self._subtask,
            )
        except Exception as error:  # a camera, the encoder or the disk: none is a reason to brake
            self.problem = f"{type(error).__name__}: {error}"

    def on_tree(self, stamp: float, status: str, tip: str) -> None:
        """Remember what the tree is doing."""
        self._subtask = tip or NO_SUBTASK

    def end_run(self, task: str, *, succeeded: bool) -> bool:
        """Keep the run as an episode or throw it away; return whether it was kept.

        Kept is what succeeded, with `keep_failures` what failed too, if it was recorded whole; where it was
        not, `problem` says why, until the next run begins.

        Args:
            task: The instruction.
            succeeded: What `next.success` says.

        Raises:
            DatasetError, OSError: the episode could not be written.
        """
        recorded = self._start is not None and not self.problem
        if self._start is None:
            self.problem = "the run had no control period"
        self._start, self._subtask = None, NO_SUBTASK
        if recorded and (succeeded or self._keep_failures):
            self._writer.end_episode(task, succeeded=succeeded)
            return True
        self._writer.discard_episode()
        return False

    def close(self) -> None:
        """Throw an unfinished episode away and close the dataset."""
        self._writer.close()

    def __enter__(self) -> EpisodeRecorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
