"""Simulator truth: only scoring (sim/tasks), training data and benches may import this (import-linter)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.scene import BOWL_HEIGHT, BOWL_RADIUS, BOWL_WALL
from hybridctl.sim.world import SimWorld


@dataclass(frozen=True)
class TrueObject:
    """Where an object really is."""

    phrase: str
    shape: str
    position: FloatArray
    yaw: float
    height: float
    speed: float


def true_objects(world: SimWorld) -> list[TrueObject]:
    """Return the objects of the scene as the physics has them."""
    found = []
    for i, spec in enumerate(world.scene.objects):
        body = world.data.body(f"object{i}")
        R = body.xmat.reshape(3, 3)
        found.append(
            TrueObject(
                phrase=spec.phrase,
                shape=spec.shape,
                position=np.array(body.xpos),
                yaw=float(np.arctan2(R[1, 0], R[0, 0])),
                height=spec.height,
                speed=float(np.linalg.norm(body.cvel[3:])),
            )
        )
    return found


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
