"""Reads folders of the LeRobot layout v3.0, whoever wrote them."""

from __future__ import annotations

import io
import json
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from hybridctl.data import lerobot_layout as layout
from hybridctl.data.lerobot_episodes import Episode, read_episodes
from hybridctl.data.lerobot_layout import DatasetError, Feature, Info
from hybridctl.data.lerobot_staging import complete
from hybridctl.data.lerobot_stats import Statistics, from_json
from hybridctl.data.lerobot_tables import read_table, read_texts
from hybridctl.data.lerobot_video import VideoFrames

_OPEN_VIDEOS, _OPEN_TABLES = 8, 2
_HALF_A_FRAME = 0.45  # [frames] a picture's time may be off by this much, as rates like 30/1.001 make it


class Dataset:
    """A dataset's content; frames and pictures are read when asked for. Use it as a context manager.

    Attributes:
        folder: Where it is.
        info: Features, rate and counts.
        tasks: Texts of the tasks, by task_index.
        subtasks: Texts of what frames are part of, by subtask_index; empty where the folder has none.
        episodes: The episodes in order.
        stats: Statistics a feature over all frames; empty where the folder has none.
    """

    def __init__(self, folder: Path) -> None:
        """Read everything but frames and pictures; see `open_dataset`."""
        layout.pyarrow("parquet")
        self.folder = folder
        complete(folder)
        self.info: Info = layout.load_info(folder)
        self.tasks: tuple[str, ...] = ()
        self.subtasks: tuple[str, ...] = ()
        self.episodes: tuple[Episode, ...] = ()
        if self.info.total_episodes:
            self.tasks = read_texts(folder / layout.TASKS_PATH, kind="task")
            if layout.SUBTASK_INDEX in self.info.features and (folder / layout.SUBTASKS_PATH).exists():
                self.subtasks = read_texts(folder / layout.SUBTASKS_PATH, kind="subtask")
            self.episodes = read_episodes(folder, self.info)
        self.stats = _read_statistics(folder / layout.STATS_PATH)
        self._firsts = [episode.first for episode in self.episodes]
        self._tables: OrderedDict[Path, Any] = OrderedDict()
        self._videos: OrderedDict[Path, VideoFrames] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of frames."""
        return sum(episode.length for episode in self.episodes)

    def frame(self, index: int, *, pictures: bool = True) -> dict[str, Any]:
        """Return what a frame holds, by feature, with `task` (and `subtask`, if there are any) as text added.

        Vectors have the feature's dtype and shape, features of shape (1,) are plain numbers, pictures have
        shape (H, W, 3), uint8.

        Args:
            index: Index of the frame in the dataset.
            pictures: Whether to decode the pictures.

        Raises:
            IndexError: no episode has that frame.
            DatasetError: a file is missing or broken, or has no such frame.
        """
        at = bisect_right(self._firsts, index) - 1
        if at < 0 or index - self._firsts[at] >= self.episodes[at].length:
            raise IndexError(f"{self.folder} has no frame {index}: it has {len(self)} frames")
        return self._frame(self.episodes[at], index, pictures)

    def frames(self, episode: int, *, pictures: bool = True) -> Iterator[dict[str, Any]]:
        """Yield the frames of an episode in order, as `frame` returns them.

        Args:
            episode: Place of the episode in `episodes`.
            pictures: Whether to decode the pictures.
        """
        found = self.episodes[episode]
        for index in range(found.first, found.first + found.length):
            yield self._frame(found, index, pictures)

    def close(self) -> None:
        """Close the files."""
        while self._videos:
            self._videos.popitem()[1].close()
        self._tables.clear()

    def __enter__(self) -> Dataset:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _frame(self, episode: Episode, index: int, pictures: bool) -> dict[str, Any]:
        columns, table = self._table(episode.data)
        row = int(np.searchsorted(columns, index))
        if row == len(columns) or columns[row] != index:
            raise DatasetError(f"{episode.data} has no frame {index} of episode {episode.index}")
        frame: dict[str, Any] = {}
        for key, feature in self.info.features.items():
            if feature.dtype == "video":
                if pictures:
                    frame[key] = self._picture(episode, key, int(table["frame_index"][row].as_py()))
            elif feature.dtype != "image" or pictures:
                frame[key] = _value(table[key][row].as_py(), feature, where=f"{episode.data}: {key}")
        frame["task"] = _text(self.tasks, frame["task_index"], f"frame {index}: {layout.TASKS_PATH}")
        if self.subtasks:
            where = f"frame {index}: {layout.SUBTASKS_PATH}"
            frame["subtask"] = _text(self.subtasks, frame[layout.SUBTASK_INDEX], where)
        return frame

    def _table(self, path: Path) -> tuple[NDArray[np.int64], Any]:
        if path not in self._tables:
            table = read_table(path)
            wanted = {key for key, feature in self.info.features.items() if feature.dtype != "video"}
            missing = sorted((wanted | {"index", "frame_index", "task_index"}) - set(table.column_names))
            if missing:
                raise DatasetError(f"{path} has no column {', '.join(missing)}")
            self._tables[path] = (table["index"].to_numpy(), table.combine_chunks())
            while len(self._tables) > _OPEN_TABLES:
                self._tables.popitem(last=False)
        self._tables.move_to_end(path)
        found: tuple[NDArray[np.int64], Any] = self._tables[path]
        return found

    def _picture(self, episode: Episode, key: str, frame_index: int) -> NDArray[np.uint8]:
        span = episode.videos[key]
        if span.path not in self._videos:
            self._videos[span.path] = VideoFrames(span.path)
            while len(self._videos) > _OPEN_VIDEOS:
                self._videos.popitem(last=False)[1].close()
        self._videos.move_to_end(span.path)
        # By the frame's number and not its timestamp column, which is rounded to float32.
        stamp = span.begin + frame_index / self.info.fps
        return self._videos[span.path].at(stamp, tolerance=_HALF_A_FRAME / self.info.fps)


def open_dataset(folder: Path) -> Dataset:
    """Open a folder of the LeRobot layout v3.0.

    Raises:
        DatasetError: pyarrow is missing; the folder is no such dataset or one of version 2; a file below
            `meta` is missing or broken; a feature's dtype is not known.
    """
    return Dataset(folder)


def _read_statistics(path: Path) -> dict[str, Statistics]:
    if not path.exists():
        return {}
    try:
        return from_json(json.loads(path.read_text()))
    except (OSError, ValueError, AttributeError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error


def _text(texts: tuple[str, ...], number: Any, where: str) -> str:
    if not 0 <= number < len(texts):
        raise DatasetError(f"{where} has no number {number}, it has {len(texts)} texts")
    return texts[int(number)]


def _value(value: Any, feature: Feature, *, where: str) -> Any:
    if feature.dtype in ("string", "language"):
        return value
    if feature.dtype == "image":
        if not isinstance(value, dict) or not value.get("bytes"):
            raise DatasetError(f"{where} holds no encoded picture")
        try:
            return np.asarray(Image.open(io.BytesIO(value["bytes"])).convert("RGB"))
        except (UnidentifiedImageError, OSError) as error:
            raise DatasetError(f"{where} holds a picture that cannot be decoded: {error}") from error
    try:
        array = np.asarray(value, dtype=feature.dtype).reshape(feature.shape)
    except (TypeError, ValueError) as error:
        raise DatasetError(f"{where} does not fit {feature.dtype} {feature.shape}: {error}") from error
    return array[0] if feature.shape == (1,) else array
