"""Pictures by ray casting: needs no graphics library at all."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.texture_sampler import RayHits, TextureSampler
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import PARKED_GROUP

_DEFAULT_RGBA = np.array([0.5, 0.5, 0.5, 1.0])
_SEEN_GROUPS = np.array([group != PARKED_GROUP for group in range(mujoco.mjNGROUP)], np.uint8)


class RayRenderer:
    """One ray a pixel by `mj_multiRay`, lit by the scene's lamp; boxes and planes show their textures."""

    name = "ray"

    def __init__(self, world: SimWorld, *, height: int, width: int) -> None:
        self.height, self.width = height, width
        self._world = world
        self._textures = TextureSampler(world.model)
        v, u = np.mgrid[0:height, 0:width]
        self._u, self._v = u.ravel() + 0.5 - width / 2, v.ravel() + 0.5 - height / 2
        self._rays_by_focal: dict[float, FloatArray] = {}
        n = height * width
        self._geom, self._dist, self._normal = np.zeros(n, np.int32), np.zeros(n), np.zeros(3 * n)

    def rgb(self, camera: str) -> NDArray[np.uint8]:
        """Return the colour image, shape (H, W, 3): Lambert shading by the lamp and a headlight."""
        return self._shade(camera, self._cast(camera))

    def depth(self, camera: str) -> FloatArray:
        """Return distances along the optical axis, shape (H, W) [m]; 0 where nothing was hit."""
        return self._measure(camera, self._cast(camera))

    def rgbd(self, camera: str) -> tuple[NDArray[np.uint8], FloatArray]:
        """Return `rgb` and `depth` of the same instant, from the same rays."""
        directions = self._cast(camera)
        return self._shade(camera, directions), self._measure(camera, directions)

    def close(self) -> None:
        """Nothing to free."""

    def _cast(self, camera: str) -> FloatArray:
        """Cast all rays; return their directions, shape (H·W, 3)."""
        model, data = self._world.model, self._world.data
        R = data.camera(camera).xmat.reshape(3, 3)
        rays = self._camera_rays(self._focal(camera)) @ R.T
        # mj_ray asks the material whether a geom is seen, the picture asks the geom: take the material away.
        matid = model.geom_matid.copy()
        model.geom_matid[model.geom_rgba[:, 3] == 0.0] = -1
        try:
            mujoco.mj_multiRay(
                model, data, data.camera(camera).xpos, rays.ravel(), _SEEN_GROUPS, 1, -1, self._geom,
                self._dist, self._normal, self._geom.size, mujoco.mjMAXVAL,
            )  # fmt: skip
        finally:
            model.geom_matid[:] = matid
        return np.asarray(rays, dtype=np.float64)

    def _shade(self, camera: str, directions: FloatArray) -> NDArray[np.uint8]:
        model = self._world.model
        hit = self._geom >= 0
        normal = self._normal.reshape(-1, 3)
        lamp = model.light("lamp")
        toward_lamp = np.maximum(0.0, -(normal @ lamp.dir))
        toward_eye = np.maximum(0.0, -np.einsum("ij,ij->i", normal, directions))
        shade = (0.12 + lamp.ambient) + 0.25 * toward_eye[:, None] + lamp.diffuse * toward_lamp[:, None]
        colour = np.full((self._geom.size, 3), 0.66)
        colour[hit] = _tints(model)[self._geom[hit]] * shade[hit]
        R = self._world.data.camera(camera).xmat.reshape(3, 3)
        hits = RayHits(
            geom=self._geom, distance=self._dist, normal=normal, direction=directions,
            eye=self._world.data.camera(camera).xpos, right=R[:, 0], down=-R[:, 1], forward=-R[:, 2],
            focal=self._focal(camera),
        )  # fmt: skip
        for pixels, texels in self._textures.sample(self._world.data, hits):
            colour[pixels] *= texels
        return np.asarray(np.clip(colour * 255.0, 0, 255), dtype=np.uint8).reshape(self.height, self.width, 3)

    def _measure(self, camera: str, directions: FloatArray) -> FloatArray:
        forward = -self._world.data.camera(camera).xmat.reshape(3, 3)[:, 2]
        depth = np.where(self._geom >= 0, self._dist * (directions @ forward), 0.0)
        return depth.reshape(self.height, self.width)

    def _focal(self, camera: str) -> float:
        """Focal length [px]."""
        fovy = self._world.model.camera(camera).fovy[0]
        return float(self.height / 2 / np.tan(np.radians(fovy) / 2))

    def _camera_rays(self, focal: float) -> FloatArray:
        """Unit directions through all pixels in MuJoCo's camera frame, shape (H·W, 3)."""
        if focal not in self._rays_by_focal:
            rays = np.column_stack([self._u, -self._v, np.full_like(self._u, -focal)])
            self._rays_by_focal[focal] = rays / np.linalg.norm(rays, axis=1, keepdims=True)
        return self._rays_by_focal[focal]


def _tints(model: mujoco.MjModel) -> NDArray[np.float32]:
    """Return each geom's colour, shape (ngeom, 3): its material's where its own is the default."""
    tints = np.array(model.geom_rgba[:, :3])
    from_material = (model.geom_matid >= 0) & (model.geom_rgba == _DEFAULT_RGBA).all(axis=1)
    tints[from_material] = model.mat_rgba[model.geom_matid[from_material], :3]
    return tints
