"""The run folder: telemetry, video and report.json; the memory's event store lies beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from controllers.controller import ControlResult
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray

EVENTS_NAME = "events.db"
FRAMES_PER_SECOND = 12.5

Frame = Callable[[], NDArray[np.uint8]]
"""Takes a picture for people, shape (H, W, 3)."""


class Recorder:
    """Listens to a run and writes what it saw; nothing is lost when the run ends early.

    Telemetry is kept in memory and written at `close` as `telemetry.npz`; video frames are encoded as they
    come. Use it as a context manager.
    """

    def __init__(self, folder: Path, *, instruction: str, frame: Frame | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._frame = frame
        self._video = VideoWriter(folder / "video.mp4") if frame is not None else None
        self._next_frame = 0.0
        self._instruction, self._tip = instruction, ""
        self._rows: list[tuple[ArmState, ControlResult, FloatArray, str]] = []
        self.tree: list[tuple[float, str, str]] = []

    def on_control(
        self, state: ArmState, result: ControlResult, T_base_tool: FloatArray, source: str
    ) -> None:
        """Keep one control period; now and then a video frame."""
        self._rows.append((state, result, T_base_tool, source))
        if self._video is not None and self._frame is not None and state.stamp >= self._next_frame:
            self._next_frame = max(self._next_frame, state.stamp) + 1 / FRAMES_PER_SECOND - 1e-6
            caption = f"{self._instruction}\n{state.stamp:5.1f} s  {self._tip}  [{source}]"
            self._video.add(with_caption(self._frame(), caption))

    def on_tree(self, stamp: float, status: str, tip: str) -> None:
        """Keep the tree's status where it changes."""
        if tip != self._tip or status != "RUNNING":
            self.tree.append((round(stamp, 4), status, tip))
        self._tip = tip

    def write_report(self, report: dict[str, Any]) -> Path:
        """Write `report.json` with the tree's course added, and return its path."""
        path = self.folder / "report.json"
        path.write_text(json.dumps({**report, "tree": self.tree}, indent=2, default=_plain) + "\n")
        return path

    def close(self) -> None:
        """Write the telemetry and finish the video."""
        if self._video is not None:
            self._video.close()
            self._video = None
        if self._rows:
            states, results, poses, sources = zip(*self._rows, strict=True)
            np.savez_compressed(
                self.folder / "telemetry.npz",
                stamp=np.array([s.stamp for s in states]),
                q=np.array([s.q for s in states]),
                dq=np.array([s.dq for s in states]),
                tau=np.array([s.tau for s in states]),
                gripper_width=np.array([s.gripper_width for s in states]),
                q_command=np.array([r.command.q for r in results]),
                dq_command=np.array([r.command.dq for r in results]),
                solve_ms=np.array([r.solve_ms for r in results]),
                status=np.array([r.status for r in results]),
                T_base_tool=np.array(poses),
                source=np.array(sources),
            )
            self._rows = []

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class VideoWriter:
    """An H.264 file in MP4, one frame at a time."""

    def __init__(self, path: Path, *, rate: float = FRAMES_PER_SECOND) -> None:
        self._container = av.open(str(path), "w")
        self._stream: Any = None
        self._rate = Fraction(rate).limit_denominator(1000)

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """Append a frame, shape (H, W, 3) with even H and W."""
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=self._rate)
            self._stream.height, self._stream.width = rgb.shape[:2]
            self._stream.pix_fmt = "yuv420p"
            self._stream.options = {"crf": "26", "preset": "veryfast"}
        for packet in self._stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")):
            self._container.mux(packet)

    def close(self) -> None:
        """Flush the encoder and close the file."""
        if self._stream is not None:
            for packet in self._stream.encode():
                self._container.mux(packet)
        self._container.close()


def with_caption(rgb: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """Return a copy with a caption on a dark bar at the bottom."""
    image = Image.fromarray(rgb)
    draw = ImageDraw.Draw(image, "RGBA")
    lines = text.count("\n") + 1
    top = image.height - 14 * lines - 8
    draw.rectangle((0, top, image.width, image.height), fill=(0, 0, 0, 150))
    draw.multiline_text((8, top + 3), text, fill=(255, 255, 255, 255), spacing=3)
    return np.array(image)


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"report.json cannot hold a {type(value).__name__}")
