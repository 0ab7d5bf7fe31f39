"""Pictures by MuJoCo's OpenGL renderer."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import PARKED_GROUP


class GlRenderer:
    """MuJoCo's OpenGL renderer (EGL or OSMesa when there is no display)."""

    name = "gl"

    def __init__(self, world: SimWorld, *, height: int, width: int) -> None:
        self.height, self.width = height, width
        self._world = world
        self._renderer = mujoco.Renderer(world.model, height=height, width=width)
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 1
        self._option.geomgroup[PARKED_GROUP] = 0
        self._option.sitegroup[:] = 0
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0

    def rgb(self, camera: str) -> NDArray[np.uint8]:
        """Return the colour image, shape (H, W, 3)."""
        self._look(camera)
        return self._draw_rgb()

    def depth(self, camera: str) -> FloatArray:
        """Return distances along the optical axis, shape (H, W) [m]."""
        self._look(camera)
        return self._draw_depth()

    def rgbd(self, camera: str) -> tuple[NDArray[np.uint8], FloatArray]:
        """Return `rgb` and `depth` of the same instant.

        It takes two passes: colours are smoothed across edges, and distances must not be.
        """
        self._look(camera)
        return self._draw_rgb(), self._draw_depth()

    def close(self) -> None:
        """Free the OpenGL context."""
        self._renderer.close()

    def _look(self, camera: str) -> None:
        self._renderer.update_scene(self._world.data, camera=camera, scene_option=self._option)

    def _draw_rgb(self) -> NDArray[np.uint8]:
        return np.array(self._renderer.render(), dtype=np.uint8)

    def _draw_depth(self) -> FloatArray:
        self._renderer.enable_depth_rendering()
        try:
            return np.array(self._renderer.render(), dtype=np.float64)
        finally:
            self._renderer.disable_depth_rendering()
