"""How far a camera's reports are from the truth, as an option of the simulator."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

from hybridctl.messages.arrays import checked_scalar


@dataclass(frozen=True, kw_only=True)
class CameraErrors:
    """How far a camera's reports are from the truth; the same seed makes the same errors.

    Attributes:
        translation: Length of the constant error of the reported camera position [m].
        rotation: Angle of the constant error of the reported orientation [rad].
        depth_noise: Standard deviation of the depth at 1 m; it grows with the distance squared, as a stereo
            camera's does [m].
        seed: Draws the directions and the noise; each camera name has its own.
    """

    translation: float = 0.0
    rotation: float = 0.0
    depth_noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("translation", "rotation", "depth_noise", "seed"):
            checked_scalar(f"CameraErrors.{name}", getattr(self, name), low=0.0)


def read_camera_errors(text: str) -> CameraErrors:
    """Read MM,DEG,MM: calibration error in place and angle, and depth noise at 1 m.

    Raises:
        argparse.ArgumentTypeError: it is not three numbers, or one is out of range.
    """
    try:
        millimetres, degrees, noise = (float(part) for part in text.split(","))
    except ValueError:
        millimetres = degrees = noise = -1.0
    if not (0 <= millimetres <= 100 and 0 <= degrees <= 20 and 0 <= noise <= 100):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no camera error, expected MM,DEG,MM as 5,0.5,2 (up to 100,20,100)"
        )
    return CameraErrors(
        translation=millimetres / 1e3, rotation=math.radians(degrees), depth_noise=noise / 1e3
    )
