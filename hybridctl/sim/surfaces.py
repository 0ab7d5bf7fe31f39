"""Patterns of table tops and floors, computed from noise and arithmetic; each tiles without a seam."""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arrays import FloatArray

SEEN_SURFACES = ("plain", "wood", "speckle")
"""Surfaces that training scenes may show."""
UNSEEN_SURFACES = ("checker", "stripes", "gingham", "marble", "newspaper")
"""Surfaces kept out of training, to ask later how a policy takes an unknown background."""
SURFACES = SEEN_SURFACES + UNSEEN_SURFACES
TEXTURE_SIZE = 256
"""Edge of a tile [px]."""

_TILE_EDGE = {
    "wood": 0.48, "speckle": 0.36, "checker": 0.16, "stripes": 0.12, "gingham": 0.12, "marble": 0.60,
    "newspaper": 0.48,
}  # fmt: skip
"""Edge of a tile on the table [m]."""


def surface_texture(name: str) -> NDArray[np.uint8]:
    """Return one tile of a surface, shape (256, 256, 3), white where the tint is to show in full.

    Raises:
        ValueError: `name` is not one of SURFACES.
    """
    _check(name)
    grey = np.ones((TEXTURE_SIZE, TEXTURE_SIZE)) if name == "plain" else _PATTERNS[name]()
    return np.repeat(np.round(255 * np.clip(grey, 0.0, 1.0)).astype(np.uint8)[..., None], 3, axis=2)


def add_surface_materials(spec: mujoco.MjSpec) -> None:
    """Add a texture and a material `surface_<name>` for each surface but `plain`; call it once.

    The patterns are grey: the `geom_rgba` of the geom that shows one is its lightest colour. MuJoCo takes the
    material's own white instead where `geom_rgba` is exactly (0.5, 0.5, 0.5, 1), its default.
    """
    for name, edge in _TILE_EDGE.items():
        texture = spec.add_texture(
            name=f"surface_{name}", type=mujoco.mjtTexture.mjTEXTURE_2D, nchannel=3,
            width=TEXTURE_SIZE, height=TEXTURE_SIZE,
        )  # fmt: skip
        texture.data = surface_texture(name).tobytes()
        # MuJoCo counts uniform repeats in tiles per two metres.
        material = spec.add_material(
            name=f"surface_{name}", texuniform=True, texrepeat=[2 / edge, 2 / edge], specular=0.0
        )
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"surface_{name}"


def surface_material(model: mujoco.MjModel, name: str) -> int:
    """Return what to write into `model.geom_matid` for a geom to show surface `name` (-1 for `plain`).

    Raises:
        ValueError: `name` is not one of SURFACES.
    """
    _check(name)
    return -1 if name == "plain" else int(model.material(f"surface_{name}").id)


def _check(name: str) -> None:
    if name not in SURFACES:
        raise ValueError(f"surface is {name!r}, expected one of {', '.join(SURFACES)}")


def _wood() -> FloatArray:
    """Four planks, grain along the rows."""
    rng = np.random.default_rng(1)
    fine = _noise(rng, across=70, along=2.5)
    broad = _noise(rng, across=11, along=0.9)
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (1.6 * broad))
    plank = np.arange(TEXTURE_SIZE) // (TEXTURE_SIZE // 4)
    shade = np.array([0.0, -0.07, 0.03, -0.04])[plank][:, None]
    seam = (np.arange(TEXTURE_SIZE) % (TEXTURE_SIZE // 4) < 2)[:, None]
    return np.where(seam, 0.62, 0.90 + shade + 0.035 * fine - 0.10 * rings)


def _speckle() -> FloatArray:
    """Granite: grains of two sizes, dark and light."""
    rng = np.random.default_rng(2)
    grains = _noise(rng, across=90, along=90)
    flecks = _noise(rng, across=45, along=45)
    grey = 0.90 + 0.035 * grains
    grey = np.where(flecks > 1.7, 0.70, grey)
    return np.where(flecks < -1.9, 0.99, grey)


def _checker() -> FloatArray:
    """Two by two squares."""
    half = np.arange(TEXTURE_SIZE) // (TEXTURE_SIZE // 2)
    return np.where((half[:, None] + half[None, :]) % 2 == 0, 1.0, 0.45)


def _stripes() -> FloatArray:
    """Cloth with a broad and a thin stripe."""
    x = np.arange(TEXTURE_SIZE) / TEXTURE_SIZE
    row = np.where(x < 0.40, 0.50, np.where((x > 0.66) & (x < 0.74), 0.70, 1.0))
    return np.broadcast_to(row, (TEXTURE_SIZE, TEXTURE_SIZE))


def _gingham() -> FloatArray:
    """Two by two woven bands: dark where both bands cross, half dark where one runs."""
    band = np.where(np.arange(TEXTURE_SIZE) % (TEXTURE_SIZE // 2) < TEXTURE_SIZE // 4, 1.0, 0.0)
    return 1.0 - 0.30 * (band[:, None] + band[None, :])


def _marble() -> FloatArray:
    """Veins where slow noise crosses zero, of two widths."""
    rng = np.random.default_rng(3)
    cloud = _noise(rng, across=3, along=3)
    veins = np.abs(_noise(rng, across=3.5, along=2.5) + 0.25 * _noise(rng, across=14, along=14))
    hair = np.abs(_noise(rng, across=7, along=5) + 0.2 * _noise(rng, across=25, along=25))
    return 0.94 + 0.03 * cloud - 0.50 * np.exp(-((veins / 0.10) ** 2)) - 0.22 * np.exp(-((hair / 0.06) ** 2))


def _newspaper() -> FloatArray:
    """Columns of lines of words, a headline over each pair, and two pictures."""
    rng = np.random.default_rng(4)
    page = np.full((TEXTURE_SIZE, TEXTURE_SIZE), 0.96)
    width = TEXTURE_SIZE // 4
    for column in range(4):
        left, right = column * width + 3, (column + 1) * width - 3
        for top in range(4, TEXTURE_SIZE - 3, 4):
            x = left
            while x < right:
                word = int(rng.integers(3, 11))
                page[top : top + 2, x : min(x + word, right)] = rng.uniform(0.25, 0.45)
                x += word + 2
    for left, top in ((0, 0), (2 * width, TEXTURE_SIZE // 2)):
        page[top : top + 22, left : left + 2 * width] = 0.96
        x = left + 4
        while x < left + 2 * width - 16:
            word = int(rng.integers(14, 34))
            page[top + 5 : top + 17, x : min(x + word, left + 2 * width - 5)] = 0.18
            x += word + 6
    for left, top in ((3, 150), (3 * width + 3, 52)):
        picture = 0.5 + 0.16 * _noise(rng, across=12, along=12)
        page[top : top + 48, left : left + width - 6] = picture[:48, : width - 6]
    return page


_PATTERNS: dict[str, Callable[[], FloatArray]] = {
    "wood": _wood, "speckle": _speckle, "checker": _checker, "stripes": _stripes, "gingham": _gingham,
    "marble": _marble, "newspaper": _newspaper,
}  # fmt: skip


def _noise(rng: np.random.Generator, *, across: float, along: float) -> FloatArray:
    """Return periodic noise of mean 0 and variance 1, with about that many waves a tile down and along it."""
    down = np.fft.fftfreq(TEXTURE_SIZE, 1 / TEXTURE_SIZE)[:, None] / across
    right = np.fft.fftfreq(TEXTURE_SIZE, 1 / TEXTURE_SIZE)[None, :] / along
    spectrum = np.fft.fft2(rng.standard_normal((TEXTURE_SIZE, TEXTURE_SIZE)))
    noise = np.fft.ifft2(spectrum * np.exp(-(down**2 + right**2))).real
    return np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float64)
