"""The recorder: listens to a run and writes telemetry, video and report.json as they come."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from controllers.controller import ControlResult
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.record import schemas
from hybridctl.record.caption import Caption, with_overlay
from hybridctl.record.margins import MarginMeter
from hybridctl.record.quaternion import quaternion
from hybridctl.record.telemetry import TelemetryWriter, timestamp
from hybridctl.record.video import FRAMES_PER_SECOND, VideoWriter

EVENTS_NAME = "events.db"
TELEMETRY_NAME = "telemetry.mcap"
VIDEO_NAME = "video.mp4"
REPORT_NAME = "report.json"
MARGINS_EVERY = 0.05  # [s] distances to limits are plotted and shown, not controlled by
_ROUNDING = 1e-6  # [s] stamps are sums of periods

Frame = Callable[[], NDArray[np.uint8]]
"""Takes a picture for people, shape (H, W, 3)."""


class Recorder:
    """Listens to a run and writes what it saw; a run that is cut short leaves what it had written.

    Use it as a context manager. It is called from the runtime's thread.
    """

    def __init__(self, folder: Path, *, instruction: str, frame: Frame | None = None) -> None:
        """Open the run folder.

        Args:
            folder: Made if missing; files of an earlier run in it are replaced.
            instruction: What the run is asked to do.
            frame: Takes the video's pictures; None for no video.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # What describes an earlier run must not pass for this one's if this one is cut short.
        for name in (VIDEO_NAME, REPORT_NAME, "report.html"):
            (folder / name).unlink(missing_ok=True)
        self._telemetry = TelemetryWriter(folder / TELEMETRY_NAME, about={"instruction": instruction})
        self._frame = frame
        self._video = VideoWriter(folder / VIDEO_NAME) if frame is not None else None
        self._next_frame = self._next_margins = -np.inf
        self._caption = Caption(instruction=instruction, stamp=0.0)
        self._meter: MarginMeter | None = None
        self._joints: tuple[str, ...] = ()
        self.tree: list[tuple[float, str, str]] = []

    def describe(self, model: RobotModel, gains: Gains) -> None:
        """Say which robot and limits the run has; without it the record holds no distances to limits."""
        self._meter = MarginMeter(model, gains)
        self._joints = model.joint_names
        self._telemetry.describe("limits", self._meter.limits.to_json())

    def on_control(
        self, state: ArmState, result: ControlResult, T_base_tool: FloatArray, source: str
    ) -> None:
        """Write one control period; now and then the margins and a video frame."""
        stamp, write = state.stamp, self._telemetry.write
        write(schemas.JOINTS, stamp, self._joint_states(state))
        write(
            schemas.GRIPPER,
            stamp,
            {
                "stamp": stamp,
                "width": state.gripper_width,
                "force": state.gripper_force,
                "command": result.command.gripper_width,
                "stopped": state.stopped,
            },
        )
        command = result.command
        write(
            schemas.COMMAND,
            stamp,
            {"stamp": command.stamp, "q": command.q.tolist(), "dq": command.dq.tolist()},
        )
        write(
            schemas.CONTROLLER,
            stamp,
            {
                "stamp": stamp,
                "status": result.status,
                "source": source,
                "solve_ms": result.solve_ms,
                "limited": result.limited,
                "slacks": result.slacks,
                "violations": result.violations,
            },
        )
        write(schemas.TOOL, stamp, _pose_in_base(T_base_tool, stamp))
        if self._meter is not None and stamp >= self._next_margins:
            self._next_margins = stamp + MARGINS_EVERY - _ROUNDING
            margins = self._meter.measure(state.q, T_base_tool[:3, 3])
            self._caption = replace(self._caption, margins=margins)
            known = {name: value for name, value in asdict(margins).items() if value is not None}
            write(schemas.MARGINS, stamp, {"stamp": stamp, **known})
        self._telemetry.flush_if_due(stamp)
        if self._video is not None and self._frame is not None and stamp >= self._next_frame:
            self._next_frame = max(self._next_frame, stamp) + 1 / FRAMES_PER_SECOND - _ROUNDING
            worst = max(result.slacks.items(), key=lambda item: item[1], default=None)
            caption = replace(self._caption, stamp=stamp, source=source, slack=worst)
            self._video.add(with_overlay(self._frame(), caption))

    def on_tree(self, stamp: float, status: str, tip: str) -> None:
        """Write the tree's status where it changes."""
        if tip != self._caption.leaf or status != "RUNNING":
            self.tree.append((round(stamp, 4), status, tip))
            self._telemetry.write(schemas.TREE, stamp, {"stamp": stamp, "status": status, "tip": tip})
        self._caption = replace(self._caption, leaf=tip)

    def on_event(self, stamp: float, kind: str, cause: str, data: dict[str, Any]) -> None:
        """Write an event of the tree or the VLA: `plan`, `act`, `look`, `failure` or a kind of one's own."""
        self._telemetry.write(f"{schemas.EVENT}{kind}", stamp, {"stamp": stamp, "cause": cause, "data": data})
        log = {
            "timestamp": timestamp(stamp),
            "level": 3 if kind == "failure" else 2,
            "message": f"{cause}: {_in_words(data)}",
            "name": kind,
            "file": "",
            "line": 0,
        }
        self._telemetry.write(schemas.LOG, stamp, log)
        if kind == "plan":
            steps = str(data.get("text", "")).removeprefix("Plan:").split(";")
            self._caption = replace(self._caption, plan=tuple(step.strip() for step in steps if step.strip()))
        elif kind == "act":
            tokens = tuple(data.get("tokens", ()))
            self._caption = replace(self._caption, subgoal=cause, tokens=tokens, entropy=data.get("entropy"))

    def write_report(self, report: dict[str, Any]) -> Path:
        """Write `report.json` with the tree's course added, and return its path."""
        path = self.folder / REPORT_NAME
        path.write_text(json.dumps({**report, "tree": self.tree}, indent=2, default=_plain) + "\n")
        return path

    def close(self) -> None:
        """Finish telemetry and video; calling it again does nothing."""
        self._telemetry.close()
        if self._video is not None:
            self._video.close()
            self._video = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _joint_states(self, state: ArmState) -> dict[str, Any]:
        if not self._joints:
            self._joints = tuple(f"joint{i + 1}" for i in range(len(state.q)))
        rows = zip(self._joints, state.q.tolist(), state.dq.tolist(), state.tau.tolist(), strict=True)
        return {
            "timestamp": timestamp(state.stamp),
            "joints": [
                {"name": name, "position": q, "velocity": dq, "effort": tau} for name, q, dq, tau in rows
            ],
        }


def _pose_in_base(T: FloatArray, stamp: float) -> dict[str, Any]:
    x, y, z = T[:3, 3].tolist()
    qw, qx, qy, qz = quaternion(T[:3, :3])
    return {
        "timestamp": timestamp(stamp),
        "frame_id": "base",
        "pose": {
            "position": {"x": x, "y": y, "z": z},
            "orientation": {"x": qx, "y": qy, "z": qz, "w": qw},
        },
    }


def _in_words(data: dict[str, Any]) -> str:
    return ", ".join(
        f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}" for key, value in data.items()
    )


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"report.json cannot hold a {type(value).__name__}")
