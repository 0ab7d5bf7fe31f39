"""What loose things are made of: their parts for the physics, their names, and how a hand takes them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hybridctl.sim.palette import COLOURS, Rgb

SHAPES = ("block", "ball", "cylinder")
"""Named together with a colour, `red block`."""
UNSEEN_SHAPES = ("cross", "dumbbell", "pyramid", "egg", "bar")
"""Kept out of training scenes."""
FRUITS: dict[str, tuple[str, Rgb]] = {
    "strawberry": ("small", (0.85, 0.10, 0.14)),
    "plum": ("small", (0.36, 0.10, 0.34)),
    "lime": ("small", (0.45, 0.72, 0.16)),
    "apple": ("medium", (0.78, 0.12, 0.12)),
    "orange": ("medium", (0.96, 0.52, 0.08)),
    "lemon": ("medium", (0.95, 0.87, 0.20)),
    "pear": ("medium", (0.70, 0.76, 0.24)),
    "melon": ("large", (0.55, 0.72, 0.36)),
    "grapefruit": ("large", (0.94, 0.56, 0.36)),
    "mango": ("large", (0.90, 0.64, 0.16)),
}
"""Each fruit's class of size and its colour."""
SIZES: dict[str, tuple[float, float]] = {
    "small": (0.031, 0.035),
    "medium": (0.042, 0.047),
    "large": (0.055, 0.060),
}
"""Diameter of a fruit by its class [m]."""
CUP_RADIUS, CUP_HEIGHT, CUP_WALL, CUP_HANDLE = 0.036, 0.075, 0.004, 0.060
"""Outer radius, height, wall and the distance of the handle's bar from the axis (at +x) [m]."""
PEG_DIAMETER, PEG_HEIGHT = 0.030, 0.080
CAN_DIAMETER, CAN_HEIGHT = 0.050, 0.085
MAX_PARTS = 3
TALLEST_GRIP = 0.031
"""How far below a thing's top the fingers' middle can go before the palm touches it [m]."""
_STEM: Rgb = (0.33, 0.22, 0.12)
_LEAF: Rgb = (0.16, 0.46, 0.16)
_LID: Rgb = (0.75, 0.76, 0.78)


@dataclass(frozen=True)
class ObjectSpec:
    """One loose thing.

    Attributes:
        shape: What it is: one of SHAPES, UNSEEN_SHAPES, FRUITS, or `can`, `peg`, `cup`.
        colour: Its colour word.
        size: Edge of a block, diameter of a round thing, width across for a long one [m].
        height: Height when standing [m].
        x, y: Centre in the base frame [m].
        yaw: Rotation about the vertical [rad].
        rgb: The colour as rendered.
        z: Height of the centre above the table [m]; None when it stands on it.
        label: What people call it where that is not colour and shape, `apple`.
        velocity: What it starts with along x and y [m/s].
    """

    shape: str
    colour: str
    size: float
    height: float
    x: float
    y: float
    yaw: float
    rgb: Rgb
    z: float | None = None
    label: str = ""
    velocity: tuple[float, float] = (0.0, 0.0)

    @property
    def phrase(self) -> str:
        """How people name it, `red block`."""
        return self.label or f"{self.colour} {self.shape}"

    @property
    def centre_z(self) -> float:
        """Height of its centre above the table top [m]."""
        return self.height / 2 if self.z is None else self.z

    @property
    def is_fruit(self) -> bool:
        """Whether it is one of FRUITS."""
        return self.shape in FRUITS


@dataclass(frozen=True)
class Part:
    """One solid or visible piece of a thing, in a frame at the thing's centre.

    Attributes:
        kind: `box`, `sphere`, `cylinder`, `ellipsoid` or `capsule`, along z.
        size: Half sizes as MuJoCo has them [m].
        at: Its centre, shape (3,) [m].
        along_x: Whether it lies along x instead of z.
        rgb: Its colour where it differs from the thing's.
        solid: Whether it touches others and has mass.
    """

    kind: str
    size: tuple[float, float, float]
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)
    along_x: bool = False
    rgb: Rgb | None = None
    solid: bool = True


@dataclass(frozen=True)
class Grip:
    """How a parallel hand takes a thing from above.

    Attributes:
        width: Distance between the sides that the fingers touch [m].
        period: Turn about the vertical that leaves the grasp as good [rad]; 0 for a round thing.
        below_top: How far below its top the fingers' middle goes [m].
    """

    width: float
    period: float
    below_top: float


def parts_of(spec: ObjectSpec) -> tuple[Part, ...]:
    """Return the pieces of a thing, one to MAX_PARTS; a cup is built once and has none here."""
    half, tall = spec.size / 2, spec.height / 2
    if spec.shape == "block":
        return (Part("box", (half, half, half)),)
    if spec.shape in ("ball", "grapefruit", "plum"):
        return (Part("sphere", (half, 0.0, 0.0)),)
    if spec.shape in ("cylinder", "peg"):
        return (Part("cylinder", (half, tall, 0.0)),)
    if spec.shape == "can":
        lid = Part("cylinder", (0.85 * half, 0.001, 0.0), at=(0.0, 0.0, tall), rgb=_LID, solid=False)
        return (Part("cylinder", (half, tall, 0.0)), lid)
    if spec.shape in ("apple", "melon", "orange"):
        stem = Part(
            "cylinder", (0.06 * spec.size, 0.09 * spec.size, 0.0), at=(0.0, 0.0, 1.05 * half),
            rgb=_LEAF if spec.shape == "orange" else _STEM, solid=False,
        )  # fmt: skip
        return (Part("sphere", (half, 0.0, 0.0)), stem)
    if spec.shape in ("lemon", "lime", "mango"):
        return (Part("ellipsoid", (1.35 * half, half, half)),)
    if spec.shape == "egg":  # it lies: on its end it would not stay
        return (Part("ellipsoid", (1.3 * half, half, half)),)
    if spec.shape == "strawberry":
        cap = Part("cylinder", (0.7 * half, 0.0015, 0.0), at=(0.0, 0.0, 0.86 * tall), rgb=_LEAF, solid=False)
        # It is taller than wide: on a round end it would fall over.
        foot = Part("cylinder", (0.5 * half, 0.12 * tall, 0.0), at=(0.0, 0.0, -0.88 * tall))
        return (Part("ellipsoid", (half, half, tall)), foot, cap)
    if spec.shape == "pear":
        neck = Part("sphere", (0.62 * half, 0.0, 0.0), at=(0.0, 0.0, tall - 0.62 * half))
        # Its neck makes it top-heavy: without a foot it would fall over in the end.
        foot = Part("cylinder", (0.5 * half, 0.12 * tall, 0.0), at=(0.0, 0.0, -0.88 * tall))
        return (Part("sphere", (half, 0.0, 0.0), at=(0.0, 0.0, half - tall)), neck, foot)
    if spec.shape == "bar":
        return (Part("box", (1.5 * half, half, tall)),)
    if spec.shape == "cross":
        return (Part("box", (1.6 * half, half, tall)), Part("box", (half, 1.6 * half, tall)))
    if spec.shape == "dumbbell":
        ball = half
        rod = Part("capsule", (0.45 * half, 1.5 * half, 0.0), along_x=True)
        ends = (Part("sphere", (ball, 0, 0), at=(sign * 1.4 * half, 0.0, 0.0)) for sign in (-1, 1))
        return (rod, *ends)
    if spec.shape == "pyramid":
        third = spec.height / 6
        return tuple(
            Part("box", (half * share, half * share, third), at=(0.0, 0.0, (2 * i + 1) * third - tall))
            for i, share in enumerate((1.0, 0.75, 0.5))
        )
    raise ValueError(f"no parts are known of a {spec.shape!r}")


def grip_of(spec: ObjectSpec) -> Grip:
    """Return how to take a thing; a long one across its length, which lies along its x axis."""
    middle = min(spec.height / 2, 0.024)
    lowest = min(spec.height - 0.012, TALLEST_GRIP)
    if spec.shape in ("block", "pyramid"):
        # A pyramid is taken at its broad lowest step.
        return Grip(spec.size, math.pi / 2, middle if spec.shape == "block" else lowest)
    if spec.shape in ("lemon", "lime", "mango", "egg", "bar", "dumbbell"):
        return Grip(spec.size, math.pi, middle)
    if spec.shape == "cross":
        return Grip(1.6 * spec.size, math.pi / 2, middle)
    if spec.shape == "pear":
        return Grip(spec.size, 0.0, min(spec.height - 0.45 * spec.size, TALLEST_GRIP))
    if spec.shape == "cup":
        return Grip(CUP_WALL, 0.0, 0.018)
    return Grip(spec.size, 0.0, middle)


def volume_and_inertia(part: Part) -> tuple[float, np.ndarray]:
    """Return a part's volume [m³] and its principal second moments divided by density, shape (3,) [m⁵]."""
    a, b, c = part.size
    if part.kind == "box":
        volume = 8 * a * b * c
        moments = volume / 3 * np.array([b * b + c * c, a * a + c * c, a * a + b * b])
    elif part.kind in ("sphere", "ellipsoid"):
        a, b, c = (a, a, a) if part.kind == "sphere" else (a, b, c)
        volume = 4 / 3 * math.pi * a * b * c
        moments = volume / 5 * np.array([b * b + c * c, a * a + c * c, a * a + b * b])
    else:
        volume = 2 * math.pi * a * a * b
        across, along = volume * (a * a / 4 + b * b / 3), volume * a * a / 2
        if part.kind == "capsule":  # the two halves of a ball at its ends
            ball = 4 / 3 * math.pi * a**3
            volume += ball
            across += ball * (0.4 * a * a + b * b + 0.75 * a * b)
            along += ball * 0.4 * a * a
        moments = np.array([across, across, along])
    return volume, moments[[2, 1, 0]] if part.along_x else moments


def fruit_colour_word(name: str) -> str:
    """Return the colour word that is nearest to a fruit's colour."""
    rgb = FRUITS[name][1]
    return min(COLOURS, key=lambda word: float(np.sum(np.subtract(COLOURS[word], rgb) ** 2)))
