"""The recorder: listens to a run and writes telemetry, video and report.json as they come."""

from __future__ import annotations

import json
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
from hybridctl.messages.observation import Observation
from hybridctl.record import foxglove, schemas
from hybridctl.record.arm_topics import arm_messages
from hybridctl.record.caption import Caption
from hybridctl.record.film import Film, Frame
from hybridctl.record.margins import MarginMeter
from hybridctl.record.parts import TELEMETRY_NAME, VIDEO_NAME, part_name, parts_of
from hybridctl.record.pictures import Pictures
from hybridctl.record.telemetry import TelemetryWriter

EVENTS_NAME = "events.db"
REPORT_NAME = "report.json"
MARGINS_EVERY = 0.05  # [s] distances to limits are plotted and shown, not controlled by
_ROUNDING = 1e-6  # [s] stamps are sums of periods


def refuse_used_folder(out: Path) -> None:
    """Raise FileExistsError if `out` is a file, or holds a run already."""
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file: choose another --out")
    if any((out / name).exists() for name in (EVENTS_NAME, TELEMETRY_NAME)):
        raise FileExistsError(f"{out} holds a run already: choose another --out")


class Recorder:
    """Listens to a run and writes what it saw; a run that is cut short leaves what it had written.

    Use it as a context manager. It is called from the runtime's thread; captions, video and camera pictures
    are made on threads beside it, and no fault of theirs ends the run: the report says it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        instruction: str,
        video: bool = True,
        frame: Frame | None = None,
        realtime: bool = False,
        resume: bool = False,
    ) -> None:
        """Open the run folder.

        Args:
            folder: Made if missing; files of an earlier run in it are replaced.
            instruction: What the run is asked to do.
            video: Whether to film.
            frame: Takes the video's pictures; without it the video shows what the camera saw last.
            realtime: Whether the arm does not wait: then a frame that finds the encoder behind is dropped and
                counted. Otherwise the run waits for the encoder, and the record is complete.
            resume: Whether the run goes on after its process was killed. What that wrote stays, and this part
                is written beside it, `telemetry.part2.mcap` and `video.part2.mp4`.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # What describes an earlier run must not pass for this one's if this one is cut short.
        for name in (*(() if resume else (VIDEO_NAME,)), REPORT_NAME, "report.html"):
            (folder / name).unlink(missing_ok=True)
        part = len(parts_of(folder)) + 1 if resume else 1
        telemetry = folder / part_name(TELEMETRY_NAME, part)
        self._telemetry = TelemetryWriter(telemetry, about={"instruction": instruction})
        self._pictures = Pictures(self._telemetry, keep_all=not realtime)
        filmed = folder / part_name(VIDEO_NAME, part)
        self._film = Film(filmed, keep_all=not realtime) if video else None
        self._frame: Frame | NDArray[np.uint8] | None = frame
        self._shows_camera = frame is None
        self._next_margins = -np.inf
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
        self._joints = self._joints or tuple(f"joint{i + 1}" for i in range(len(state.q)))
        for topic, message in arm_messages(state, result, T_base_tool, source, joints=self._joints):
            write(topic, stamp, message)
        if stamp >= self._next_margins:
            self._next_margins = stamp + MARGINS_EVERY - _ROUNDING
            transform = foxglove.frame_transforms(T_base_tool, parent="base", child="tool", stamp=stamp)
            write(schemas.FRAMES, stamp, transform)
            if self._meter is not None:
                margins = self._meter.measure(state.q, T_base_tool[:3, 3])
                self._caption = replace(self._caption, margins=margins)
                known = {name: value for name, value in asdict(margins).items() if value not in (None, "")}
                write(schemas.MARGINS, stamp, {"stamp": stamp, **known})
        self._telemetry.flush_if_due(stamp)
        if self._film is not None and self._frame is not None and self._film.due(stamp):
            if self._film.start is None:
                self._telemetry.describe("video", {"start": stamp})
            self._film.add(self._frame, self._caption_of(state, result, source))

    def on_observation(self, seen: Observation) -> None:
        """Write what the camera saw, a few times a second."""
        self._pictures.add(seen)
        if self._shows_camera:
            self._frame = seen.rgb
            self._caption = replace(self._caption, picture=seen.stamp)

    def on_tree(self, stamp: float, status: str, tip: str) -> None:
        """Write the tree's status where it changes."""
        if tip != self._caption.leaf or status != "RUNNING":
            self.tree.append((round(stamp, 4), status, tip))
            self._telemetry.write(schemas.TREE, stamp, {"stamp": stamp, "status": status, "tip": tip})
        self._caption = replace(self._caption, leaf=tip)
        if tip in self._caption.plan:
            self._caption = replace(self._caption, subgoal=tip)

    def on_event(self, stamp: float, kind: str, cause: str, data: dict[str, Any]) -> None:
        """Write an event of the tree or the VLA: `plan`, `act`, `look`, `failure` or a kind of one's own."""
        self._telemetry.write(f"{schemas.EVENT}{kind}", stamp, {"stamp": stamp, "cause": cause, "data": data})
        level = foxglove.WARNING if kind == "failure" else foxglove.INFO
        line = foxglove.log(f"{cause}: {_in_words(data)}", level=level, name=kind, stamp=stamp)
        self._telemetry.write(schemas.LOG, stamp, line)
        if kind == "plan":
            steps = str(data.get("text", "")).removeprefix("Plan:").split(";")
            self._caption = replace(self._caption, plan=tuple(step.strip() for step in steps if step.strip()))
        elif kind == "act":
            tokens = tuple(data.get("tokens", ()))
            self._caption = replace(self._caption, subgoal=cause, tokens=tokens, entropy=data.get("entropy"))

    def write_report(self, report: dict[str, Any]) -> Path:
        """Finish the record, write `report.json` with the tree's course and what was lost; give its path."""
        self.close()
        path = self.folder / REPORT_NAME
        whole = {**report, "tree": self.tree, "record": self._completeness()}
        path.write_text(json.dumps(whole, indent=2, default=_plain) + "\n")
        return path

    def close(self) -> None:
        """Encode and write what waits, finish telemetry and video; calling it again does nothing."""
        if self._film is not None:
            self._film.close()
        self._pictures.close()
        self._telemetry.close()

    def _completeness(self) -> dict[str, Any]:
        problems = [self._pictures.problem, "" if self._film is None else self._film.problem]
        return {
            "video": None if self._film is None else self._film.to_json(),
            "pictures_dropped": self._pictures.dropped,
            "problems": [problem for problem in problems if problem],
        }

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _caption_of(self, state: ArmState, result: ControlResult, source: str) -> Caption:
        worst = max(result.slacks.items(), key=lambda item: item[1], default=None)
        force = None if state.wrench is None else float(np.linalg.norm(state.wrench[:3]))
        return replace(self._caption, stamp=state.stamp, source=source, slack=worst, force=force)


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
