"""The files of a dataset as they grow: where an episode goes, and what changes with it, as one commit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridctl.data import lerobot_layout as layout
from hybridctl.data.lerobot_layout import DatasetError, Info
from hybridctl.data.lerobot_staging import STAGING, Staging, is_half_committed
from hybridctl.data.lerobot_stats import Statistics, from_json, merged, to_json, vector_statistics
from hybridctl.data.lerobot_tables import (
    episode_table,
    frame_table,
    read_table,
    read_texts,
    write_table,
    write_texts,
)
from hybridctl.data.lerobot_video import join_videos

_MIB = 2**20


class _Series:
    """Files that follow one another; the first one of a session is always a new one."""

    def __init__(self, folder: Path, template: str, *, chunks_size: int, limit_mib: float) -> None:
        self._folder, self._template = folder, template
        self._chunks_size, self._limit = chunks_size, limit_mib * _MIB
        self.last: tuple[int, int] | None = None
        self._ours = False

    @property
    def target(self) -> str:
        """The last file, relative to the folder."""
        chunk, file = self.last or (0, 0)
        return self._template.format(chunk_index=chunk, file_index=file)

    def grow(self, size: int) -> Path | None:
        """Make room for `size` bytes; return the file to add them to, or None where a new one begins."""
        path = self._folder / self.target
        if self._ours and path.stat().st_size + size <= self._limit:
            return path
        self.last = (0, 0) if self.last is None else layout.after(self.last, self._chunks_size)
        self._ours = True
        return None


class DatasetFiles:
    """Everything below a dataset's folder, and how one more episode changes it.

    If a commit fails, the folder is as before (or is made right by who opens it next), but this object is
    not: make a new one.
    """

    def __init__(self, folder: Path, info: Info, staging: Staging) -> None:
        """Begin in an empty folder, or take over the dataset that is there.

        Args:
            folder: The dataset's folder.
            info: Features, rate and file sizes as they are wanted.
            staging: Where new versions of files are written.

        Raises:
            DatasetError: its features or rate differ, or its meta files are broken.
        """
        self.info, self._folder, self._staging = info, folder, staging
        self._tasks: list[str] = []
        self._subtasks: list[str] = []
        self._statistics: dict[str, Statistics] = {}
        present = layout.load_info(folder) if (folder / layout.INFO_PATH).exists() else None
        if present is not None:
            _check_same(folder / layout.INFO_PATH, present, info)
            kept = {"data_files_size_in_mb", "video_files_size_in_mb", "robot_type"}
            self.info = present.model_copy(update=info.model_dump(include=kept))
        self._series = {"data": self._new_series(self.info.data_path, self.info.data_files_size_in_mb)}
        self._series["meta/episodes"] = self._new_series(
            layout.EPISODES_PATH, self.info.data_files_size_in_mb
        )
        for key in self.info.video_keys:
            template = str(self.info.video_path).replace("{video_key}", key)
            self._series[f"videos/{key}"] = self._new_series(template, self.info.video_files_size_in_mb)
        self._frames_in_file = dict.fromkeys(self.info.video_keys, 0)
        if present is not None and present.total_episodes:
            self._take_over()

    def commit(
        self,
        columns: Mapping[str, NDArray[Any]],
        pictures: Mapping[str, Statistics],
        videos: Mapping[str, Path],
        task: str,
        subtasks: Sequence[str],
    ) -> int:
        """Add an episode of n frames and return its index.

        Args:
            columns: Values of the vectors, shape (n, entries), and of `next.done` and `next.success`, (n,).
            pictures: Statistics of each camera's pictures.
            videos: A finished file of each camera's n pictures.
            task: What was done, in words.
            subtasks: What was being done in each frame; not read where the dataset has no subtasks.
        """
        info, index = self.info, self.info.total_episodes
        n = len(next(iter(columns.values())))
        first = info.total_frames
        whole = {
            **columns,
            "timestamp": (np.arange(n) / info.fps).astype(np.float32),
            "frame_index": np.arange(n),
            "episode_index": np.full(n, index),
            "index": np.arange(first, first + n),
            "task_index": _numbered([task] * n, self._tasks),
        }
        if layout.SUBTASK_INDEX in info.features:
            whole[layout.SUBTASK_INDEX] = _numbered(subtasks, self._subtasks)
        statistics = {key: vector_statistics(values.reshape(n, -1)) for key, values in whole.items()}
        statistics.update(pictures)
        row: dict[str, Any] = {"episode_index": index, "tasks": [task], "length": n}
        row |= {"dataset_from_index": first, "dataset_to_index": first + n}
        frames = frame_table(whole, info.features)
        changed = [self._stage_table("data", frames, row, size=frames.nbytes)]
        changed += [self._stage_video(key, path, row, n) for key, path in videos.items()]
        changed.append(self._stage_table("meta/episodes", None, row, statistics=statistics))
        for key, new in statistics.items():
            old = self._statistics.get(key)
            self._statistics[key] = new if old is None else merged(old, new)
        counts = {
            "total_episodes": index + 1,
            "total_frames": first + n,
            "total_tasks": len(self._tasks),
            "splits": {"train": f"0:{index + 1}"},
        }
        self.info = info.model_copy(update=counts)
        stage = self._staging.path
        changed += [layout.TASKS_PATH, layout.STATS_PATH]
        write_texts(stage(layout.TASKS_PATH), self._tasks, kind="task")
        if layout.SUBTASK_INDEX in info.features:
            changed.append(layout.SUBTASKS_PATH)
            write_texts(stage(layout.SUBTASKS_PATH), self._subtasks, kind="subtask")
        stage(layout.STATS_PATH).write_text(json.dumps(to_json(self._statistics), indent=4) + "\n")
        stage(layout.INFO_PATH).write_text(self.info.to_json())
        self._staging.commit([*changed, layout.INFO_PATH])
        return index

    def _new_series(self, template: str, limit_mib: float) -> _Series:
        return _Series(self._folder, template, chunks_size=self.info.chunks_size, limit_mib=limit_mib)

    def _stage_table(
        self,
        part: str,
        table: Any,
        row: dict[str, Any],
        *,
        size: int = 0,
        statistics: Mapping[str, Statistics] | None = None,
    ) -> str:
        series = self._series[part]
        old = series.grow(size)
        assert series.last is not None
        row[f"{part}/chunk_index"], row[f"{part}/file_index"] = series.last
        new = table if statistics is None else episode_table(row, statistics)
        write_table(self._staging.path(series.target), new, old=old, one_group=statistics is not None)
        return series.target

    def _stage_video(self, key: str, video: Path, row: dict[str, Any], n: int) -> str:
        part = f"videos/{key}"
        series, fps = self._series[part], self.info.fps
        old = series.grow(video.stat().st_size)
        begin = self._frames_in_file[key] if old is not None else 0
        assert series.last is not None
        row[f"{part}/chunk_index"], row[f"{part}/file_index"] = series.last
        row[f"{part}/from_timestamp"] = begin / fps
        row[f"{part}/to_timestamp"] = (begin + n) / fps
        self._frames_in_file[key] = begin + n
        staged = self._staging.path(series.target)
        if old is None:
            video.replace(staged)
        else:
            join_videos(old, video, staged, offset=Fraction(begin, fps))
        return series.target

    def _take_over(self) -> None:
        """Read tasks, statistics and the last file of each part."""
        self._tasks = list(read_texts(self._folder / layout.TASKS_PATH, kind="task"))
        if layout.SUBTASK_INDEX in self.info.features:
            self._subtasks = list(read_texts(self._folder / layout.SUBTASKS_PATH, kind="subtask"))
        path = self._folder / layout.STATS_PATH
        try:
            self._statistics = from_json(json.loads(path.read_text()))
        except (OSError, ValueError) as error:
            raise DatasetError(f"{path} cannot be read, so it cannot be added to: {error}") from error
        for path in (self._folder / layout.EPISODES_FOLDER).glob("*/*.parquet"):
            table = read_table(path)
            for part, series in self._series.items():
                chunks, files = (table[f"{part}/{name}_index"].to_pylist() for name in ("chunk", "file"))
                series.last = max([*zip(chunks, files, strict=True), *([series.last] if series.last else [])])


def refuse_other_files(folder: Path) -> None:
    """Raise DatasetError if a folder holds anything but a dataset, or the beginnings of one."""
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder} is a file, expected a folder")
    if not folder.exists() or (folder / layout.INFO_PATH).exists() or is_half_committed(folder):
        return
    if any(path.name != STAGING for path in folder.iterdir()):
        raise DatasetError(f"{folder} holds files and no {layout.INFO_PATH}: choose an empty folder")


def _numbered(texts: Sequence[str], known: list[str]) -> NDArray[np.int64]:
    """Return the number of each text, shape (n,); new ones are added to those that are known."""
    known.extend(text for text in dict.fromkeys(texts) if text not in known)
    return np.array([known.index(text) for text in texts], np.int64)


def _check_same(path: Path, present: Info, wanted: Info) -> None:
    if present.fps != wanted.fps:
        raise DatasetError(f"{path} has {present.fps} frames a second, not {wanted.fps}")
    if present.robot_type != wanted.robot_type:
        raise DatasetError(f"{path} is of the robot {present.robot_type!r}, not {wanted.robot_type!r}")
    mine, theirs = wanted.features, present.features
    if set(mine) != set(theirs):
        raise DatasetError(f"{path} has the features {sorted(theirs)}, not {sorted(mine)}")
    for key, feature in mine.items():
        other = theirs[key]
        if (feature.dtype, feature.shape, feature.names) != (other.dtype, other.shape, other.names):
            raise DatasetError(
                f"{path}: {key} is {other.dtype} {other.shape} {other.names}, "
                f"not {feature.dtype} {feature.shape} {feature.names}"
            )
