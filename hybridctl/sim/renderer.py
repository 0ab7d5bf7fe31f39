"""What a renderer is, and which of them works on this machine."""

from __future__ import annotations

import warnings
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.gl_renderer import GlRenderer
from hybridctl.sim.ray_renderer import RayRenderer
from hybridctl.sim.world import SimWorld

IMAGE_SIZE = 128
RENDERERS = ("gl", "ray")


class RenderError(RuntimeError):
    """The renderer that was asked for does not work on this machine."""


class Renderer(Protocol):
    """Makes images of a world's cameras, all of one size; close it when done."""

    name: str
    height: int
    width: int

    def rgb(self, camera: str) -> NDArray[np.uint8]:
        """Return the colour image, shape (H, W, 3)."""
        ...

    def depth(self, camera: str) -> FloatArray:
        """Return distances along the optical axis, shape (H, W) [m]."""
        ...

    def rgbd(self, camera: str) -> tuple[NDArray[np.uint8], FloatArray]:
        """Return `rgb` and `depth` of the same instant, for less than the two cost apart."""
        ...

    def close(self) -> None:
        """Free the renderer's resources."""
        ...


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
