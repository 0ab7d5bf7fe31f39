"""Samples how a scene looks: table, floor, wall, light and where the scene camera stands."""

from __future__ import annotations

import numpy as np

from hybridctl.sim.palette import GREY, TABLE_COLOURS, UNSEEN_TABLE_COLOURS, Rgb, shifted, triple
from hybridctl.sim.scene import Look
from hybridctl.sim.splits import Split
from hybridctl.sim.surfaces import SEEN_SURFACES, UNSEEN_SURFACES

CAMERA_POSITION, CAMERA_LOOK_AT, CAMERA_FOVY = (0.98, 0.0, 0.86), (0.505, 0.0, 0.0), 47.0
"""The scene camera of the workshop: it sees the cabinet on either side, and what lies between [m, deg]."""
_FLOORS: tuple[Rgb, ...] = (GREY, (0.40, 0.36, 0.33), (0.52, 0.53, 0.52))
_ENVIRONMENTS: tuple[dict[str, Rgb], ...] = (
    {"floor": (0.62, 0.45, 0.30), "wall": (0.93, 0.90, 0.80), "pedestal": (0.30, 0.30, 0.32),
     "light": (1.0, 0.90, 0.74)},
    {"floor": (0.24, 0.33, 0.42), "wall": (0.74, 0.80, 0.86), "pedestal": (0.80, 0.80, 0.82),
     "light": (0.84, 0.93, 1.0)},
    {"floor": (0.36, 0.46, 0.36), "wall": (0.55, 0.30, 0.24), "pedestal": (0.16, 0.16, 0.17),
     "light": (1.0, 0.97, 0.90)},
)  # fmt: skip
"""A kitchen, an office and a shed: none is used in training."""


def sample_look(rng: np.random.Generator, split: Split) -> Look:
    """Return surroundings for a scene of `split`."""
    hard = split.level == "hard"
    far = split.variation == "unseen-environments"
    background = split.variation == "unseen-backgrounds"
    colours = UNSEEN_TABLE_COLOURS if background else TABLE_COLOURS
    surfaces = UNSEEN_SURFACES if background else ("plain", *SEEN_SURFACES)  # half of the seen ones are plain
    rooms = _ENVIRONMENTS[rng.integers(len(_ENVIRONMENTS))]
    jitter = rng.uniform(-1, 1, size=(2, 3)) * (0.03 if far else 0.012)
    tint = rng.uniform(0.96, 1.0, size=3)
    spread = 1.3 if hard else 0.9
    return Look(
        table_rgb=shifted(rng, colours[rng.integers(len(colours))], 0.06),
        light_position=(
            float(rng.uniform(-0.2, 1.2)), float(rng.uniform(-spread, spread)), float(rng.uniform(1.3, 2.2)),
        ),
        light_diffuse=float(rng.uniform(0.35, 0.85) if hard else rng.uniform(0.45, 0.75)),
        ambient=float(rng.uniform(0.18, 0.50) if hard else rng.uniform(0.25, 0.45)),
        camera_position=triple(np.add(CAMERA_POSITION, jitter[0])),
        camera_look_at=triple(np.add(CAMERA_LOOK_AT, jitter[1] * (1, 1, 0))),
        camera_fovy=CAMERA_FOVY,
        table_surface=str(rng.choice(surfaces)),
        floor_surface=str(rng.choice(UNSEEN_SURFACES)) if far else "plain",
        floor_rgb=rooms["floor"] if far else shifted(rng, _FLOORS[rng.integers(len(_FLOORS))]),
        pedestal_rgb=rooms["pedestal"] if far else None,
        wall_rgb=rooms["wall"] if far else None,
        light_rgb=rooms["light"] if far else triple(tint),
    )  # fmt: skip
