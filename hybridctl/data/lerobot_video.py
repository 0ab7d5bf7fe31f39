"""Videos of the LeRobot layout: one episode encoded, episodes joined, pictures found by their time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from hybridctl.data.lerobot_layout import DatasetError

CODEC = "h264"
# Without frames that refer to later ones, a picture's time is its number over the rate, also where episodes
# are joined; with a key frame every second picture any of them is found fast.
_OPTIONS = {"preset": "veryfast", "crf": "20", "g": "2", "bf": "0"}
_AHEAD = 1.0
"""A picture up to this much later [s] is reached by decoding on, one further away by seeking."""


class EpisodeVideo:
    """Encodes one camera's pictures of one episode, H.264 in MP4."""

    def __init__(self, path: Path, *, fps: int, height: int, width: int) -> None:
        self._container = av.open(str(path), "w", format="mp4")
        self._stream: Any = self._container.add_stream("libx264", rate=fps, options=dict(_OPTIONS))
        self._stream.height, self._stream.width, self._stream.pix_fmt = height, width, "yuv420p"
        self._stream.codec_context.thread_count = 1
        self._fps, self._count, self._open = fps, 0, True

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """Append a picture, shape (H, W, 3)."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        frame.pts, frame.time_base = self._count, Fraction(1, self._fps)
        self._count += 1
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """Flush the encoder and finish the file; calling it again does nothing."""
        if not self._open:
            return
        self._open = False
        if self._count:
            for packet in self._stream.encode():
                self._container.mux(packet)
        self._container.close()


def join_videos(first: Path, second: Path, out: Path, *, offset: Fraction) -> None:
    """Write the packets of both files, made by one encoder, the second `offset` [s] later."""
    with av.open(str(out), "w", format="mp4") as joined:
        stream: Any = None
        for path, shift in ((first, Fraction(0)), (second, offset)):
            with av.open(str(path)) as source:
                if stream is None:
                    stream = joined.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.dts is None:  # the end
                        continue
                    ticks = round(shift / packet.time_base)
                    packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                    packet.stream = stream
                    joined.mux(packet)


class VideoFrames:
    """The pictures of a video file by their time; going forward costs one decode a picture."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            DatasetError: it is missing, or no video that can be decoded.
        """
        if not path.is_file():
            raise DatasetError(f"{path} is missing")
        self._path = path
        try:
            self._container = av.open(str(path))
            self._stream: Any = self._container.streams.video[0]
        except (av.FFmpegError, IndexError) as error:
            raise DatasetError(f"{path} is no video that can be decoded: {error}") from error
        self._frames: Iterator[Any] = iter(())
        self._now: Any = None

    def at(self, stamp: float, *, tolerance: float) -> NDArray[np.uint8]:
        """Return the picture shown at `stamp`, shape (H, W, 3).

        Args:
            stamp: Time since the file's start [s].
            tolerance: How far from it the picture's own time may be [s].

        Raises:
            DatasetError: the file has no picture within the tolerance.
        """
        try:
            if self._now is None or not -tolerance <= stamp - self._now.time < _AHEAD:
                self._seek(stamp, tolerance)
            while self._now is not None and self._now.time < stamp - tolerance:
                self._now = next(self._frames, None)
        except av.FFmpegError as error:
            raise DatasetError(f"{self._path} cannot be decoded at {stamp:.4f} s: {error}") from error
        if self._now is None or abs(self._now.time - stamp) > tolerance:
            raise DatasetError(f"{self._path} has no picture at {stamp:.4f} s")
        return np.asarray(self._now.to_ndarray(format="rgb24"), dtype=np.uint8)

    def _seek(self, stamp: float, tolerance: float) -> None:
        ticks = int(max(0.0, stamp - tolerance) / self._stream.time_base)
        self._container.seek(ticks, stream=self._stream, backward=True)
        self._frames = self._container.decode(self._stream)
        self._now = next(self._frames, None)

    def close(self) -> None:
        """Close the file."""
        self._container.close()
