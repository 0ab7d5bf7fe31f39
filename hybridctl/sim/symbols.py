"""Cards that show a digit, a heart or a star: drawn here, and put on the table as thin boxes."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from hybridctl.sim.fixtures import CARD_HALF

SYMBOLS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "heart", "star")
TEXTURE_SIZE = 64
"""Edge of a symbol's texture [px]; a card covers about 14 px of a 128 px picture."""

_PAPER, _BORDER, _INK = (244, 243, 238), (96, 96, 100), (20, 22, 28)
_RED, _GOLD = (205, 22, 34), (236, 172, 16)
_STROKE = 0.145
_SUPERSAMPLING = 8

Point = tuple[float, float]
Stroke = list[Point]


def symbol_texture(name: str) -> NDArray[np.uint8]:
    """Return the picture of a card that shows symbol `name`, upright, shape (64, 64, 3).

    Raises:
        ValueError: `name` is not one of SYMBOLS.
    """
    _check(name)
    edge = TEXTURE_SIZE * _SUPERSAMPLING
    image = Image.new("RGB", (edge, edge), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, edge - 1, edge - 1), outline=_BORDER, width=round(0.03 * edge))
    if name == "heart":
        draw.polygon(_scaled(_heart(), edge), fill=_RED)
    elif name == "star":
        draw.polygon(_scaled(_star(0.43), edge), fill=_INK)
        draw.polygon(_scaled(_star(0.35), edge), fill=_GOLD)
    else:
        for stroke in _digit(int(name)):
            larger = [(0.5 + 1.15 * (x - 0.5), 0.5 + 1.15 * (y - 0.5)) for x, y in stroke]
            _draw_stroke(draw, _scaled(larger, edge), width=_STROKE * edge)
    return np.array(image.reduce(_SUPERSAMPLING), dtype=np.uint8)


def add_symbol_materials(spec: mujoco.MjSpec) -> None:
    """Add a texture and a material `symbol_<name>` for each of SYMBOLS; call it once, before compiling."""
    for name in SYMBOLS:
        texture = spec.add_texture(
            name=f"symbol_{name}", type=mujoco.mjtTexture.mjTEXTURE_2D, nchannel=3,
            width=TEXTURE_SIZE, height=TEXTURE_SIZE,
        )  # fmt: skip
        texture.data = symbol_texture(name).tobytes()
        material = spec.add_material(name=f"symbol_{name}", specular=0.0)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"symbol_{name}"


def add_card(
    body: mujoco.MjsBody, *, name: str, half: tuple[float, float, float] = (CARD_HALF, CARD_HALF, 0.0008)
) -> mujoco.MjsGeom:
    """Add a card lying on `body`'s origin, seen but never touched; it shows `0` until told otherwise.

    With the body's yaw at zero the symbol's top points along the body's −x and its right along +y, so that
    the scene camera, which looks from +x back to the robot, reads it upright. A world shows another symbol
    by `model.geom_matid[card] = symbol_material(model, name)`, and hides the card by an alpha of 0 in
    `model.geom_rgba[card]`; the other three entries tint it.

    Args:
        body: The body to put it on; the card's underside lies in the body's plane z = 0.
        name: Name of the geom.
        half: Half the card's edges along the body's x, y and z [m].
    """
    return body.add_geom(
        name=name, type=mujoco.mjtGeom.mjGEOM_BOX, size=[half[1], half[0], half[2]], pos=[0, 0, half[2]],
        # MuJoCo lays a texture's right along a box's +x and its top along +y: turn the box by +90°.
        quat=[math.sqrt(0.5), 0, 0, math.sqrt(0.5)],
        material="symbol_0", rgba=[1, 1, 1, 1], contype=0, conaffinity=0, mass=0,
    )  # fmt: skip


def symbol_material(model: mujoco.MjModel, name: str) -> int:
    """Return what to write into `model.geom_matid` for a card to show symbol `name`.

    Raises:
        ValueError: `name` is not one of SYMBOLS.
    """
    _check(name)
    return int(model.material(f"symbol_{name}").id)


def _check(name: str) -> None:
    if name not in SYMBOLS:
        raise ValueError(f"symbol is {name!r}, expected one of {', '.join(SYMBOLS)}")


def _digit(digit: int) -> list[Stroke]:
    """Strokes of a digit in the unit square, x to the right, y down."""
    if digit == 0:
        return [_arc((0.50, 0.50), (0.19, 0.30), 0, 360)]
    if digit == 1:
        return [[(0.35, 0.32), (0.52, 0.20), (0.52, 0.80)], [(0.36, 0.80), (0.68, 0.80)]]
    if digit == 2:
        return [[*_arc((0.50, 0.39), (0.19, 0.19), -170, 35), (0.31, 0.80), (0.70, 0.80)]]
    if digit == 3:
        # A flat top: two bows would be too near an 8.
        bow = _arc((0.46, 0.615), (0.22, 0.185), -80, 150)
        return [[(0.30, 0.20), (0.67, 0.20), (0.47, 0.43), *bow]]
    if digit == 4:
        return [[(0.60, 0.80), (0.60, 0.20), (0.28, 0.62), (0.74, 0.62)]]
    if digit == 5:
        bow = _arc((0.48, 0.61), (0.21, 0.19), -130, 145)
        return [[(0.68, 0.20), (0.37, 0.20), (0.35, 0.46), *bow]]
    if digit == 6:
        back = _arc((0.66, 0.62), (0.36, 0.42), -180, -97)
        return [back, _arc((0.50, 0.62), (0.20, 0.18), 0, 360)]
    if digit == 7:
        return [[(0.29, 0.20), (0.71, 0.20), (0.44, 0.80)]]
    if digit == 8:
        return [_arc((0.50, 0.345), (0.165, 0.145), 0, 360), _arc((0.50, 0.645), (0.205, 0.165), 0, 360)]
    return [[(1 - x, 1 - y) for x, y in stroke] for stroke in _digit(6)]


def _arc(centre: Point, radii: Point, start: float, end: float) -> Stroke:
    """Points of an ellipse's arc, angles clockwise from the right [deg]."""
    angles = np.radians(np.linspace(start, end, 49))
    x, y = centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def _heart() -> Stroke:
    t = np.linspace(0, 2 * np.pi, 120)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return [(float(0.5 + a / 41), float(0.48 + b / 41)) for a, b in zip(x, y, strict=True)]


def _star(radius: float) -> Stroke:
    """A five-pointed star, one point up."""
    points = []
    for i in range(10):
        angle, r = math.radians(36 * i - 90), radius if i % 2 == 0 else 0.48 * radius
        points.append((0.5 + r * math.cos(angle), 0.53 + r * math.sin(angle)))
    return points


def _scaled(stroke: Stroke, edge: int) -> Stroke:
    return [(x * edge, y * edge) for x, y in stroke]


def _draw_stroke(draw: ImageDraw.ImageDraw, points: Stroke, *, width: float) -> None:
    draw.line(points, fill=_INK, width=round(width))
    for x, y in points:  # round joints and ends
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=_INK)
