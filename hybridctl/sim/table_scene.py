"""Samples the main job's scene: blocks, balls and cylinders about a bowl on a bare table."""

from __future__ import annotations

import numpy as np

from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.palette import BOWL_COLOURS, COLOURS, TABLE_COLOURS, shifted, triple
from hybridctl.sim.scene import Look, SceneError, SceneSpec
from hybridctl.sim.things import SHAPES, ObjectSpec

WORK_AREA = ((0.39, 0.67), (-0.21, 0.21))
"""Where object centres lie: x and y ranges in the base frame [m]."""
OBJECT_SPACING = 0.090
BOWL_SPACING = 0.135
MAX_OBJECTS = 6

CAMERA_POSITION = (0.86, 0.0, 0.72)
CAMERA_LOOK_AT = (0.525, 0.0, 0.0)


def sample_scene(seed: int, *, target: tuple[str, str] | None = None) -> SceneSpec:
    """Sample a scene; the same seed and target give the same scene.

    Besides the target there always stand another object of its shape and another of its colour, so that
    neither word alone finds it.

    Args:
        seed: Any non-negative integer.
        target: (colour, shape) of the target; sampled when None.

    Raises:
        SceneError: the colour or the shape is not known.
    """
    rng = np.random.default_rng(seed)
    colour = str(rng.choice(list(COLOURS)))
    shape = str(rng.choice(SHAPES))
    if target is not None:
        colour, shape = target
        if colour not in COLOURS or shape not in SHAPES:
            raise SceneError(
                f"no object is a {colour!r} {shape!r}: colours are {', '.join(COLOURS)}; "
                f"shapes are {', '.join(SHAPES)}"
            )
    kinds = _sample_kinds(rng, (colour, shape))
    centres, bowl = _sample_layout(rng, len(kinds))
    objects = tuple(_sample_object(rng, kind, centre) for kind, centre in zip(kinds, centres, strict=True))
    light = (float(rng.uniform(-0.3, 1.3)), float(rng.uniform(-1.0, 1.0)), float(rng.uniform(1.3, 2.2)))
    jitter = rng.uniform(-0.008, 0.008, size=(2, 3))
    bowl_rgb = shifted(rng, BOWL_COLOURS[rng.integers(len(BOWL_COLOURS))])
    look = Look(
        table_rgb=shifted(rng, TABLE_COLOURS[rng.integers(len(TABLE_COLOURS))], 0.06),
        light_position=light,
        light_diffuse=float(rng.uniform(0.45, 0.75)),
        ambient=float(rng.uniform(0.25, 0.45)),
        camera_position=triple(np.add(CAMERA_POSITION, jitter[0])),
        camera_look_at=triple(np.add(CAMERA_LOOK_AT, jitter[1] * (1, 1, 0))),
    )
    bowl_fixture = Fixture("bowl", *bowl, rgb=bowl_rgb)
    return SceneSpec(seed, objects, (bowl_fixture, *_sample_distractors(rng)), look)


def words_of(instruction: str) -> tuple[str, str] | None:
    """Return the (colour, shape) that an instruction's words name, so that a scene can hold it."""
    words = instruction.lower().replace(",", " ").replace(".", " ").split()
    colours = [word for word in words if word in COLOURS]
    shapes = [word for word in words if word in SHAPES]
    return (colours[0], shapes[0]) if colours and shapes else None


def _sample_kinds(rng: np.random.Generator, target: tuple[str, str]) -> list[tuple[str, str]]:
    colour, shape = target
    others = [c for c in COLOURS if c != colour]
    kinds = [target, (str(rng.choice(others)), shape)]
    kinds.append((colour, str(rng.choice([s for s in SHAPES if s != shape]))))
    everything = [(c, s) for c in COLOURS for s in SHAPES]
    count = int(rng.integers(4, MAX_OBJECTS + 1))
    while len(kinds) < count:
        kind = everything[rng.integers(len(everything))]
        if kind not in kinds:
            kinds.append(kind)
    return kinds


def _sample_layout(
    rng: np.random.Generator, count: int
) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    (x0, x1), (y0, y1) = WORK_AREA
    while True:
        bowl = (float(rng.uniform(x0 + 0.03, x1 - 0.02)), float(rng.uniform(y0, y1)))
        centres: list[tuple[float, float]] = []
        for _ in range(60 * count):
            point = (float(rng.uniform(x0, x1)), float(rng.uniform(y0, y1)))
            clear = all(np.hypot(point[0] - x, point[1] - y) > OBJECT_SPACING for x, y in centres)
            if clear and np.hypot(point[0] - bowl[0], point[1] - bowl[1]) > BOWL_SPACING:
                centres.append(point)
                if len(centres) == count:
                    return centres, bowl


def _sample_object(
    rng: np.random.Generator, kind: tuple[str, str], centre: tuple[float, float]
) -> ObjectSpec:
    colour, shape = kind
    size = float(rng.uniform(0.040, 0.047))
    height = float(rng.uniform(0.040, 0.047)) if shape == "cylinder" else size
    yaw = float(rng.uniform(-np.pi / 4, np.pi / 4)) if shape == "block" else 0.0
    return ObjectSpec(
        shape=shape,
        colour=colour,
        size=size,
        height=height,
        x=centre[0],
        y=centre[1],
        yaw=yaw,
        rgb=shifted(rng, COLOURS[colour]),
    )


def _sample_distractors(rng: np.random.Generator) -> tuple[Fixture, ...]:
    """Flat things beside the work area, partly in view."""
    found = []
    for kind in ("plate", "book"):
        if rng.random() < 0.5:
            side = rng.choice((-1.0, 1.0))
            found.append(
                Fixture(
                    kind,
                    x=float(rng.uniform(0.36, 0.72)),
                    y=float(side * rng.uniform(0.31, 0.36)),
                    yaw=float(rng.uniform(-np.pi, np.pi)),
                    rgb=triple(rng.uniform(0.2, 0.95, size=3)),
                )
            )
    return tuple(found)
