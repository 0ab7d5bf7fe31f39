"""Reads telemetry.mcap back: arrays over the control periods, the tree's course, events and limits."""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mcap.exceptions import McapError
from mcap.records import Channel, Footer, Header, Message, Metadata
from mcap.stream_reader import StreamReader
from numpy.typing import NDArray
from zstandard import ZstdError

from hybridctl.record import schemas
from hybridctl.record.margins import RobotLimits
from hybridctl.record.quaternion import rotations

Arrays = dict[str, NDArray[Any]]
Json = dict[str, Any]
_BROKEN = (McapError, ZstdError, struct.error, ValueError, LookupError)
_READ = frozenset(
    (schemas.JOINTS, schemas.GRIPPER, schemas.COMMAND, schemas.CONTROLLER, schemas.TOOL, schemas.MARGINS,
     schemas.TREE, schemas.WRENCH, schemas.RESIDUAL)
)  # fmt: skip


class RunFolderError(ValueError):
    """A folder is no run folder, or a file in it cannot be read at all."""


@dataclass(frozen=True)
class RecordedEvent:
    """An event of the tree or the VLA: when [s], which kind, what it came of, and its data."""

    stamp: float
    kind: str
    cause: str
    data: Json


@dataclass(frozen=True)
class Telemetry:
    """What telemetry.mcap holds.

    Attributes:
        arrays: See `read_telemetry`.
        tree: (stamp [s], status, active leaf) at each change.
        events: Events of the tree and the VLA in order.
        limits: The limits in force; None when the recorder was not told.
        instruction: What the run was asked to do.
        complete: Whether the file was closed; if not, it ends where the program did.
        tightest: For `table`, `links` and `workspace` the name of the body, links or wall that was nearest.
        video_start: Clock time of the video's first frame [s]; None without a video.
    """

    arrays: Arrays
    tree: list[tuple[float, str, str]]
    events: list[RecordedEvent]
    limits: RobotLimits | None
    instruction: str
    complete: bool
    tightest: dict[str, str]
    video_start: float | None

    @property
    def holds_something(self) -> bool:
        """Whether there is anything in it that can be shown."""
        return bool(len(self.arrays["stamp"]) or self.tree or self.events)


def read_telemetry(path: Path) -> Arrays:
    """Return a run's telemetry as arrays over its N control periods.

    Keys: `stamp` [s], `q` [rad], `dq` [rad/s], `tau` [Nm], `q_command`, `dq_command` (each (N, n)),
    `gripper_width`, `gripper_force` [N], `gripper_command`, `T_base_tool` (N, 4, 4) [m], `solve_ms`,
    `limited` [rad/s], `status`, `source`, and `slack_NAME` for each soft limit (NaN without a plan);
    `wrench` (N, 6) [N, Nm] and `tau_external` (N, n) [Nm], NaN where the arm did not know them. Over fewer
    periods, at `margin_stamp` [s]: `margin_joint` [rad], `margin_table`, `margin_links`, `margin_workspace`
    [m].

    Args:
        path: The file, or the run folder that it lies in.

    Raises:
        RunFolderError: the file is missing or no MCAP file. A file cut short is read as far as it goes.
    """
    return load_telemetry(path / "telemetry.mcap" if path.is_dir() else path).arrays


def load_telemetry(path: Path) -> Telemetry:
    """Return all that a telemetry file holds, as far as it goes.

    Raises:
        RunFolderError: the file is missing, empty or no MCAP file, or not written by this program.
    """
    messages: defaultdict[str, list[Json]] = defaultdict(list)
    order: list[tuple[str, Json]] = []
    about: dict[str, dict[str, str]] = {}
    topics: dict[int, str] = {}
    header, complete = False, False
    try:
        with path.open("rb") as stream:
            try:
                for record in StreamReader(stream, validate_crcs=True).records:
                    if isinstance(record, Header):
                        header = True
                    elif isinstance(record, Channel):
                        topics[record.id] = record.topic
                    elif isinstance(record, Metadata):
                        about[record.name] = record.metadata
                    elif isinstance(record, Message):
                        topic = topics[record.channel_id]
                        if topic in _READ:
                            messages[topic].append(json.loads(record.data))
                        elif topic.startswith(schemas.EVENT):
                            order.append((topic.removeprefix(schemas.EVENT), json.loads(record.data)))
                    elif isinstance(record, Footer):
                        complete = True
            except _BROKEN as error:
                if not header:
                    raise RunFolderError(
                        f"{path} is no MCAP file, or cut in its first bytes: {error}"
                    ) from error
                complete = False
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read: {error.strerror}") from error
    try:
        limits = about.get("limits")
        return Telemetry(
            arrays=_arrays(messages),
            tree=[(m["stamp"], m["status"], m["tip"]) for m in messages[schemas.TREE]],
            events=[RecordedEvent(m["stamp"], kind, m["cause"], m["data"]) for kind, m in order],
            limits=RobotLimits.from_json({k: json.loads(v) for k, v in limits.items()}) if limits else None,
            instruction=about.get("run", {}).get("instruction", ""),
            complete=complete,
            tightest=_tightest(messages[schemas.MARGINS]),
            video_start=float(about["video"]["start"]) if "video" in about else None,
        )
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise RunFolderError(f"{path} is not telemetry of this version of hybridctl: {error!r}") from error


def _tightest(margins: list[Json]) -> dict[str, str]:
    names = {"table": "table_body", "links": "links_pair", "workspace": "workspace_wall"}
    nearest = {
        limit: min((m for m in margins if limit in m), key=lambda m: m[limit], default={}) for limit in names
    }
    return {limit: str(nearest[limit].get(names[limit], "")) for limit in names}


def _arrays(messages: dict[str, list[Json]]) -> Arrays:
    topics = (schemas.JOINTS, schemas.GRIPPER, schemas.COMMAND, schemas.CONTROLLER, schemas.TOOL)
    # A file cut short may end within a control period.
    periods = min(len(messages[topic]) for topic in topics)
    joints, gripper, command, control, tool = (messages[topic][:periods] for topic in topics)
    width = len(joints[0]["joints"]) if joints else 0
    names = sorted({name for message in control for name in message["slacks"]})
    margins = messages[schemas.MARGINS]

    def joint(key: str) -> NDArray[Any]:
        rows = [[item[key] for item in message["joints"]] for message in joints]
        return np.array(rows, dtype=np.float64).reshape(periods, width)

    def rows(of: list[Json], key: str) -> NDArray[Any]:
        return np.array([message[key] for message in of], dtype=np.float64)

    T = np.tile(np.eye(4), (periods, 1, 1))
    poses = [message["pose"] for message in tool]
    if poses:
        T[:, :3, :3] = rotations(np.array([[p["orientation"][a] for a in "wxyz"] for p in poses]))
        T[:, :3, 3] = [[p["position"][a] for a in "xyz"] for p in poses]
    arrays: Arrays = {
        "stamp": rows(control, "stamp"),
        "q": joint("position"),
        "dq": joint("velocity"),
        "tau": joint("effort"),
        "gripper_width": rows(gripper, "width"),
        "gripper_force": rows(gripper, "force"),
        "gripper_command": rows(gripper, "command"),
        "q_command": rows(command, "q").reshape(periods, width),
        "dq_command": rows(command, "dq").reshape(periods, width),
        "solve_ms": rows(control, "solve_ms"),
        "limited": rows(control, "limited"),
        "status": np.array([message["status"] for message in control], dtype=np.str_),
        "source": np.array([message["source"] for message in control], dtype=np.str_),
        "T_base_tool": T,
        "margin_stamp": rows(margins, "stamp"),
    }
    for name, topic, columns in (("wrench", schemas.WRENCH, 6), ("tau_external", schemas.RESIDUAL, width)):
        known = {message["stamp"]: _numbers(message) for message in messages[topic]}
        unknown = [np.nan] * columns
        values = [known.get(message["stamp"], unknown) for message in control]
        arrays[name] = np.array(values, dtype=np.float64).reshape(periods, columns)
    for name in names:
        values = [message["slacks"].get(name, np.nan) for message in control]
        arrays[f"slack_{name}"] = np.array(values, dtype=np.float64)
    for name in ("joint", "table", "links", "workspace"):
        values = [message.get(name, np.nan) for message in margins]
        arrays[f"margin_{name}"] = np.array(values, dtype=np.float64)
    return arrays


def _numbers(message: Json) -> list[float]:
    """Return the numbers of a wrench, force first, or of a residual."""
    if "tau" in message:
        return [float(value) for value in message["tau"]]
    return [message[part][axis] for part in ("force", "torque") for axis in "xyz"]
