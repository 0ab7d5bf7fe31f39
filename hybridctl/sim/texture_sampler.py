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

    Like MuJoCo's renderer it reads a texture's data once: later changes of `tex_data` are not seen.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._pyramids: dict[int, _Pyramid] = {}

    def sample(
        self, data: mujoco.MjData, hits: RayHits
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
        """Yield for each textured face in view its pixels, shape (k,), and their texels in 0…1, (k, 3).

        Boxes and planes are textured; other shapes show their tint alone.
        """
        textures = self._textures_of_geoms()
        if not (textures >= 0).any():
            return
        seen = np.bincount(hits.geom + 1, minlength=self._model.ngeom + 1)[1:] > 0
        for geom in np.flatnonzero(seen & (textures >= 0)):
            pixels = np.flatnonzero(hits.geom == geom)
            pyramid = self._pyramid(int(textures[geom]))
            for face, in_face in self._faces(data, int(geom), hits.normal[pixels]):
                coordinates, footprint = self._lay(data, int(geom), face, hits, pixels[in_face])
                yield pixels[in_face], pyramid.sample(coordinates, footprint)

    def _textures_of_geoms(self) -> NDArray[np.intp]:
        """Return each geom's texture, shape (ngeom,), -1 for none."""
        model = self._model
        found = np.full(model.ngeom, -1, np.intp)
        if model.nmat == 0:
            return found
        shaped = np.isin(model.geom_type, (_BOX, _PLANE)) & (model.geom_matid >= 0)
        textures = model.mat_texid.reshape(model.nmat, -1)[:, int(mujoco.mjtTextureRole.mjTEXROLE_RGB)]
        flat = (textures >= 0) & (model.tex_type[textures] == int(mujoco.mjtTexture.mjTEXTURE_2D))
        found[shaped] = np.where(flat, textures, -1)[model.geom_matid[shaped]]
        return found

    def _faces(
        self, data: mujoco.MjData, geom: int, normals: FloatArray
    ) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """Yield the axis that a face is normal to, and which of the pixels show it or the face opposite."""
        if self._model.geom_type[geom] == _PLANE:
            yield 2, np.arange(len(normals))
            return
        axis = np.argmax(np.abs(normals @ data.geom_xmat[geom].reshape(3, 3)), axis=1)
        for face in range(3):
            in_face = np.flatnonzero(axis == face)
            if in_face.size:
                yield face, in_face

    def _lay(
        self, data: mujoco.MjData, geom: int, face: int, hits: RayHits, pixels: NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """Return texture coordinates, shape (2, k) [tiles], and how they change by a pixel, (2, 2, k).

        The footprint's first axis is the picture's (right, down), its second the texture's (s, t).
        """
        R = data.geom_xmat[geom].reshape(3, 3)
        axes = _FACE_AXES[face]
        scale, offset = self._scale_and_offset(geom, axes)
        direction = hits.direction[pixels]
        depth = hits.distance[pixels] * (direction @ hits.forward) / hits.focal
        direction = (direction @ R).T
        eye = (hits.eye - data.geom_xpos[geom]) @ R
        coordinates = scale * (eye[axes, None] + hits.distance[pixels] * direction[axes]) + offset
        # A ray turned by one pixel meets the face's plane elsewhere: the step along the picture's axis,
        # less what brings it back to the plane along the ray.
        back = direction[axes] / direction[face]
        steps = [axis[axes, None] - axis[face] * back for axis in (hits.right @ R, hits.down @ R)]
        return coordinates, scale * depth * np.stack(steps)

    def _scale_and_offset(self, geom: int, axes: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """Return what turns face coordinates [m] into tiles: factors and offsets, shape (2, 1).

        MuJoCo 4 lays a texture from a face's left upper corner, with `texrepeat` tiles across the face, or,
        where `texuniform`, across two metres (along a box's upright faces it counts by the box's own x and y
        even there). Planes without end have it at their origin.
        """
        model = self._model
        size, material = model.geom_size[geom], model.geom_matid[geom]
        repeat = np.where(model.mat_texrepeat[material] > 0, model.mat_texrepeat[material], 1.0)
        if model.mat_texuniform[material]:
            repeat = repeat * np.where(size[:2] > 0, size[:2], 1.0)
        finite = size[axes] > 0
        scale = 0.5 * repeat / np.where(finite, size[axes], 1.0)
        offset = np.where(finite, 0.5 * repeat, 0.0)
        if model.geom_type[geom] == _PLANE and (size[:2] <= 0).any():
            offset = offset - 0.5
        return (scale * (1.0, -1.0))[:, None], offset[:, None]

    def _pyramid(self, texture: int) -> _Pyramid:
        if texture not in self._pyramids:
            model = self._model
            height, width = int(model.tex_height[texture]), int(model.tex_width[texture])
            channels, start = int(model.tex_nchannel[texture]), int(model.tex_adr[texture])
            texels = model.tex_data[start : start + height * width * channels]
            self._pyramids[texture] = _Pyramid(texels.reshape(height, width, channels)[..., :3])
        return self._pyramids[texture]


class _Pyramid:
    """A texture at full, half, quarter, … resolution, so that a far one is averaged and does not flicker.

    All levels lie in one array, each with a border that repeats its opposite edge.
    """

    def __init__(self, texels: NDArray[np.uint8]) -> None:
        level = texels.astype(np.float32) / 255.0
        levels = [level]
        while level.shape[0] % 2 == 0 or level.shape[1] % 2 == 0:
            down, right = (2 if edge % 2 == 0 else 1 for edge in level.shape[:2])
            level = level.reshape(level.shape[0] // down, down, level.shape[1] // right, right, 3).mean(
                axis=(1, 3)
            )
            levels.append(level)
        self._height = np.array([level.shape[0] for level in levels], np.int32)
        self._width = np.array([level.shape[1] for level in levels], np.int32)
        area = (self._height + 2) * (self._width + 2)
        self._start = np.concatenate([[0], np.cumsum(area)[:-1]]).astype(np.int32)
        bordered = [np.pad(level, ((1, 1), (1, 1), (0, 0)), mode="wrap") for level in levels]
        self._texels = np.concatenate([level.reshape(-1, 3) for level in bordered])

    def sample(self, coordinates: FloatArray, footprint: FloatArray) -> NDArray[np.float32]:
        """Return the texels at coordinates (2, k) for a footprint (2, 2, k), trilinear, shape (k, 3)."""
        in_tile = (coordinates - np.floor(coordinates)).astype(np.float32)
        texels_a_pixel = footprint * np.array([[self._width[0]], [self._height[0]]])
        longest = np.max(np.sum(texels_a_pixel**2, axis=1), axis=0)
        coarsest = len(self._start) - 1
        coarseness = np.clip(0.5 * np.log2(np.maximum(longest, 1e-12)), 0.0, coarsest).astype(np.float32)
        level = coarseness.astype(np.int32)
        between = (coarseness - level)[:, None]
        fine = self._bilinear(in_tile, level)
        coarse = self._bilinear(in_tile, np.minimum(level + 1, coarsest))
        return np.asarray(fine + between * (coarse - fine), dtype=np.float32)

    def _bilinear(self, in_tile: NDArray[np.float32], level: NDArray[np.int32]) -> NDArray[np.float32]:
        width, height = self._width[level], self._height[level]
        x, y = in_tile[0] * width + np.float32(0.5), in_tile[1] * height + np.float32(0.5)
        left, top = x.astype(np.int32), y.astype(np.int32)
        along, down = (x - left).astype(np.float32)[:, None], (y - top).astype(np.float32)[:, None]
        row = width + 2
        corner = self._start[level] + top * row + left
        texels = self._texels
        upper, lower = texels.take(corner, axis=0), texels.take(corner + row, axis=0)
        upper += along * (texels.take(corner + 1, axis=0) - upper)
        lower += along * (texels.take(corner + row + 1, axis=0) - lower)
        return np.asarray(upper + down * (lower - upper), dtype=np.float32)
