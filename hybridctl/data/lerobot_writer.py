"""Writes episodes into a folder of the LeRobot layout, each of them whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hybridctl.data import lerobot_layout as layout
from hybridctl.data.lerobot_layout import DatasetError, Info
from hybridctl.data.lerobot_stats import (
    PictureStatistics,
    Statistics,
    from_json,
    merged,
    to_json,
    vector_statistics,
)
from hybridctl.data.lerobot_staging import Staging
from hybridctl.data.lerobot_tables import (
    episode_table,
    frame_table,
    read_table,
    read_tasks,
    write_table,
    write_tasks,
)
from hybridctl.data.lerobot_video import CODEC, EpisodeVideo, join_videos
from hybridctl.messages.arrays import FloatArray, MessageError, checked

_MIB = 2**20
Place = tuple[int, int]


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
        robot_type: str | None = None,
        data_file_mib: float = 100,
        video_file_mib: float = 200,
    ) -> None:
        """Open the folder, made if missing.

        Args:
            folder: Empty, or a dataset with the same features and rate.
            fps: Frames a second.
            cameras: Height and width [px], both even, by feature key (see `camera_key`).
            state_names: Name of each entry of `observation.state`.
            action_names: Name of each entry of `action`.
            robot_type: Name of the robot.
            data_file_mib, video_file_mib: A file that would grow beyond this [MiB] is followed by a next one.

        Raises:
            DatasetError: pyarrow is missing, the folder holds something else, its features or rate differ,
                another writer has it open, or a size is odd.
        """
        layout.pyarrow("parquet")
        for key, (height, width) in cameras.items():
            if height % 2 or width % 2 or height < 2 or width < 2:
                raise DatasetError(f"camera {key!r} is {height}x{width}, H.264 needs an even height and width")
            if "/" in key:
                raise DatasetError(f"camera {key!r}: a feature's key holds no '/'")
        features = layout.make_features(
            fps=fps, cameras=cameras, state_names=state_names, action_names=action_names, codec=CODEC
        )
        self.folder, self._cameras = folder, dict(cameras)
        self._limits = (data_file_mib * _MIB, video_file_mib * _MIB)
        self._staging = Staging(folder)
        try:
            self._info = Info(
                codebase_version=layout.VERSION,
                fps=fps,
                features=features,
                data_files_size_in_mb=data_file_mib,
                video_files_size_in_mb=video_file_mib,
                video_path=layout.VIDEO_PATH if cameras else None,
                robot_type=robot_type,
            )
            self._tasks: list[str] = []
            self._statistics: dict[str, Statistics] = {}
            self._places: dict[str, Place] = {}
            self._from: dict[str, int] = {}
            if (folder / layout.INFO_PATH).exists():
                self._append_to(layout.load_info(folder))
            elif any(path.name != ".staging" for path in folder.iterdir()):
                raise DatasetError(f"{folder} holds files and no {layout.INFO_PATH}: choose an empty folder")
        except BaseException:
            self._staging.close()
            raise
        self._open = True
        self._start_episode()

    @property
    def episodes(self) -> int:
        """Number of episodes in the folder."""
        return self._info.total_episodes

    @property
    def frames(self) -> int:
        """Number of frames that the present episode has so far."""
        return len(self._states)

    def add_frame(
        self,
        state: ArrayLike,
        action: ArrayLike,
        images: Mapping[str, NDArray[np.uint8]],
        timestamp: float,
    ) -> None:
        """Add a frame to the present episode.

        Args:
            state: Shape (len(state_names),).
            action: Shape (len(action_names),), what was commanded upon that state.
            images: A picture of each camera by its key, shape (H, W, 3), uint8.
            timestamp: Time since the episode's start [s]. The layout keeps frame_index / fps instead, so it
                has to be within half a frame of that.

        Raises:
            DatasetError: a shape, type or key is wrong, a number is not finite, or frames are missing
                before this one. Nothing was added.
        """
        self._require_open()
        vectors = []
        for key, value in ((layout.STATE, state), (layout.ACTION, action)):
            try:
                vectors.append(checked(key, value, shape=self._info.features[key].shape))
            except MessageError as error:
                raise DatasetError(str(error)) from error
        if set(images) != set(self._cameras):
            raise DatasetError(f"pictures of {sorted(images)}, expected {sorted(self._cameras)}")
        for key, rgb in images.items():
            wanted = (*self._cameras[key], 3)
            if rgb.shape != wanted or rgb.dtype != np.uint8:
                raise DatasetError(f"{key} has shape {rgb.shape} and type {rgb.dtype}, expected {wanted} uint8")
        due = self.frames / self._info.fps
        if not abs(timestamp - due) <= 0.5 / self._info.fps + 1e-6:
            raise DatasetError(
                f"frame {self.frames} comes at {timestamp:.4f} s, expected {due:.4f} s within half a frame: "
                f"the source does not keep up with {self._info.fps} frames a second"
            )
        for key, rgb in images.items():
            if key not in self._videos:
                path = self._staging.path(f"episode/{key}.mp4")
                height, width = self._cameras[key]
                self._videos[key] = EpisodeVideo(path, fps=self._info.fps, height=height, width=width)
            self._videos[key].add(rgb)
            self._pictures[key].add(rgb)
        self._states.append(vectors[0])
        self._actions.append(vectors[1])

    def end_episode(self, task: str) -> int:
        """Commit the present episode and return its index; a new one begins.

        Args:
            task: What was done, in words.

        Raises:
            DatasetError: there are no frames or no task.
            OSError: it could not be written; the folder keeps the episodes before. Open it anew.
        """
        self._require_open()
        if not self.frames:
            raise DatasetError("the episode has no frames")
        if not task.strip():
            raise DatasetError("the episode has no task: say in words what was done")
        try:
            index = self._commit(task)
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

    def _require_open(self) -> None:
        if not self._open:
            raise DatasetError(f"the writer of {self.folder} is closed")

    def _start_episode(self) -> None:
        self._states: list[FloatArray] = []
        self._actions: list[FloatArray] = []
        self._videos: dict[str, EpisodeVideo] = {}
        self._pictures = {key: PictureStatistics() for key in self._cameras}

    def _drop_videos(self) -> None:
        for video in self._videos.values():
            video.close()
        self._videos = {}
        if self._open:
            self._staging.clear()

    def _append_to(self, present: Info) -> None:
        """Take over what a folder has, and begin new files: those that are there may be made otherwise."""
        self._check_same(present)
        self._info = present.model_copy(
            update={
                "data_files_size_in_mb": self._info.data_files_size_in_mb,
                "video_files_size_in_mb": self._info.video_files_size_in_mb,
                "robot_type": present.robot_type or self._info.robot_type,
            }
        )
        if not present.total_episodes:
            return
        self._tasks = list(read_tasks(self.folder / layout.TASKS_PATH))
        try:
            self._statistics = from_json(json.loads((self.folder / layout.STATS_PATH).read_text()))
        except (OSError, ValueError) as error:
            raise DatasetError(f"{self.folder / layout.STATS_PATH} cannot be read: {error}") from error
        for path in (self.folder / layout.EPISODES_FOLDER).glob("*/*.parquet"):
            table = read_table(path)
            for part in ("meta/episodes", "data", *(f"videos/{key}" for key in self._cameras)):
                columns = [table[f"{part}/{name}_index"].to_pylist() for name in ("chunk", "file")]
                last = max(zip(*columns, strict=True))
                self._places[part] = max(self._places.get(part, last), last)

    def _check_same(self, present: Info) -> None:
        path = self.folder / layout.INFO_PATH
        if present.fps != self._info.fps:
            raise DatasetError(f"{path} has {present.fps} frames a second, not {self._info.fps}")
        mine, theirs = self._info.features, present.features
        if set(mine) != set(theirs):
            raise DatasetError(f"{path} has the features {sorted(theirs)}, not {sorted(mine)}")
        for key, feature in mine.items():
            other = theirs[key]
            if (feature.dtype, feature.shape, feature.names) != (other.dtype, other.shape, other.names):
                raise DatasetError(
                    f"{path}: {key} is {other.dtype} {other.shape} {other.names}, "
                    f"not {feature.dtype} {feature.shape} {feature.names}"
                )

    def _commit(self, task: str) -> int:
        info, n = self._info, self.frames
        tasks = self._tasks if task in self._tasks else [*self._tasks, task]
        columns: dict[str, NDArray[Any]] = {
            layout.STATE: np.array(self._states, np.float32),
            layout.ACTION: np.array(self._actions, np.float32),
            "timestamp": (np.arange(n) / info.fps).astype(np.float32),
            "frame_index": np.arange(n),
            "episode_index": np.full(n, info.total_episodes),
            "index": np.arange(info.total_frames, info.total_frames + n),
            "task_index": np.full(n, tasks.index(task)),
        }
        statistics = {key: vector_statistics(value.reshape(n, -1)) for key, value in columns.items()}
        statistics |= {key: pictures.result() for key, pictures in self._pictures.items()}
        row: dict[str, Any] = {
            "episode_index": info.total_episodes,
            "tasks": [task],
            "length": n,
            "dataset_from_index": info.total_frames,
            "dataset_to_index": info.total_frames + n,
        }
        places, begins = dict(self._places), dict(self._from)
        files = [self._stage_table("data", info.data_path, frame_table(columns, info.features), places)]
        for key in self._cameras:
            files.append(self._stage_video(key, places, begins))
            begin = begins[key]
            row[f"videos/{key}/from_timestamp"] = begin / info.fps
            row[f"videos/{key}/to_timestamp"] = (begin + n) / info.fps
            begins[key] = begin + n
        for part in ("data", *(f"videos/{key}" for key in self._cameras)):
            row[f"{part}/chunk_index"], row[f"{part}/file_index"] = places[part]
        files.append(self._stage_episode(row, statistics, places))
        total = {
            key: merged(self._statistics[key], new) if key in self._statistics else new
            for key, new in statistics.items()
        }
        info = info.model_copy(
            update={
                "total_episodes": info.total_episodes + 1,
                "total_frames": info.total_frames + n,
                "total_tasks": len(tasks),
                "splits": {"train": f"0:{info.total_episodes + 1}"},
            }
        )
        write_tasks(self._staging.path(layout.TASKS_PATH), tasks)
        self._staging.path(layout.STATS_PATH).write_text(json.dumps(to_json(total), indent=4) + "\n")
        self._staging.path(layout.INFO_PATH).write_text(info.to_json())
        self._staging.commit([*files, layout.TASKS_PATH, layout.STATS_PATH, layout.INFO_PATH])
        self._info, self._tasks, self._statistics = info, tasks, total
        self._places, self._from = places, begins
        self._staging.clear()
        self._videos = {}
        return info.total_episodes - 1
