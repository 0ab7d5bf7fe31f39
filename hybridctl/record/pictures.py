"""Puts what the camera saw into the telemetry: picture, calibration and where the camera stood."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from hybridctl.messages.observation import Observation
from hybridctl.record import foxglove, schemas
from hybridctl.record.background import Background
from hybridctl.record.telemetry import TelemetryWriter

EVERY = 0.2
"""Pictures that come sooner after another [s] are left out."""
QUALITY = 85
"""Of the JPEGs: a picture is about ten times smaller, and the eye sees no difference."""
ROOM = 4
_ROUNDING = 1e-6  # [s]


class Pictures:
    """Compresses observations beside the control loop; no fault of it ends the run."""

    def __init__(self, telemetry: TelemetryWriter, *, keep_all: bool) -> None:
        """Start the thread.

        Args:
            telemetry: Where messages go.
            keep_all: Whether the run waits for the compression, or loses a picture where that is behind.
        """
        self._telemetry = telemetry
        self._next = -np.inf
        self._worker = Background("pictures", room=ROOM, keep_all=keep_all)

    @property
    def dropped(self) -> int:
        """Pictures that were left out because the computer was behind."""
        return self._worker.dropped

    @property
    def problem(self) -> str:
        """Why camera pictures end early, in words; empty while all goes well."""
        error = self._worker.error
        return "" if error is None else f"Camera pictures end early: {type(error).__name__}: {error}."

    def add(self, seen: Observation) -> None:
        """Record an observation, unless one was just recorded."""
        if seen.stamp >= self._next:
            self._next = seen.stamp + EVERY - _ROUNDING
            self._worker.do(lambda: self._write(seen))

    def close(self) -> None:
        """Write what waits; calling it again does nothing."""
        self._worker.close()

    def _write(self, seen: Observation) -> None:
        file, stamp = BytesIO(), seen.stamp
        Image.fromarray(seen.rgb).save(file, "JPEG", quality=QUALITY)
        height, width = seen.rgb.shape[:2]
        write, frame = self._telemetry.write, "camera"
        transform = foxglove.frame_transforms(seen.T_base_camera, parent="base", child=frame, stamp=stamp)
        calibration = foxglove.camera_calibration(
            seen.K, width=width, height=height, frame=frame, stamp=stamp
        )
        write(schemas.FRAMES, stamp, transform)
        write(schemas.CALIBRATION, stamp, calibration)
        write(schemas.IMAGE, stamp, foxglove.compressed_image(file.getvalue(), frame=frame, stamp=stamp))
