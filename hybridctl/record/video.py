"""The run's video: H.264 in fragments, so that a file cut short still plays."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 12.5
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}


class VideoWriter:
    """An H.264 file in MP4, one frame at a time."""

    def __init__(self, path: Path, *, rate: float = FRAMES_PER_SECOND) -> None:
        self._container = av.open(str(path), "w", format="mp4", options=_FRAGMENTS)
        self._stream: Any = None
        self._rate = Fraction(rate).limit_denominator(1000)

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """Append a frame, shape (H, W, 3) with even H and W."""
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=self._rate)
            self._stream.height, self._stream.width = rgb.shape[:2]
            self._stream.pix_fmt = "yuv420p"
            # A key frame every two seconds: each begins a fragment, and is what a cut file keeps.
            keyframes = str(round(2 * self._rate))
            self._stream.options = {"crf": "24", "preset": "veryfast", "g": keyframes}
        for packet in self._stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")):
            self._container.mux(packet)

    def close(self) -> None:
        """Flush the encoder and close the file."""
        if self._stream is not None:
            for packet in self._stream.encode():
                self._container.mux(packet)
        self._container.close()
