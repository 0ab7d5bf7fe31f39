"""Cameras of the simulated world: OpenGL where the system has it, ray casting where it has not."""

from __future__ import annotations

import warnings
from typing import Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.observation import Observation
from hybridctl.sim.world import SimWorld

IMAGE_SIZE = 128
RENDERERS = ("gl", "ray")


class RenderError(RuntimeError):
    """The renderer that was asked for does not work on this machine."""


class Renderer(Protocol):
    """Makes images of one camera of a world; close it when done."""

    name: str

    def rgb(self, camera: str) -> NDArray[np.uint8]:
        """Return the colour image, shape (H, W, 3)."""
        ...

    def depth(self, camera: str) -> FloatArray:
        """Return distances along the optical axis, shape (H, W) [m]."""
        ...

    def close(self) -> None:
        """Free the renderer's resources."""
        ...


class GlRenderer:
    """MuJoCo's OpenGL renderer (EGL or OSMesa when there is no display)."""

    name = "gl"

    def __init__(self, world: SimWorld, *, height: int, width: int) -> None:
        self._world = world
        self._renderer = mujoco.Renderer(world.model, height=height, width=width)
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 1
        self._option.sitegroup[:] = 0
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0

    def rgb(self, camera: str) -> NDArray[np.uint8]:
        """Return the colour image, shape (H, W, 3)."""
        self._renderer.update_scene(self._world.data, camera=camera, scene_option=self._option)
        return np.array(self._renderer.render(), dtype=np.uint8)

    def depth(self, camera: str) -> FloatArray:
        """Return distances along the optical axis, shape (H, W) [m]."""
        self._renderer.enable_depth_rendering()
        try:
            self._renderer.update_scene(self._world.data, camera=camera, scene_option=self._option)
            return np.array(self._renderer.render(), dtype=np.float64)
        finally:
            self._renderer.disable_depth_rendering()

    def close(self) -> None:
        """Free the OpenGL context."""
        self._renderer.close()


class RayRenderer:
    """One ray a pixel by `mj_multiRay`, lit by the scene's lamp: needs no graphics library at all."""

    name = "ray"

    def __init__(self, world: SimWorld, *, height: int, width: int) -> None:
        self._world = world
        self._shape = (height, width)
        v, u = np.mgrid[0:height, 0:width]
        self._u, self._v = u.ravel() + 0.5 - width / 2, v.ravel() + 0.5 - height / 2
        n = height * width
        self._geom, self._dist, self._normal = np.zeros(n, np.int32), np.zeros(n), np.zeros(3 * n)

    def rgb(self, camera: str) -> NDArray[np.uint8]:
        """Return the colour image, shape (H, W, 3): Lambert shading by the lamp and a headlight."""
        directions = self._cast(camera)
        model = self._world.model
        hit = self._geom >= 0
        normal = self._normal.reshape(-1, 3)
        lamp = model.light("lamp")
        toward_lamp = np.maximum(0.0, -(normal @ lamp.dir))
        toward_eye = np.maximum(0.0, -np.einsum("ij,ij->i", normal, directions))
        shade = 0.12 + lamp.ambient[0] + 0.25 * toward_eye + lamp.diffuse[0] * toward_lamp
        colour = np.full((self._geom.size, 3), 0.66)
        colour[hit] = model.geom_rgba[self._geom[hit], :3] * shade[hit, None]
        return np.asarray(np.clip(colour * 255.0, 0, 255), dtype=np.uint8).reshape(*self._shape, 3)

    def depth(self, camera: str) -> FloatArray:
        """Return distances along the optical axis, shape (H, W) [m]; 0 where nothing was hit."""
        directions = self._cast(camera)
        forward = -self._world.data.camera(camera).xmat.reshape(3, 3)[:, 2]
        return np.where(self._geom >= 0, self._dist * (directions @ forward), 0.0).reshape(self._shape)

    def close(self) -> None:
        """Nothing to free."""

    def _cast(self, camera: str) -> FloatArray:
        model, data = self._world.model, self._world.data
        focal = self._shape[0] / 2 / np.tan(np.radians(model.camera(camera).fovy[0]) / 2)
        R = data.camera(camera).xmat.reshape(3, 3)
        rays = np.column_stack([self._u, -self._v, np.full_like(self._u, -focal)])
        rays = (rays / np.linalg.norm(rays, axis=1, keepdims=True)) @ R.T
        mujoco.mj_multiRay(
            model, data, data.camera(camera).xpos, rays.ravel(), None, 1, -1, self._geom, self._dist,
            self._normal, self._geom.size, mujoco.mjMAXVAL,
        )  # fmt: skip
        return np.asarray(rays, dtype=np.float64)


def make_renderer(
    world: SimWorld, *, kind: str = "auto", height: int = IMAGE_SIZE, width: int = IMAGE_SIZE
) -> Renderer:
    """Return a renderer of `kind` (`gl`, `ray`); `auto` takes OpenGL and falls back to rays, said once."""
    if kind == "ray":
        return RayRenderer(world, height=height, width=width)
    if kind not in ("auto", "gl"):
        raise ValueError(f"renderer is {kind!r}, expected one of auto, {', '.join(RENDERERS)}")
    try:
        return GlRenderer(world, height=height, width=width)
    except Exception as error:  # every GL stack fails in its own way
        if kind == "gl":
            raise RenderError(
                f"no OpenGL here ({type(error).__name__}: {error}). On Debian: apt-get install libegl1 "
                "libgl1-mesa-dri; or use --renderer ray"
            ) from error
        warnings.warn(
            f"no OpenGL here ({type(error).__name__}: {error}); rendering by ray casting instead. "
            "On Debian: apt-get install libegl1 libgl1-mesa-dri",
            stacklevel=2,
        )
        return RayRenderer(world, height=height, width=width)


class SimCamera:
    """The scene camera of a simulated world behind the Camera protocol."""

    def __init__(self, world: SimWorld, renderer: Renderer, *, name: str = "scene") -> None:
        self._world, self._renderer, self._name = world, renderer, name

    @property
    def renderer(self) -> str:
        """`gl` or `ray`."""
        return self._renderer.name

    def capture(self, arm: ArmState, T_base_tool: FloatArray) -> Observation:
        """Return colour, depth and calibration of the scene as it is now."""
        K, T = camera_calibration(self._world, self._name, height=IMAGE_SIZE, width=IMAGE_SIZE)
        return Observation(
            rgb=self._renderer.rgb(self._name),
            depth=self._renderer.depth(self._name),
            K=K,
            T_base_camera=T,
            T_base_tool=T_base_tool,
            arm=arm,
            stamp=self._world.now(),
            camera=f"{self._name}/{self._renderer.name}",
        )


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
