"""A table as full as it gets: twenty things that share colours and shapes, beside a bowl."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.fixtures import BOWL_RADIUS, Fixture
from hybridctl.sim.palette import COLOURS, shifted
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.table_scene import WORK_AREA, sample_scene
from hybridctl.sim.things import SHAPES, ObjectSpec

THINGS = 20
SPACING = 0.0675
"""Least distance of two centres: blocks of 47 mm, corner to corner, just do not touch [m]."""
ROOM_FOR_FINGERS = 0.086
"""Least distance of a thing that the hand takes from any other [m]."""
_SWEEPS = 400


def crowded_scene(seed: int, *, graspable: int = 0) -> SceneSpec:
    """Sample twenty things of different names, close to each other; lamp, table and bowl as in the main job.

    Args:
        seed: Any non-negative integer.
        graspable: How many things, the first ones, have room for the fingers.
    """
    rng = np.random.default_rng((seed, 5))
    look = sample_scene(seed)
    kinds = [(colour, shape) for colour in COLOURS for shape in SHAPES]
    chosen = [kinds[i] for i in rng.permutation(len(kinds))[:THINGS]]
    bowl = next(f for f in look.fixtures if f.kind == "bowl")
    side = float(rng.choice((-1.0, 1.0)))
    bowl = replace(bowl, x=float(rng.uniform(0.44, 0.62)), y=side * WORK_AREA[1][1])
    places = _places(rng, bowl, graspable)
    objects = tuple(_thing(rng, kind, place) for kind, place in zip(chosen, places, strict=True))
    return replace(look, objects=objects, fixtures=(bowl,))


def _places(rng: np.random.Generator, bowl: Fixture, graspable: int) -> FloatArray:
    """Return where the things stand, shape (THINGS, 2) [m]: strewn at random, then pushed apart."""
    low, high = (np.array(corner) for corner in zip(*WORK_AREA, strict=True))
    room = np.full((THINGS, THINGS), SPACING)
    room[:graspable] = room[:, :graspable] = ROOM_FOR_FINGERS
    away = BOWL_RADIUS + SPACING / 2
    for _ in range(50):
        places = rng.uniform(low, high, (THINGS, 2))
        for _ in range(_SWEEPS):
            gaps = places[:, None] - places
            distances = np.hypot(gaps[..., 0], gaps[..., 1]) + np.eye(THINGS)
            short = np.clip(room - distances, 0.0, None) * (1 - np.eye(THINGS))
            from_bowl = places - (bowl.x, bowl.y)
            distance = np.hypot(from_bowl[:, 0], from_bowl[:, 1])[:, None]
            near = np.clip(away - distance, 0.0, None)
            if short.max() < 1e-4 and near.max() < 1e-4:
                return places
            places = places + 0.3 * (gaps * (short / distances)[..., None]).sum(axis=1)
            places = np.clip(places + from_bowl / distance * near, low, high)
    raise SceneError(f"{THINGS} things, {graspable} of them with room for fingers, found no places")


def _thing(rng: np.random.Generator, kind: tuple[str, str], place: FloatArray) -> ObjectSpec:
    """Return a thing with the sizes of the main job's."""
    colour, shape = kind
    size = float(rng.uniform(0.040, 0.047))
    return ObjectSpec(
        shape=shape, colour=colour, size=size,
        height=float(rng.uniform(0.040, 0.047)) if shape == "cylinder" else size,
        x=float(place[0]), y=float(place[1]),
        yaw=float(rng.uniform(-np.pi / 4, np.pi / 4)) if shape == "block" else 0.0,
        rgb=shifted(rng, COLOURS[colour]),
    )  # fmt: skip
