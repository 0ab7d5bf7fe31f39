"""Rows of `meta/episodes`: where each episode of a dataset has its frames and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridctl.data import lerobot_layout as layout
from hybridctl.data.lerobot_layout import DatasetError, Info
from hybridctl.data.lerobot_stats import Statistics, from_json
from hybridctl.data.lerobot_tables import read_table


@dataclass(frozen=True)
class VideoSpan:
    """Where an episode's pictures are: file, and times in it from the first picture on [s]."""

    path: Path
    begin: float
    end: float


@dataclass(frozen=True)
class Episode:
    """One episode.

    Attributes:
        index: Number of the episode.
        tasks: What was done, in words.
        first: Index of its first frame in the dataset.
        length: Number of frames.
        data: The file that holds its frames.
        videos: Where each camera's pictures are.
        stats: Statistics a feature; empty where the folder has none.
    """

    index: int
    tasks: tuple[str, ...]
    first: int
    length: int
    data: Path
    videos: dict[str, VideoSpan]
    stats: dict[str, Statistics]


def read_episodes(folder: Path, info: Info) -> tuple[Episode, ...]:
    """Read all episodes' rows, in the order of their frames.

    Raises:
        DatasetError: there are none, a column is missing, or a path leads out of the folder.
    """
    paths = sorted((folder / layout.EPISODES_FOLDER).glob("*/*.parquet"))
    if not paths:
        raise DatasetError(f"{folder / layout.EPISODES_FOLDER} holds no parquet file")
    episodes = []
    for path in paths:
        for row in read_table(path).to_pylist():
            try:
                episodes.append(_episode(folder, info, row))
            except KeyError as error:
                raise DatasetError(f"{path} has no column {error}") from error
    episodes.sort(key=lambda episode: episode.first)
    return tuple(episodes)


def _episode(folder: Path, info: Info, row: dict[str, Any]) -> Episode:
    def file(part: str, template: str, **key: str) -> Path:
        place = {name: int(row[f"{part}/{name}"]) for name in ("chunk_index", "file_index")}
        path = (folder / template.format(**place, **key)).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise DatasetError(f"{folder / layout.INFO_PATH}: {template} leads out of the folder")
        return path

    videos = {
        key: VideoSpan(
            file(f"videos/{key}", str(info.video_path), video_key=key),
            float(row[f"videos/{key}/from_timestamp"]),
            float(row[f"videos/{key}/to_timestamp"]),
        )
        for key in info.video_keys
    }
    stats: dict[str, dict[str, Any]] = {}
    for column, value in row.items():
        if column.startswith("stats/") and value is not None:
            feature, name = column.removeprefix("stats/").rsplit("/", 1)
            stats.setdefault(feature, {})[name] = value
    first = int(row["dataset_from_index"])
    return Episode(
        index=int(row["episode_index"]),
        tasks=tuple(row["tasks"]),
        first=first,
        length=int(row["dataset_to_index"]) - first,
        data=file("data", info.data_path),
        videos=videos,
        stats=from_json(stats),
    )
