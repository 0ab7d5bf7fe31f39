"""One picture of the scene with all that is needed to turn a pixel into a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar, checked_transform


@dataclass(frozen=True)
class Observation:
    """Images of one camera and the arm's state at the same instant.

    Attributes:
        rgb: Colour image, shape (H, W, 3), uint8.
        depth: Distance along the optical axis, shape (H, W) [m]; 0 where nothing was hit.
        K: Intrinsics, shape (3, 3) [px]; pixel (u, v) has its centre at (u + 0.5, v + 0.5).
        T_base_camera: Camera pose, x right, y down, z forward, shape (4, 4) [m].
        T_base_tool: Tool pose at the same instant, from the arm's joints, shape (4, 4) [m].
        arm: The arm's state at the same instant.
        stamp: Clock time [s].
        camera: Name of the camera and of the renderer that made the images.
    """

    rgb: NDArray[np.uint8]
    depth: FloatArray
    K: FloatArray
    T_base_camera: FloatArray
    T_base_tool: FloatArray
    arm: ArmState
    stamp: float
    camera: str

    def __post_init__(self) -> None:
        rgb = np.array(self.rgb)
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
            raise MessageError(
                f"Observation.rgb has shape {rgb.shape} and type {rgb.dtype}, expected (H, W, 3) uint8"
            )
        rgb.flags.writeable = False
        object.__setattr__(self, "rgb", rgb)
        object.__setattr__(self, "depth", checked("Observation.depth", self.depth, shape=rgb.shape[:2]))
        object.__setattr__(self, "K", checked("Observation.K", self.K, shape=(3, 3)))
        for name in ("T_base_camera", "T_base_tool"):
            object.__setattr__(self, name, checked_transform(f"Observation.{name}", getattr(self, name)))
        checked_scalar("Observation.stamp", self.stamp)


class Camera(Protocol):
    """A calibrated colour and depth camera."""

    def capture(self, arm: ArmState, T_base_tool: FloatArray) -> Observation:
        """Return an observation stamped now, together with the arm state handed in."""
        ...
