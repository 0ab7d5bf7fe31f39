"""Calibrated cameras of the simulated world, true or with the errors that real ones have."""

from __future__ import annotations

import zlib

import numpy as np
from scipy.spatial.transform import Rotation

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.observation import Observation
from hybridctl.sim.camera_errors import CameraErrors
from hybridctl.sim.gl_renderer import GlRenderer
from hybridctl.sim.ray_renderer import RayRenderer
from hybridctl.sim.renderer import IMAGE_SIZE, RENDERERS, Renderer, RenderError, make_renderer
from hybridctl.sim.world import SimWorld

__all__ = [
    "IMAGE_SIZE",
    "RENDERERS",
    "CameraErrors",
    "GlRenderer",
    "RayRenderer",
    "RenderError",
    "Renderer",
    "SimCamera",
    "camera_calibration",
    "make_renderer",
]


_NO_ERRORS = CameraErrors()


class SimCamera:
    """One named camera of a simulated world behind the Camera protocol.

    Its pictures have its renderer's size and are true; with `errors`, the calibration and the distances that
    it reports with them are not.
    """

    def __init__(
        self,
        world: SimWorld,
        renderer: Renderer,
        *,
        name: str = "scene",
        errors: CameraErrors = _NO_ERRORS,
    ) -> None:
        known = [world.model.camera(i).name for i in range(world.model.ncam)]
        if name not in known:
            raise ValueError(f"the world has no camera {name!r}, only {', '.join(known)}")
        self._world, self._renderer, self._name = world, renderer, name
        self._errors = errors
        self._seed = (errors.seed, zlib.crc32(name.encode()))
        self._T_camera_reported = _calibration_error(errors, np.random.default_rng(self._seed))

    @property
    def renderer(self) -> str:
        """`gl` or `ray`."""
        return self._renderer.name

    def capture(self, arm: ArmState, T_base_tool: FloatArray) -> Observation:
        """Return colour, depth and calibration of the scene as it is now."""
        height, width = self._renderer.height, self._renderer.width
        K, T = camera_calibration(self._world, self._name, height=height, width=width)
        rgb, depth = self._renderer.rgbd(self._name)
        stamp = self._world.now()
        return Observation(
            rgb=rgb,
            depth=self._with_noise(depth, stamp),
            K=K,
            T_base_camera=T if self._T_camera_reported is None else T @ self._T_camera_reported,
            T_base_tool=T_base_tool,
            arm=arm,
            stamp=stamp,
            camera=f"{self._name}/{self._renderer.name}",
        )

    def _with_noise(self, depth: FloatArray, stamp: float) -> FloatArray:
        """Noise by seed and stamp alone, so that a run can be repeated from any moment; no hit stays 0."""
        if self._errors.depth_noise == 0.0:
            return depth
        rng = np.random.default_rng((*self._seed, round(stamp * 1e6)))
        noise = self._errors.depth_noise * depth**2 * rng.standard_normal(depth.shape)
        return np.maximum(depth + noise, 0.0)


def camera_calibration(
    world: SimWorld, name: str, *, height: int, width: int
) -> tuple[FloatArray, FloatArray]:
    """Return K (3, 3) [px] and T_base_camera (4, 4) [m] (x right, y down, z forward)."""
    camera = world.data.camera(name)
    focal = height / 2 / np.tan(np.radians(world.model.camera(name).fovy[0]) / 2)
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    T = np.eye(4)
    T[:3, :3] = camera.xmat.reshape(3, 3) @ np.diag([1.0, -1.0, -1.0])
    T[:3, 3] = camera.xpos
    return K, T


def _calibration_error(errors: CameraErrors, rng: np.random.Generator) -> FloatArray | None:
    """Return the reported camera frame in the true one (4, 4), or None where they are the same."""
    if errors.translation == errors.rotation == 0.0:
        return None
    shift, axis = rng.standard_normal((2, 3))
    T = np.eye(4)
    T[:3, :3] = Rotation.from_rotvec(errors.rotation * axis / np.linalg.norm(axis)).as_matrix()
    T[:3, 3] = errors.translation * shift / np.linalg.norm(shift)
    return T
