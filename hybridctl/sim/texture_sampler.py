"""Colours of textured boxes and planes where rays hit them, laid on and smoothed as OpenGL does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arrays import FloatArray

_BOX, _PLANE = int(mujoco.mjtGeom.mjGEOM_BOX), int(mujoco.mjtGeom.mjGEOM_PLANE)
_FACE_AXES = np.array([[1, 2], [0, 2], [0, 1]])
"""By the axis that a box's face is normal to: the axes that a texture's right and up are laid along."""


@dataclass(frozen=True)
class RayHits:
    """What one ray a pixel has hit, in the world frame.

    Attributes:
        geom: Index of the geom, -1 for none, shape (n,).
        distance: Distance along the ray [m], shape (n,).
        normal: Unit surface normal, shape (n, 3).
        direction: Unit direction of the ray, shape (n, 3).
        eye: Where the rays start [m], shape (3,).
        right, down, forward: The picture's axes, shape (3,).
        focal: Focal length [px].
    """

    geom: NDArray[np.int32]
    distance: FloatArray
    normal: FloatArray
    direction: FloatArray
    eye: FloatArray
    right: FloatArray
    down: FloatArray
    forward: FloatArray
    focal: float


class TextureSampler:
    """Samples a model's 2D textures; which geom shows which is read from `geom_matid` at each call.

    Like MuJoCo's renderer it uploads the textures once: later changes of `tex_data` are not seen.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._pyramids: dict[int, _Pyramid] = {}

    def sample(
        self, data: mujoco.MjData, hits: RayHits
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
        """Yield for each textured geom in view its pixels, shape (k,), and their texels in 0…1, (k, 3).

        Boxes and planes are textured; other shapes show their tint alone.
        """
        textured = self._textures_of_geoms()
        if not (textured >= 0).any():
            return
        seen = np.bincount(hits.geom + 1, minlength=self._model.ngeom + 1)[1:] > 0
        for geom in np.flatnonzero(seen & (textured >= 0)):
            pixels = np.flatnonzero(hits.geom == geom)
            coordinates, footprint = self._lay(data, int(geom), hits, pixels)
            yield pixels, self._pyramid(int(textured[geom])).sample(coordinates, footprint)

    def _textures_of_geoms(self) -> NDArray[np.intp]:
        """Return each geom's texture, shape (ngeom,), -1 for none."""
        model = self._model
        found = np.full(model.ngeom, -1, np.intp)
        if model.nmat == 0:
            return found
        shaped = np.isin(model.geom_type, (_BOX, _PLANE)) & (model.geom_matid >= 0)
        role = int(mujoco.mjtTextureRole.mjTEXROLE_RGB)
        textures = model.mat_texid.reshape(model.nmat, -1)[:, role]
        flat = (textures >= 0) & (model.tex_type[textures] == int(mujoco.mjtTexture.mjTEXTURE_2D))
        found[shaped] = np.where(flat, textures, -1)[model.geom_matid[shaped]]
        return found

    def _lay(
        self, data: mujoco.MjData, geom: int, hits: RayHits, pixels: NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """Return texture coordinates, shape (k, 2) [tiles], and their change a pixel, (k, 2, 2).

        The footprint's second axis is the picture's (right, down), its last the texture's (s, t).
        """
        R = data.geom_xmat[geom].reshape(3, 3)
        direction = hits.direction[pixels]
        point = (hits.eye + hits.distance[pixels, None] * direction - data.geom_xpos[geom]) @ R
        direction = direction @ R
        if self._model.geom_type[geom] == _PLANE:
            face = np.full(pixels.size, 2)
        else:
            face = np.argmax(np.abs(hits.normal[pixels] @ R), axis=1)
        axes = _FACE_AXES[face]
        scale, offset = self._scale_and_offset(geom, axes)
        coordinates = scale * np.take_along_axis(point, axes, axis=1) + offset
        # A ray turned by one pixel meets the face's plane elsewhere: the step along the picture's axis,
        # less what brings it back to the plane along the ray.
        depth = hits.distance[pixels] * (hits.direction[pixels] @ hits.forward) / hits.focal
        along_normal = np.take_along_axis(direction, face[:, None], axis=1)
        in_face = np.take_along_axis(direction, axes, axis=1)
        steps = []
        for axis in (hits.right @ R, hits.down @ R):
            step = axis[axes] - in_face * (axis[face][:, None] / along_normal)
            steps.append(scale * depth[:, None] * step)
        return coordinates, np.stack(steps, axis=1)

    def _scale_and_offset(self, geom: int, axes: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """Return what turns face coordinates [m] into tiles: (k, 2) factors and offsets.

        MuJoCo 4 lays a texture from a face's left upper corner, with `texrepeat` tiles across the face, or,
        where `texuniform`, across two metres (along a box's upright faces it counts by the box's own x and y
        even there). Planes without end have it at their origin.
        """
        model = self._model
        size, material = model.geom_size[geom], model.geom_matid[geom]
        repeat = np.where(model.mat_texrepeat[material] > 0, model.mat_texrepeat[material], 1.0)
        if model.mat_texuniform[material]:
            repeat = repeat * np.where(size[:2] > 0, size[:2], 1.0)
        half = size[axes]
        finite = half > 0
        scale = 0.5 * repeat / np.where(finite, half, 1.0)
        offset = np.where(finite, 0.5 * repeat, 0.0)
        if model.geom_type[geom] == _PLANE and (size[:2] <= 0).any():
            offset = offset - 0.5
        return scale * (1.0, -1.0), offset

    def _pyramid(self, texture: int) -> _Pyramid:
        if texture not in self._pyramids:
            model = self._model
            height, width = int(model.tex_height[texture]), int(model.tex_width[texture])
            channels, start = int(model.tex_nchannel[texture]), int(model.tex_adr[texture])
            texels = model.tex_data[start : start + height * width * channels]
            self._pyramids[texture] = _Pyramid(texels.reshape(height, width, channels)[..., :3])
        return self._pyramids[texture]


class _Pyramid:
    """A texture at full, half, quarter, … resolution, so that a far one is averaged and does not flicker."""

    def __init__(self, texels: NDArray[np.uint8]) -> None:
        level = texels.astype(np.float32) / 255.0
        levels = [level]
        while level.shape[0] % 2 == 0 and level.shape[1] % 2 == 0:
            level = level.reshape(level.shape[0] // 2, 2, level.shape[1] // 2, 2, 3).mean(axis=(1, 3))
            levels.append(level)
        self._height = np.array([level.shape[0] for level in levels])
        self._width = np.array([level.shape[1] for level in levels])
        self._start = np.concatenate([[0], np.cumsum(self._height * self._width)[:-1]])
        self._texels = np.concatenate([level.reshape(-1, 3) for level in levels])

    def sample(self, coordinates: FloatArray, footprint: FloatArray) -> NDArray[np.float32]:
        """Return the texels at coordinates (k, 2) for a footprint (k, 2, 2), trilinear, shape (k, 3)."""
        texels_a_pixel = footprint * (self._width[0], self._height[0])
        longest = np.max(np.einsum("kij,kij->ki", texels_a_pixel, texels_a_pixel), axis=1)
        fineness = np.clip(0.5 * np.log2(np.maximum(longest, 1e-12)), 0.0, len(self._start) - 1)
        level = np.floor(fineness).astype(np.intp)
        between = (fineness - level).astype(np.float32)[:, None]
        coarser = np.minimum(level + 1, len(self._start) - 1)
        return self._bilinear(coordinates, level) * (1 - between) + (
            self._bilinear(coordinates, coarser) * between
        )

    def _bilinear(self, coordinates: FloatArray, level: NDArray[np.intp]) -> NDArray[np.float32]:
        width, height, start = self._width[level], self._height[level], self._start[level]
        x, y = coordinates[:, 0] * width - 0.5, coordinates[:, 1] * height - 0.5
        left, top = np.floor(x), np.floor(y)
        along, down = (x - left).astype(np.float32)[:, None], (y - top).astype(np.float32)[:, None]
        x0, y0 = left.astype(np.intp) % width, top.astype(np.intp) % height
        x1, y1 = (x0 + 1) % width, (y0 + 1) % height
        texels = self._texels
        upper = texels[start + y0 * width + x0] * (1 - along) + texels[start + y0 * width + x1] * along
        lower = texels[start + y1 * width + x0] * (1 - along) + texels[start + y1 * width + x1] * along
        return np.asarray(upper * (1 - down) + lower * down, dtype=np.float32)
