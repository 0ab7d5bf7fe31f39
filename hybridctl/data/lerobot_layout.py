"""The LeRobot dataset layout v3.0: names, path templates, and what `meta/info.json` says of a folder.

    meta/info.json                               Info: fps, features, counts, templates
    meta/stats.json                              statistics of each feature over all frames
    meta/tasks.parquet                           task (text) and task_index
    meta/subtasks.parquet                        subtask (text) and subtask_index, where frames have one
    meta/episodes/chunk-000/file-000.parquet     one row an episode: where its frames and pictures are
    data/chunk-000/file-000.parquet              one row a frame, many episodes a file
    videos/KEY/chunk-000/file-000.mp4            one camera, many episodes a file

An episode never spans two files. Source: the documentation of huggingface/lerobot, "LeRobotDataset v3.0";
columns and types after its release 0.4.4.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

VERSION = "v3.0"
INFO_PATH = "meta/info.json"
STATS_PATH = "meta/stats.json"
TASKS_PATH = "meta/tasks.parquet"
SUBTASKS_PATH = "meta/subtasks.parquet"
EPISODES_FOLDER = "meta/episodes"
EPISODES_PATH = EPISODES_FOLDER + "/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"

STATE, ACTION = "observation.state", "action"
DONE, SUCCESS = "next.done", "next.success"
SUBTASK_INDEX = "subtask_index"
NUMBER_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64",
)  # fmt: skip
DTYPES = (*NUMBER_DTYPES, "string", "language", "image", "video")


class DatasetError(ValueError):
    """A folder is no dataset of this layout, or what is to be written does not fit into it."""


class Feature(BaseModel):
    """One entry of `features`: what a frame holds under a key.

    Attributes:
        dtype: A NumPy type, `string`, `language` (annotations, as lists of records), `image` (encoded
            pictures in the parquet) or `video`.
        shape: Shape of one frame's value; pictures as (H, W, 3) or (3, H, W), told apart by `names`.
        names: What each entry (or axis of a picture) is, if said.
        info: Codec, size and rate of a video.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    dtype: str
    shape: tuple[int, ...]
    names: Any = None
    info: dict[str, Any] | None = None


class Info(BaseModel):
    """Content of `meta/info.json`; keys that other programs add are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    codebase_version: str
    fps: int = Field(gt=0, description="frames a second [1/s]")
    features: dict[str, Feature]
    total_episodes: int = Field(default=0, ge=0)
    total_frames: int = Field(default=0, ge=0)
    total_tasks: int = Field(default=0, ge=0)
    chunks_size: int = Field(default=1000, gt=0, description="files a chunk folder")
    data_files_size_in_mb: float = Field(default=100, gt=0, description="size of a data file [MiB]")
    video_files_size_in_mb: float = Field(default=200, gt=0, description="size of a video file [MiB]")
    data_path: str = DATA_PATH
    video_path: str | None = VIDEO_PATH
    robot_type: str | None = None
    splits: dict[str, str] = Field(default_factory=dict)

    @property
    def video_keys(self) -> tuple[str, ...]:
        """Features that are stored as video."""
        return tuple(key for key, feature in self.features.items() if feature.dtype == "video")

    def to_json(self) -> str:
        """Return the text of `meta/info.json`."""
        data = self.model_dump(mode="json")
        for feature in data["features"].values():
            if feature["info"] is None:
                del feature["info"]
        for key in ("data_files_size_in_mb", "video_files_size_in_mb"):
            data[key] = int(data[key]) if float(data[key]).is_integer() else data[key]
        return json.dumps(data, indent=4) + "\n"


def load_info(folder: Path) -> Info:
    """Read and check `meta/info.json`.

    Raises:
        DatasetError: there is none, it has another version, or an entry is missing, wrong or unknown.
    """
    path = folder / INFO_PATH
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder")
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError:
        raise DatasetError(f"{folder} is no LeRobot dataset: it has no {INFO_PATH}") from None
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise DatasetError(f"{path} holds no JSON object")
    _check_version(path, data.get("codebase_version"))
    try:
        info = Info.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DatasetError(f"{path}: {where}: {first['msg']}") from error
    for key, feature in info.features.items():
        if feature.dtype not in DTYPES:
            raise DatasetError(
                f"{path}: feature {key!r} has the unknown dtype {feature.dtype!r}, "
                f"expected one of {', '.join(DTYPES)}"
            )
    if info.video_keys and info.video_path is None:
        raise DatasetError(f"{path}: {', '.join(info.video_keys)} are videos, but video_path is null")
    return info


def _check_version(path: Path, version: object) -> None:
    text = str(version)
    if text.startswith(("v3.", "3.")):
        return
    if version is None:
        raise DatasetError(f"{path} says no codebase_version, expected {VERSION}")
    if text.startswith(("v2.", "v1.", "2.", "1.")):
        raise DatasetError(
            f"{path} is of LeRobot version {text} (one file an episode); only {VERSION} (many episodes a "
            "file) can be read: convert the folder with lerobot's convert_dataset_v21_to_v30"
        )
    raise DatasetError(f"{path} is of LeRobot version {text}, only {VERSION} can be read")


def make_features(
    *,
    fps: int,
    cameras: Mapping[str, tuple[int, int]],
    state_names: Sequence[str],
    action_names: Sequence[str],
    more: Mapping[str, Sequence[str]],
    subtasks: bool,
    codec: str,
) -> dict[str, Feature]:
    """Return the features of a dataset with a state vector, an action vector and cameras.

    `next.done` is true in an episode's last frame, `next.success` there if the episode succeeded.

    Args:
        fps: Frames a second.
        cameras: Height and width [px] of each camera, by feature key.
        state_names: Name of each entry of `observation.state`.
        action_names: Name of each entry of `action`.
        more: Further vectors: name of each entry, by feature key.
        subtasks: Whether each frame says what was being done in it.
        codec: Name of the video codec as ffmpeg knows it.
    """
    vectors = {STATE: state_names, ACTION: action_names, **more}
    features = {
        key: Feature(dtype="float32", shape=(len(names),), names=list(names))
        for key, names in vectors.items()
    }
    for key, (height, width) in cameras.items():
        features[key] = Feature(
            dtype="video",
            shape=(height, width, 3),
            names=["height", "width", "channels"],
            info={
                "video.height": height,
                "video.width": width,
                "video.channels": 3,
                "video.codec": codec,
                "video.pix_fmt": "yuv420p",
                "video.is_depth_map": False,
                "video.fps": fps,
                "has_audio": False,
            },
        )
    for key in (DONE, SUCCESS):
        features[key] = Feature(dtype="bool", shape=(1,))
    features["timestamp"] = Feature(dtype="float32", shape=(1,))
    for key in ("frame_index", "episode_index", "index", "task_index", *([SUBTASK_INDEX] * subtasks)):
        features[key] = Feature(dtype="int64", shape=(1,))
    return features


def camera_key(name: str) -> str:
    """Return the feature key of a camera."""
    return f"observation.images.{name}"


def after(place: tuple[int, int], chunks_size: int) -> tuple[int, int]:
    """Return the (chunk_index, file_index) that follows one: file indices start anew in each chunk."""
    chunk, file = place
    return (chunk, file + 1) if file + 1 < chunks_size else (chunk + 1, 0)


def pyarrow(module: str = "") -> Any:
    """Return pyarrow, or a module of it such as `parquet`, imported when first needed.

    Raises:
        DatasetError: it is not installed.
    """
    try:
        return importlib.import_module(f"pyarrow.{module}" if module else "pyarrow")
    except ImportError as error:
        raise DatasetError(
            f"LeRobot datasets need pyarrow ({error}): pip install 'hybridctl[datasets]'"
        ) from error
