"""Samples loose things of a split: what they are, their colour and size, not yet where they stand."""

from __future__ import annotations

import math

import numpy as np

from hybridctl.sim.palette import ALL_COLOURS, COLOURS, UNSEEN_COLOURS, Rgb, shifted
from hybridctl.sim.splits import Split
from hybridctl.sim.things import (
    CAN_DIAMETER,
    CAN_HEIGHT,
    CUP_HEIGHT,
    CUP_RADIUS,
    FRUITS,
    PEG_DIAMETER,
    PEG_HEIGHT,
    SHAPES,
    SIZES,
    UNSEEN_SHAPES,
    ObjectSpec,
    fruit_colour_word,
)


def palette_of(split: Split) -> dict[str, Rgb]:
    """Return the colour words of a split."""
    return UNSEEN_COLOURS if split.variation == "unseen-objects" else COLOURS


def sample_thing(
    rng: np.random.Generator, split: Split, shape: str | None, colour: str | None, size: float | None
) -> ObjectSpec:
    """Return a thing without a place; what is None is drawn.

    Args:
        rng: What is drawn from.
        split: Its shapes and colours.
        shape: A shape, fruit, `can`, `peg` or `cup`; seen shapes give way to unseen ones in such a split.
        colour: Its colour word.
        size: Its size [m].
    """
    unseen = split.variation == "unseen-objects"
    if shape is None or (unseen and shape in SHAPES):
        shape = str(rng.choice(UNSEEN_SHAPES if unseen else SHAPES))
    if shape in FRUITS:
        kind, rgb = FRUITS[shape]
        size = float(rng.uniform(*SIZES[kind])) if size is None else size
        height = size * {"pear": 1.22, "strawberry": 1.2}.get(shape, 1.0)
        yaw = float(rng.uniform(-0.7, 0.7))
        word = fruit_colour_word(shape)
        return ObjectSpec(shape, word, size, height, 0, 0, yaw, shifted(rng, rgb), label=shape)
    palette = palette_of(split)
    colour = str(rng.choice(sorted(palette))) if colour is None else colour
    rgb = shifted(rng, ALL_COLOURS[colour])
    yaw = float(rng.uniform(-math.pi / 4, math.pi / 4))
    if shape == "cup":
        yaw = float(rng.uniform(-math.pi, math.pi))
        return ObjectSpec("cup", colour, 2 * CUP_RADIUS, CUP_HEIGHT, 0, 0, yaw, rgb, label="cup")
    if shape == "can":
        return ObjectSpec("can", colour, CAN_DIAMETER, CAN_HEIGHT, 0, 0, 0.0, rgb, label="soda can")
    if shape == "peg":
        return ObjectSpec("peg", colour, PEG_DIAMETER, PEG_HEIGHT, 0, 0, 0.0, rgb, label="peg")
    narrow = shape in ("bar", "cross", "dumbbell")
    low, high = (0.026, 0.030) if narrow else (0.040, 0.047)
    size = float(rng.uniform(low, high)) if size is None else size
    height = float(rng.uniform(0.040, 0.047)) if shape in ("cylinder", "pyramid") else size
    yaw = 0.0 if shape in ("ball", "cylinder") else yaw
    return ObjectSpec(shape, colour, size, height, 0, 0, yaw, rgb)
