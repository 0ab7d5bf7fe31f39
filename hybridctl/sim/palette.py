"""Colour words and what they look like, those of training apart from those kept out of it."""

from __future__ import annotations

import numpy as np

Rgb = tuple[float, float, float]

COLOURS: dict[str, Rgb] = {
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
UNSEEN_COLOURS: dict[str, Rgb] = {
    "brown": (0.40, 0.23, 0.11),
    "olive": (0.45, 0.47, 0.12),
    "white": (0.95, 0.95, 0.94),
    "black": (0.07, 0.07, 0.08),
}
"""Kept out of training scenes."""
ALL_COLOURS = {**COLOURS, **UNSEEN_COLOURS}

TABLE_COLOURS: tuple[Rgb, ...] = (
    (0.62, 0.48, 0.35), (0.75, 0.66, 0.54), (0.55, 0.55, 0.57), (0.80, 0.80, 0.78), (0.33, 0.30, 0.29),
    (0.45, 0.50, 0.47),
)  # fmt: skip
UNSEEN_TABLE_COLOURS: tuple[Rgb, ...] = (
    (0.20, 0.28, 0.38), (0.52, 0.24, 0.20), (0.86, 0.80, 0.62), (0.16, 0.38, 0.22),
)  # fmt: skip
BOWL_COLOURS: tuple[Rgb, ...] = (
    (0.92, 0.91, 0.88), (0.55, 0.38, 0.24), (0.40, 0.42, 0.45), (0.72, 0.62, 0.50),
)  # fmt: skip
WOOD_COLOURS: tuple[Rgb, ...] = (
    (0.70, 0.55, 0.38),
    (0.50, 0.36, 0.24),
    (0.86, 0.84, 0.80),
    (0.38, 0.42, 0.48),
)
GREY: Rgb = (0.45, 0.46, 0.48)


def shifted(rng: np.random.Generator, rgb: Rgb, by: float = 0.035) -> Rgb:
    """Return the colour, each channel moved by up to `by`."""
    return triple(np.clip(np.add(rgb, rng.uniform(-by, by, size=3)), 0.0, 1.0))


def triple(values: np.ndarray) -> Rgb:
    """Return three numbers as plain floats."""
    return (float(values[0]), float(values[1]), float(values[2]))
