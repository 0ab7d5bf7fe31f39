"""Films a run: captions are drawn and frames encoded on a thread beside the control loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridctl.record.background import Background
from hybridctl.record.caption import Caption, with_overlay
from hybridctl.record.video import FRAMES_PER_SECOND, VideoWriter

Frame = Callable[[], NDArray[np.uint8]]
"""Takes a picture for people, shape (H, W, 3), on the control thread: on a real arm it must be quick."""

ROOM = 8
"""Frames that may wait for the encoder: 0.64 s of run."""
_ROUNDING = 1e-6  # [s] stamps are sums of periods


class Film:
    """A video of a run with captions. No fault of it ends the run: it becomes `problem`."""

    def __init__(self, path: Path, *, keep_all: bool) -> None:
        """Start the thread; the file is made with the first frame.

        Args:
            path: The video.
            keep_all: Whether the run waits for the encoder, or loses a frame where that is behind.
        """
        self.start: float | None = None
        """Clock time of the first frame [s]."""
        self._path = path
        self._next = -np.inf
        self._frames = 0
        self._problem = ""
        self._writer: VideoWriter | None = None
        self._worker = Background("film", room=ROOM, keep_all=keep_all)

    @property
    def problem(self) -> str:
        """Why the video ends early, in words; empty while all goes well."""
        error = self._worker.error
        return self._problem or (f"The video ends early: {_words(error)}." if error is not None else "")

    def due(self, stamp: float) -> bool:
        """Return whether it is time for a frame."""
        return stamp >= self._next and not self.problem

    def add(self, picture: NDArray[np.uint8] | Frame, caption: Caption) -> None:
        """Hand in the frame of `caption.stamp`: a picture of shape (H, W, 3), or what takes it."""
        stamp = caption.stamp
        self._next = max(self._next, stamp) + 1 / FRAMES_PER_SECOND - _ROUNDING
        if self.start is None:
            self.start = stamp
        at = stamp - self.start
        try:
            rgb = picture() if callable(picture) else picture
        except Exception as error:
            self._problem = f"The video ends early, its picture could not be taken: {_words(error)}."
            return
        self._worker.do(lambda: self._encode(rgb, caption, at))

    def close(self) -> None:
        """Encode what waits and close the file; calling it again does nothing."""
        self._worker.close()
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
            except Exception as error:
                self._problem = self.problem or f"The video could not be finished: {_words(error)}."

    def to_json(self) -> dict[str, Any]:
        """Return frames in the file, frames dropped, and the first frame's clock time [s]."""
        return {"frames": self._frames, "dropped": self._worker.dropped, "start": self.start}

    def _encode(self, rgb: NDArray[np.uint8], caption: Caption, at: float) -> None:
        if self._writer is None:
            self._writer = VideoWriter(self._path)
        self._writer.add(with_overlay(rgb, caption), at=at)
        self._frames += 1


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
