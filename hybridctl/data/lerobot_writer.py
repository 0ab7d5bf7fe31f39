"""Writes episodes into a folder of the LeRobot layout, each of them whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hybridctl.data import lerobot_layout as layout
from hybridctl.data.lerobot_files import DatasetFiles, refuse_other_files
from hybridctl.data.lerobot_layout import DatasetError, Info
from hybridctl.data.lerobot_staging import Staging
from hybridctl.data.lerobot_stats import PictureStatistics
from hybridctl.data.lerobot_video import CODEC, EpisodeVideo
from hybridctl.messages.arrays import FloatArray, MessageError, checked


class EpisodeWriter:
    """Adds episodes to a dataset: `add_frame` for each frame, then `end_episode` or `discard_episode`.

    Use it as a context manager. A process that is killed, at any point, leaves the episodes that were ended.
    Opened on a folder that has episodes, it appends, into files of its own. One writer a folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fps: int,
        cameras: Mapping[str, tuple[int, int]],
        state_names: Sequence[str],
        action_names: Sequence[str],
        more: Mapping[str, Sequence[str]] | None = None,
        subtasks: bool = False,
        robot_type: str | None = None,
        data_file_mib: float = 20,
        video_file_mib: float = 50,
    ) -> None:
        """Open the folder, made if missing.

        Args:
            folder: Empty, or a dataset with the same features and rate.
            fps: Frames a second.
            cameras: Height and width [px], both even, by feature key (see `camera_key`).
            state_names: Name of each entry of `observation.state`.
            action_names: Name of each entry of `action`.
            more: Further vectors, as `observation.wrench`: name of each entry, by feature key.
            subtasks: Whether each frame says what was being done in it.
            robot_type: Name of the robot.
            data_file_mib, video_file_mib: A file that would grow beyond this [MiB] is followed by a next one.
                Ending an episode writes the last file of each kind anew, so smaller ones make it quicker.

        Raises:
            DatasetError: pyarrow is missing, the folder holds something else, its features or rate differ,
                another writer has it open, or a size is odd.
        """
        layout.pyarrow("parquet")
        vectors = {layout.STATE: state_names, layout.ACTION: action_names, **(more or {})}
        if fps < 1 or not all(vectors.values()):
            counts = ", ".join(f"{len(names)} names of {key}" for key, names in vectors.items())
            raise DatasetError(f"fps is {fps}, with {counts}: expected 1 or more of each")
        for key, (height, width) in cameras.items():
            if height % 2 or width % 2 or height < 2 or width < 2:
                raise DatasetError(
                    f"camera {key!r} is {height}x{width}, H.264 needs an even height and width"
                )
        for key in (*cameras, *vectors):
            if "/" in key:
                raise DatasetError(f"{key!r}: a feature's key holds no '/'")
        features = layout.make_features(
            fps=fps,
            cameras=cameras,
            state_names=state_names,
            action_names=action_names,
            more=more or {},
            subtasks=subtasks,
            codec=CODEC,
        )
        info = Info(
            codebase_version=layout.VERSION,
            fps=fps,
            features=features,
            data_files_size_in_mb=data_file_mib,
            video_files_size_in_mb=video_file_mib,
            video_path=layout.VIDEO_PATH if cameras else None,
            robot_type=robot_type,
        )
        self.folder, self._info, self._cameras = folder, info, dict(cameras)
        self._vector_keys, self._has_subtasks = tuple(vectors), subtasks
        refuse_other_files(folder)
        self._staging = Staging(folder)
        try:
            self._files = DatasetFiles(folder, info, self._staging)
        except BaseException:
            self._staging.close()
            raise
        self._open = True
        self._start_episode()

    @property
    def episodes(self) -> int:
        """Number of episodes in the folder."""
        return self._files.info.total_episodes

    @property
    def frames(self) -> int:
        """Number of frames that the present episode has so far."""
        return len(self._subtasks)

    def add_frame(
        self,
        state: ArrayLike,
        action: ArrayLike,
        images: Mapping[str, NDArray[np.uint8]],
        timestamp: float,
        *,
        more: Mapping[str, ArrayLike] | None = None,
        subtask: str | None = None,
    ) -> None:
        """Add a frame to the present episode.

        Args:
            state: Shape (len(state_names),).
            action: Shape (len(action_names),), what was commanded upon that state.
            images: A picture of each camera by its key, shape (H, W, 3), uint8.
            timestamp: Time since the episode's start [s]. The layout keeps frame_index / fps instead, so it
                has to be within half a frame of that.
            more: The further vectors, by feature key.
            subtask: What is being done, in words; given where the dataset has subtasks, and only there.

        Raises:
            DatasetError: a shape, type or key is wrong, a number is not finite, or frames are missing
                before this one. Nothing was added.
        """
        self._require_open()
        vectors = self._checked_vectors({layout.STATE: state, layout.ACTION: action, **(more or {})})
        if (subtask is not None) != self._has_subtasks:
            takes = "one" if self._has_subtasks else "none"
            raise DatasetError(f"the frame has the subtask {subtask!r}, the dataset takes {takes}")
        if set(images) != set(self._cameras):
            raise DatasetError(f"pictures of {sorted(images)}, expected {sorted(self._cameras)}")
        for key, rgb in images.items():
            wanted = (*self._cameras[key], 3)
            if rgb.shape != wanted or rgb.dtype != np.uint8:
                raise DatasetError(
                    f"{key} has shape {rgb.shape} and type {rgb.dtype}, expected {wanted} uint8"
                )
        due = self.frames / self._info.fps
        if not abs(timestamp - due) <= 0.5 / self._info.fps + 1e-6:
            raise DatasetError(
                f"frame {self.frames} comes at {timestamp:.4f} s, expected {due:.4f} s within half a frame: "
                f"the source does not keep up with {self._info.fps} frames a second"
            )
        for key, rgb in images.items():
            if key not in self._videos:
                height, width = self._cameras[key]
                self._videos[key] = EpisodeVideo(
                    self._video_path(key), fps=self._info.fps, height=height, width=width
                )
            self._videos[key].add(rgb)
            self._pictures[key].add(rgb)
        for key, vector in vectors.items():
            self._vectors[key].append(vector)
        self._subtasks.append(subtask or "")

    def end_episode(self, task: str, *, succeeded: bool = True) -> int:
        """Commit the present episode and return its index; a new one begins.

        Args:
            task: What was done, in words.
            succeeded: What `next.success` says in the last frame.

        Raises:
            DatasetError: there are no frames or no task.
            OSError: it could not be written; the folder keeps the episodes before. Open it anew.
        """
        self._require_open()
        if not self.frames:
            raise DatasetError("the episode has no frames")
        if not task.strip():
            raise DatasetError("the episode has no task: say in words what was done")
        columns: dict[str, NDArray[Any]] = {
            key: np.array(vectors, np.float32) for key, vectors in self._vectors.items()
        }
        columns[layout.DONE] = np.arange(self.frames) == self.frames - 1
        columns[layout.SUCCESS] = columns[layout.DONE] & succeeded
        try:
            for video in self._videos.values():
                video.close()
            index = self._files.commit(
                columns,
                {key: counted.result() for key, counted in self._pictures.items()},
                {key: self._video_path(key) for key in self._cameras},
                task,
                self._subtasks,
            )
            self._staging.clear()
        except BaseException:
            self.close()
            raise
        self._start_episode()
        return index

    def discard_episode(self) -> None:
        """Throw the present episode away; a new one begins."""
        self._require_open()
        self._drop_videos()
        self._start_episode()

    def close(self) -> None:
        """Throw an unfinished episode away and unlock the folder; calling it again does nothing."""
        if self._open:
            self._open = False
            self._drop_videos()
            self._staging.close()

    def __enter__(self) -> EpisodeWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _checked_vectors(self, values: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
        if set(values) != set(self._vectors):
            raise DatasetError(f"the frame has {sorted(values)}, expected {sorted(self._vectors)}")
        try:
            return {
                key: checked(key, value, shape=self._info.features[key].shape)
                for key, value in values.items()
            }
        except MessageError as error:
            raise DatasetError(str(error)) from error

    def _require_open(self) -> None:
        if not self._open:
            raise DatasetError(f"the writer of {self.folder} is closed")

    def _start_episode(self) -> None:
        self._vectors: dict[str, list[FloatArray]] = {key: [] for key in self._vector_keys}
        self._subtasks: list[str] = []
        self._videos: dict[str, EpisodeVideo] = {}
        self._pictures = {key: PictureStatistics() for key in self._cameras}

    def _video_path(self, key: str) -> Path:
        return self._staging.path(f"episode/{key}.mp4")

    def _drop_videos(self) -> None:
        for video in self._videos.values():
            video.close()
        self._videos = {}
        self._staging.clear()
