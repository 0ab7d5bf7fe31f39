"""What a video frame says over the picture: instruction, subgoal, leaf, tokens, confidence, margins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hybridctl.record.colors import SOURCE_COLORS
from hybridctl.record.margins import Margins

WIDTH = 480
"""Narrower pictures are enlarged to this many pixels, so that the text has room."""
PANEL = 104
_MARGIN = 10
_GROUND, _INK, _FAINT, _WARN = (17, 24, 39), (243, 244, 246), (156, 163, 175), (251, 191, 36)
_TRACK = (55, 65, 81)
UNIFORM_ENTROPY = math.log(256)
"""Entropy of a token that could be anything [nat]: the right end of the entropy bar."""
_OLD = 0.25  # [s] an older picture says so
_TIGHT_JOINT, _TIGHT_SPACE, _TIGHT_SLACK = math.radians(5), 0.005, 1e-3


@dataclass(frozen=True)
class Caption:
    """What is known at a frame.

    Attributes:
        instruction: What was asked for.
        stamp: Clock time [s].
        leaf: The tree's active leaf.
        source: Who drives the tool: tokens, fine, skill, home or none.
        plan: Subgoals in order.
        subgoal: The one that the last action served.
        tokens: The last action's bins.
        entropy: Its mean entropy [nat].
        margins: Distances to limits.
        slack: Worst soft limit that the plan breaks, and by how much [m, m/s or rad/s].
        force: Size of the force that the world exerts on the tool [N]; None where nothing measures it.
        picture: When the picture was taken, if not at `stamp` [s].
    """

    instruction: str
    stamp: float
    leaf: str = ""
    source: str = "none"
    plan: tuple[str, ...] = ()
    subgoal: str = ""
    tokens: tuple[int, ...] = ()
    entropy: float | None = None
    margins: Margins | None = None
    slack: tuple[str, float] | None = None
    force: float | None = None
    picture: float | None = None


def with_overlay(rgb: NDArray[np.uint8], caption: Caption) -> NDArray[np.uint8]:
    """Return the picture under a panel that says what the robot does, even sides.

    The panel is on top, since players lay their controls over a video's lower end.
    """
    height, width = rgb.shape[:2]
    picture = Image.fromarray(rgb[: height - height % 2, : width - width % 2])
    if picture.width < WIDTH:
        size = (WIDTH, 2 * round(WIDTH * picture.height / picture.width / 2))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    image = Image.new("RGB", (picture.width, picture.height + PANEL), _GROUND)
    image.paste(picture, (0, PANEL))
    _Panel(ImageDraw.Draw(image), width=picture.width).draw(caption)
    return np.array(image)


def _drawable(caption: Caption) -> str:
    """Return the instruction, or the plan where the font that comes with Pillow has not its script."""
    latin = all(ord(letter) < 0x2E80 for letter in caption.instruction)
    return caption.instruction if latin else "; ".join(caption.plan)


class _Panel:
    """Four lines of text on the ground over the picture."""

    def __init__(self, draw: ImageDraw.ImageDraw, *, width: int) -> None:
        self._draw, self._width = draw, width

    def draw(self, caption: Caption) -> None:
        right = self._width - _MARGIN
        stamp = f"{caption.stamp:.1f} s"
        if caption.picture is not None and caption.stamp - caption.picture > _OLD:
            stamp += f", picture of {caption.picture:.1f} s"
        if caption.force is not None:
            stamp = f"force {caption.force:.1f} N    {stamp}"
        self._text(right, 8, stamp, size=15, color=_FAINT, anchor="ra")
        room = right - _MARGIN - self._length(stamp, 15) - 12
        self._text(_MARGIN, 8, self._fit(_drawable(caption), 15, room), size=15)
        color = _rgb(SOURCE_COLORS.get(caption.source, SOURCE_COLORS["none"]))
        chip = caption.source if caption.source != "none" else "no target"
        end = self._chip(_MARGIN, 32, chip, color)
        self._text(end + 8, 33, self._fit(caption.leaf, 13, 190.0 - end + 30), size=13)
        self._plan(caption, 232.0, 33)
        self._tokens(caption, 56)
        self._margins(caption, 80)

    def _plan(self, caption: Caption, x: float, y: int) -> None:
        current = list(caption.plan).index(caption.subgoal) if caption.subgoal in caption.plan else -1
        steps = [f"{i + 1} {step}" for i, step in enumerate(caption.plan)]
        gap = 14
        while len(steps) > 1 and sum(self._length(s, 12) + gap for s in steps) > self._width - x - _MARGIN:
            steps = steps[1:] if current > 0 else steps[:-1]
            current -= 1 if current > 0 else 0
        for i, step in enumerate(steps):
            x += gap + self._text(x, y + 1, step, size=12, color=_INK if i == current else _FAINT)

    def _tokens(self, caption: Caption, y: int) -> None:
        x = _MARGIN + self._text(_MARGIN, y, "tokens", size=12, color=_FAINT) + 8
        words = " ".join(f"{token:3d}" for token in caption.tokens) or "none yet"
        self._text(x, y, words, size=12)
        if caption.entropy is None:
            return
        x = self._width - _MARGIN - 70
        share = min(1.0, caption.entropy / UNIFORM_ENTROPY)
        self._draw.rounded_rectangle((x, y + 5, x + 70, y + 11), 3, fill=_TRACK)
        self._draw.rounded_rectangle((x, y + 5, x + max(6, 70 * share), y + 11), 3, fill=_rgb("#60a5fa"))
        self._text(x - 8, y, f"{caption.entropy:.2f} nat", size=12, anchor="ra")
        self._text(x - 66, y, "entropy", size=12, color=_FAINT, anchor="ra")

    def _margins(self, caption: Caption, y: int) -> None:
        x: float = _MARGIN + self._text(_MARGIN, y, "margins", size=12, color=_FAINT) + 8
        margins, words = caption.margins, []
        # First, since what finds no room is left out.
        if caption.slack is not None and caption.slack[1] > _TIGHT_SLACK:
            words.append((f"{caption.slack[0].replace('_', ' ')} over by {caption.slack[1]:.3f}", True))
        if margins is not None:
            tight = margins.joint < _TIGHT_JOINT
            words.append((f"{margins.joint_name} {math.degrees(margins.joint):.0f}°", tight))
            for name, room in (
                ("table", margins.table),
                ("links", margins.links),
                ("workspace", margins.workspace),
            ):
                if room is not None:
                    words.append((f"{name} {1e3 * room:.0f} mm", room < _TIGHT_SPACE))
        for word, tight in words:
            if x + self._length(word, 12) > self._width - _MARGIN:
                break
            x += self._text(x, y, word, size=12, color=_WARN if tight else _INK) + 16

    def _chip(self, x: int, y: int, word: str, color: tuple[int, int, int]) -> float:
        length = self._length(word, 12)
        box = (x, y, x + length + 14, y + 18)
        self._draw.rounded_rectangle(box, 9, fill=color)
        self._text(x + 7, y + 2, word, size=12, color=(17, 24, 39))
        return x + length + 14

    def _fit(self, text: str, size: int, room: float) -> str:
        if self._length(text, size) <= room:
            return text
        while text and self._length(text + "…", size) > room:
            text = text[:-1]
        return text.rstrip() + "…"

    def _length(self, text: str, size: int) -> float:
        return _length(text, size)

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: int,
        color: tuple[int, int, int] = _INK,
        anchor: str = "la",
    ) -> float:
        length = _length(text, size)
        left = x - length if anchor == "ra" else x
        self._draw.bitmap((round(left), round(y)), _written(text, size), fill=color)
        return length


# Setting type takes most of a frame's time and holds Python's lock meanwhile, so that the control loop waits:
# most words stand in many frames.
@lru_cache(512)
def _written(text: str, size: int) -> Image.Image:
    font = _font(size)
    _, _, right, bottom = font.getbbox(text or " ")
    mask = Image.new("L", (max(1, math.ceil(right)), max(1, math.ceil(bottom))))
    ImageDraw.Draw(mask).text((0, 0), text, font=font, fill=255)
    return mask


@lru_cache(4096)
def _length(text: str, size: int) -> float:
    return float(_font(size).getlength(text))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
