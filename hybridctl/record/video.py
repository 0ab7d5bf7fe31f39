"""The run's video: H.264 in fragments, so that a file cut short still plays."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 12.5
FRAGMENT = 0.5
"""Length of a fragment [s]: what is behind the last whole one is lost when the program is killed."""
_KEYFRAME_EVERY = 2.0  # [s] a player can jump to these
_CONTAINER = {
    "movflags": "empty_moov+default_base_moof",
    "frag_duration": str(round(1e6 * FRAGMENT)),
    "flush_packets": "1",
}
# No look-ahead: a frame is in the file before the next comes. One thread: the others are for control.
_ENCODER = {"crf": "24", "preset": "veryfast", "tune": "zerolatency", "threads": "1"}


class VideoWriter:
    """An H.264 file in MP4, one frame at a time."""

    def __init__(self, path: Path, *, rate: float = FRAMES_PER_SECOND) -> None:
        self._container = av.open(str(path), "w", format="mp4", options=_CONTAINER)
        self._stream: Any = None
        self._rate = Fraction(rate).limit_denominator(1000)
        self._last = -1

    def add(self, rgb: NDArray[np.uint8], *, at: float) -> None:
        """Append a frame, shape (H, W, 3) with even H and W, to be shown from `at` [s] until the next."""
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=self._rate)
            self._stream.height, self._stream.width = rgb.shape[:2]
            self._stream.pix_fmt = "yuv420p"
            self._stream.options = {**_ENCODER, "g": str(round(_KEYFRAME_EVERY * self._rate))}
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        # A frame that was left out leaves its time free, so that the video keeps step with the run.
        self._last = max(self._last + 1, round(at * self._rate))
        frame.pts, frame.time_base = self._last, 1 / self._rate
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """Flush the encoder and close the file."""
        try:
            if self._stream is not None:
                for packet in self._stream.encode():
                    self._container.mux(packet)
        finally:
            self._container.close()
