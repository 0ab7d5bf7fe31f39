"""Simulator truth: only scoring (sim/tasks), training data and benches may import this (import-linter)."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.fixtures import BOWL_HEIGHT, BOWL_RADIUS, BOWL_WALL, DRAWER_TRAVEL
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import ARM_PREFIX, PARKED_GROUP

_RAYS = 64
"""How many rays a side of the picture is measured by."""
FINGERS = tuple(f"{ARM_PREFIX}{side}_finger" for side in ("left", "right"))
_UPRIGHT = 0.8
"""Vertical share from which an axis counts as upright."""


@dataclass(frozen=True)
class TrueObject:
    """Where an object really is.

    Attributes:
        phrase: How people name it.
        shape: What it is.
        position: Its centre, shape (3,) [m].
        yaw: Turn about the vertical of its x axis, or of its y axis where that one is upright [rad].
        height: Its height when standing [m].
        speed: Of its centre [m/s].
        body: Its body's name in the world.
        spec: What the scene says of it.
        T_base_object: Its pose, shape (4, 4) [m].
    """

    phrase: str
    shape: str
    position: FloatArray
    yaw: float
    height: float
    speed: float
    body: str
    spec: ObjectSpec
    T_base_object: FloatArray


def true_objects(world: SimWorld) -> list[TrueObject]:
    """Return the objects of the scene as the physics has them."""
    scene = world.scene
    return [
        _true_object(world, body, spec) for body, spec in zip(scene.object_bodies, scene.objects, strict=True)
    ]


def _true_object(world: SimWorld, name: str, spec: ObjectSpec) -> TrueObject:
    T = true_pose(world, name)
    level = T[:2, 0] if abs(T[2, 0]) < _UPRIGHT else T[:2, 1]
    return TrueObject(
        phrase=spec.phrase,
        shape=spec.shape,
        position=T[:3, 3].copy(),
        yaw=float(np.arctan2(level[1], level[0])),
        height=spec.height,
        speed=float(np.linalg.norm(world.data.body(name).cvel[3:])),
        body=name,
        spec=spec,
        T_base_object=T,
    )


def true_pose(world: SimWorld, body: str) -> FloatArray:
    """Return a body's pose, shape (4, 4) [m]."""
    found = world.data.body(body)
    T = np.eye(4)
    T[:3, :3] = found.xmat.reshape(3, 3)
    T[:3, 3] = found.xpos
    return T


def true_tool(world: SimWorld) -> FloatArray:
    """Return the tool's pose, shape (4, 4) [m]."""
    site = world.data.site(f"{ARM_PREFIX}tool")
    T = np.eye(4)
    T[:3, :3] = site.xmat.reshape(3, 3)
    T[:3, 3] = site.xpos
    return T


def seen_share(world: SimWorld, body: str, *, camera: str) -> tuple[float, FloatArray]:
    """Return how much of a square picture a body takes up, less what is hidden by others, and where.

    Returns:
        The share, 0 to 1, and the middle of what is seen, shape (2,): right and down, the border being at 1.
    """
    model, data = world.model, world.data
    across = (2 * (np.arange(_RAYS) + 0.5) / _RAYS - 1.0).repeat(_RAYS).reshape(_RAYS, _RAYS)
    grid = np.stack([across.T, across], axis=-1).reshape(-1, 2)
    tangent = np.tan(np.radians(model.camera(camera).fovy[0]) / 2)
    rays = np.column_stack([tangent * grid[:, 0], -tangent * grid[:, 1], -np.ones(len(grid))])
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    view = data.camera(camera)
    geoms, distances = np.full(len(rays), -1, np.int32), np.zeros(len(rays))
    groups = np.array([group != PARKED_GROUP for group in range(mujoco.mjNGROUP)], np.uint8)
    mujoco.mj_multiRay(
        model, data, view.xpos, (rays @ view.xmat.reshape(3, 3).T).ravel(), groups, 1, -1, geoms, distances,
        None, len(rays), mujoco.mjMAXVAL,
    )  # fmt: skip
    hits = (geoms >= 0) & (model.geom_bodyid[geoms] == model.body(body).id)
    return float(hits.mean()), grid[hits].mean(axis=0) if hits.any() else np.full(2, np.inf)


def drawer_fraction(world: SimWorld) -> float:
    """Return how far the drawer is open, 0 to 1."""
    return float(world.data.joint("drawer").qpos[0]) / DRAWER_TRAVEL


def touching(world: SimWorld, body: str) -> set[str]:
    """Return the names of the bodies that a body touches."""
    model, data = world.model, world.data
    me = model.body(body).id
    found = set()
    for pair in model.geom_bodyid[data.contact.geom] if data.ncon else ():
        if me in pair:
            other = int(pair[0] if pair[1] == me else pair[1])
            found.add(mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_BODY, other))
    return found


def finger_contacts(world: SimWorld, body: str) -> list[tuple[str, FloatArray]]:
    """Return where the fingers touch a body: the name of its geom there and the point, shape (3,) [m]."""
    model, data = world.model, world.data
    me, fingers = model.body(body).id, [model.body(finger).id for finger in FINGERS]
    found = []
    for contact in data.contact:
        for mine, other in (contact.geom, contact.geom[::-1]):
            if model.geom_bodyid[mine] == me and model.geom_bodyid[other] in fingers:
                name = mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_GEOM, int(mine))
                found.append((name, np.array(contact.pos)))
    return found


def pinched(world: SimWorld, body: str) -> bool:
    """Return whether both fingers touch a body."""
    return set(FINGERS) <= touching(world, body)


def true_bowl(world: SimWorld) -> FloatArray:
    """Return the bowl's position on the table, shape (3,) [m]."""
    return np.array([*world.scene.bowl_xy, 0.0])


def in_bowl(world: SimWorld, position: FloatArray) -> bool:
    """Return whether an object's centre is inside the bowl: within the wall by 1.8 cm, below its rim.

    An object is 4 cm across or more, so one that leans on the wall from inside is within, and one that is
    balanced on the rim is not.
    """
    across = float(np.hypot(*(position[:2] - true_bowl(world)[:2])))
    return bool(across < BOWL_RADIUS - BOWL_WALL - 0.018 and position[2] < BOWL_HEIGHT)
