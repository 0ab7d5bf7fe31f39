"""What a scene is made of, and how one is sampled from a seed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.83, 0.09, 0.08),
    "orange": (0.95, 0.48, 0.05),
    "yellow": (0.93, 0.84, 0.12),
    "green": (0.12, 0.60, 0.16),
    "cyan": (0.15, 0.78, 0.80),
    "blue": (0.10, 0.22, 0.80),
    "purple": (0.46, 0.13, 0.66),
    "pink": (0.95, 0.50, 0.70),
}
"""The eight colour words with their sRGB values (each scene shifts them a little)."""

SHAPES = ("block", "ball", "cylinder")
TABLE_COLOURS = (
    (0.62, 0.48, 0.35), (0.75, 0.66, 0.54), (0.55, 0.55, 0.57), (0.80, 0.80, 0.78), (0.33, 0.30, 0.29),
    (0.45, 0.50, 0.47),
)  # fmt: skip
BOWL_COLOURS = ((0.92, 0.91, 0.88), (0.55, 0.38, 0.24), (0.40, 0.42, 0.45), (0.72, 0.62, 0.50))

WORK_AREA = ((0.39, 0.67), (-0.21, 0.21))
"""Where object centres lie: x and y ranges in the base frame [m]."""
OBJECT_SPACING = 0.090
BOWL_SPACING = 0.135
BOWL_RADIUS = 0.075
BOWL_HEIGHT = 0.040
BOWL_FLOOR = 0.006
BOWL_WALL = 0.006
MAX_OBJECTS = 6

CAMERA_POSITION = (0.86, 0.0, 0.72)
CAMERA_LOOK_AT = (0.525, 0.0, 0.0)
CAMERA_FOVY_DEG = 38.0


@dataclass(frozen=True)
class ObjectSpec:
    """One thing on the table.

    Attributes:
        shape: One of SHAPES.
        colour: One of COLOURS.
        size: Edge of a block, diameter of a ball or cylinder [m].
        height: Height when standing [m].
        x, y: Centre in the base frame [m].
        yaw: Rotation about the vertical [rad].
        rgb: The colour as rendered.
        z: Height of the centre above the table [m]; None when it stands on it.
    """

    shape: str
    colour: str
    size: float
    height: float
    x: float
    y: float
    yaw: float
    rgb: tuple[float, float, float]
    z: float | None = None

    @property
    def phrase(self) -> str:
        """How people name it, `red block`."""
        return f"{self.colour} {self.shape}"

    @property
    def centre_z(self) -> float:
        """Height of its centre above the table top [m]."""
        return self.height / 2 if self.z is None else self.z


@dataclass(frozen=True)
class Distractor:
    """A flat thing that no instruction names: a plate (round) or a book (rectangular)."""

    kind: str
    x: float
    y: float
    yaw: float
    rgb: tuple[float, float, float]


@dataclass(frozen=True)
class SceneSpec:
    """All that a scene's look and layout are made of; the first object is the target."""

    seed: int
    objects: tuple[ObjectSpec, ...]
    bowl_xy: tuple[float, float]
    bowl_rgb: tuple[float, float, float]
    table_rgb: tuple[float, float, float]
    light_position: tuple[float, float, float]
    light_diffuse: float
    ambient: float
    camera_position: tuple[float, float, float]
    camera_look_at: tuple[float, float, float]
    distractors: tuple[Distractor, ...] = field(default=())

    @property
    def target(self) -> ObjectSpec:
        """The object that the task is about."""
        return self.objects[0]


class SceneError(ValueError):
    """A scene was asked for that cannot be made."""


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
    return SceneSpec(
        seed=seed,
        objects=objects,
        bowl_xy=bowl,
        bowl_rgb=_shifted(rng, BOWL_COLOURS[rng.integers(len(BOWL_COLOURS))]),
        table_rgb=_shifted(rng, TABLE_COLOURS[rng.integers(len(TABLE_COLOURS))], 0.06),
        light_position=light,
        light_diffuse=float(rng.uniform(0.45, 0.75)),
        ambient=float(rng.uniform(0.25, 0.45)),
        camera_position=_triple(np.add(CAMERA_POSITION, jitter[0])),
        camera_look_at=_triple(np.add(CAMERA_LOOK_AT, jitter[1] * (1, 1, 0))),
        distractors=_sample_distractors(rng),
    )


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
        rgb=_shifted(rng, COLOURS[colour]),
    )


def _sample_distractors(rng: np.random.Generator) -> tuple[Distractor, ...]:
    """Flat things beside the work area, partly in view."""
    found = []
    for kind in ("plate", "book"):
        if rng.random() < 0.5:
            side = rng.choice((-1.0, 1.0))
            found.append(
                Distractor(
                    kind=kind,
                    x=float(rng.uniform(0.36, 0.72)),
                    y=float(side * rng.uniform(0.31, 0.36)),
                    yaw=float(rng.uniform(-np.pi, np.pi)),
                    rgb=_triple(rng.uniform(0.2, 0.95, size=3)),
                )
            )
    return tuple(found)


def _shifted(
    rng: np.random.Generator, rgb: tuple[float, float, float], by: float = 0.035
) -> tuple[float, float, float]:
    return _triple(np.clip(np.add(rgb, rng.uniform(-by, by, size=3)), 0.0, 1.0))


def _triple(values: np.ndarray) -> tuple[float, float, float]:
    return (float(values[0]), float(values[1]), float(values[2]))
