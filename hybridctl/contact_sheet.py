"""A frame of every task and of every split on one sheet, for people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hybridctl.sim.cameras import Renderer, make_renderer
from hybridctl.sim.splits import SPLITS
from hybridctl.sim.tasks.registry import TASKS, make_task
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.world import SimWorld

_COLUMNS, _SIDE, _CAPTION = 6, 224, 46
_INK, _FAINT, _PAPER = (24, 28, 36), (105, 112, 124), (250, 250, 248)


def draw_sheet(path: Path, *, seed: int, language: str = "en", renderer: str = "auto") -> None:
    """Write a PNG with the scene camera's picture of each task, and of one task in each split.

    Args:
        path: Where to.
        seed: Of all scenes.
        language: Of the instructions; where the font has not its script, plans stand instead.
        renderer: `auto`, `gl` or `ray`.

    Raises:
        SceneError: there is no such language.
        OSError: the file cannot be written.
    """
    tasks = [(name, make_task(name, seed, language=language)) for name in TASKS]
    splits = [(name, make_task("sort", seed + k, split=name)) for k, name in enumerate(SPLITS)]
    world = SimWorld(tasks[0][1].scene)
    eye = make_renderer(world, kind=renderer, height=_SIDE, width=_SIDE)
    try:
        tiles = [_tile(world, eye, name, task) for name, task in (*tasks, *splits)]
    finally:
        eye.close()
    first, second = tiles[: len(tasks)], tiles[len(tasks) :]
    sheet = np.vstack([_rows(first), _rows(second)])
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(sheet).quantize(256)  # a third of the size, and as clear
    picture.save(path, format="PNG", optimize=True)


def _tile(world: SimWorld, eye: Renderer, name: str, task: Task) -> NDArray[np.uint8]:
    world.reset(task.scene, actors=task.actors)
    world.sleep_until(world.now() + 0.4)
    image = Image.new("RGB", (_SIDE, _SIDE + _CAPTION), _PAPER)
    image.paste(Image.fromarray(eye.rgb("scene")), (0, 0))
    draw = ImageDraw.Draw(image)
    draw.text((4, _SIDE + 3), name, font=ImageFont.load_default(13), fill=_INK)
    small = ImageFont.load_default(10)
    text = str(task.plan) if task.language == "zh" else task.instruction
    for k, line in enumerate(_wrapped(text, small, _SIDE - 8)[:2]):
        draw.text((4, _SIDE + 19 + 12 * k), line, font=small, fill=_FAINT)
    return np.array(image)


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) > room and line:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def _rows(tiles: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    blank = np.full_like(tiles[0], 250)
    padded = tiles + [blank] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(padded[k : k + _COLUMNS]) for k in range(0, len(padded), _COLUMNS)]
    return np.vstack(rows)
