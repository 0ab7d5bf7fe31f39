"""Plots as inline SVG: one pair of axes with lines, bands, marks and words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hybridctl.messages.arrays import FloatArray

Range = tuple[float, float]


class Axes:
    """A plot area of `width` × `height` units, its data ranges, and what is drawn in it.

    Colours of text, grid and ground are CSS classes, so that the page's dark and light modes apply.

    Args:
        x: Range of the horizontal axis.
        y: Range of the vertical axis.
        width, height: Size of the whole picture; it scales with the page.
        margins: Left, right, top and bottom room for ticks.
        x_label, y_label: What the axes show, with the unit.
        time: Whether x is time [s]: such plots share the page's cursor.
        y_ticks: Whether the vertical axis carries numbers.
        name: What the plot shows, for screen readers.
    """

    def __init__(
        self,
        *,
        x: Range,
        y: Range,
        width: float = 640,
        height: float = 240,
        margins: tuple[float, float, float, float] = (46, 14, 28, 40),
        x_label: str = "",
        y_label: str = "",
        time: bool = False,
        y_ticks: bool = True,
        name: str = "",
    ) -> None:
        self.width, self.height = width, height
        left, right, top, bottom = margins
        self._left, self._right = left, width - right
        self._top, self._bottom = top, height - bottom
        self._x, self._y = _open(x), _open(y)
        self._labels = (x_label, y_label)
        self._time, self._y_ticks, self._name = time, y_ticks, name
        self._below: list[str] = []
        self._above: list[str] = []

    def line(
        self, x: ArrayLike, y: ArrayLike, *, color: str, name: str, title: str = "", width: float = 1.6
    ) -> None:
        """Draw a polyline; points with NaN break it. `name` tells it apart (`data-series`)."""
        points = np.column_stack((np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)))
        gaps = np.flatnonzero(np.isnan(points).any(axis=1))
        for part in np.split(points, gaps):
            kept = part[~np.isnan(part).any(axis=1)]
            if len(kept):
                px, py = self._px(kept[:, 0]), self._py(kept[:, 1])
                text = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(px, py, strict=True))
                self._above.append(
                    f'<polyline data-series="{escape(name)}" points="{text}" fill="none" stroke="{color}" '
                    f'stroke-width="{width}"><title>{escape(title or name)}</title></polyline>'
                )

    def band(self, x0: float, x1: float, *, color: str, title: str, opacity: float = 0.18) -> None:
        """Shade from `x0` to `x1` over the whole height."""
        self.box(x0, x1, *self._y, color=color, title=title, opacity=opacity)

    def box(
        self, x0: float, x1: float, y0: float, y1: float, *, color: str, title: str,
        opacity: float = 1.0, round_: float = 0.0, name: str = "",
    ) -> None:  # fmt: skip
        """Fill a rectangle of the data plane; one that is too thin to see gets a pixel."""
        left, right = self._px(np.array([x0, x1]))
        bottom, top = self._py(np.array([y0, y1]))
        series = f' data-series="{escape(name)}"' if name else ""
        self._below.append(
            f'<rect{series} x="{left:.1f}" y="{top:.1f}" width="{max(1.0, right - left):.1f}" '
            f'height="{bottom - top:.1f}" rx="{round_}" fill="{color}" fill-opacity="{opacity}">'
            f"<title>{escape(title)}</title></rect>"
        )

    def dot(self, x: float, y: float, *, color: str, title: str, radius: float = 4, name: str = "") -> None:
        """Draw a mark."""
        series = f' data-series="{escape(name)}"' if name else ""
        self._above.append(
            f'<circle{series} cx="{self._px(x):.1f}" cy="{self._py(y):.1f}" r="{radius:.1f}" fill="{color}" '
            f'class="dot"><title>{escape(title)}</title></circle>'
        )

    def level(self, y: float, *, title: str = "", color: str = "") -> None:
        """Draw a dashed line across at `y`, with its name, if any, at the right."""
        stroke = f' style="stroke:{color}"' if color else ""
        at = self._py(y)
        self._above.append(
            f'<line class="level"{stroke} x1="{self._left}" x2="{self._right}" y1="{at:.1f}" y2="{at:.1f}"/>'
        )
        self._above.append(
            f'<text class="faint halo" text-anchor="end" x="{self._right - 4}" y="{at - 4:.1f}">'
            f"{escape(title)}</text>"
        )

    def rule(self, x: float, *, color: str, title: str, name: str = "") -> None:
        """Draw an upright line at `x`."""
        at = self._px(x)
        series = f' data-series="{escape(name)}"' if name else ""
        self._above.append(
            f'<line{series} x1="{at:.1f}" x2="{at:.1f}" y1="{self._top}" y2="{self._bottom}" '
            f'stroke="{color}" stroke-width="1.5"><title>{escape(title)}</title></line>'
        )

    def word(
        self, x: float, y: float, text: str, *, anchor: str = "start", dx: float = 0, dy: float = 4,
        faint: bool = False,
    ) -> None:  # fmt: skip
        """Write at a point of the data plane, shifted by (dx, dy) units."""
        kind = "faint halo" if faint else "halo"
        self._above.append(
            f'<text class="{kind}" text-anchor="{anchor}" x="{self._px(x) + dx:.1f}" '
            f'y="{self._py(y) + dy:.1f}">{escape(text)}</text>'
        )

    def label(self, y: float, text: str) -> None:
        """Write a row's name left of the axis."""
        self._above.append(
            f'<text text-anchor="end" x="{self._left - 8}" y="{self._py(y) + 4:.1f}">{escape(text)}</text>'
        )

    def render(self) -> str:
        """Return the `<svg>` element."""
        data = ""
        if self._time:
            data = (
                f' class="time" data-x0="{self._left}" data-x1="{self._right}" '
                f'data-t0="{self._x[0]:.6g}" data-t1="{self._x[1]:.6g}"'
            )
            self._above.append(
                f'<line class="cursor" visibility="hidden" y1="{self._top}" y2="{self._bottom}"/>'
            )
        frame = (
            f'<rect class="frame" x="{self._left}" y="{self._top}" width="{self._right - self._left}" '
            f'height="{self._bottom - self._top}"/>'
        )
        body = "\n".join((*self._grid(), *self._below, frame, *self._above))
        return (
            f'<svg viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'aria-label="{escape(self._name, quote=True)}"{data}>\n{body}\n</svg>'
        )

    def _grid(self) -> list[str]:
        parts = []
        for tick, text in ticks(*self._x, target=7):
            at = self._px(tick)
            parts.append(
                f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{self._top}" y2="{self._bottom}"/>'
            )
            parts.append(
                f'<text class="faint" text-anchor="middle" x="{at:.1f}" y="{self._bottom + 16}">{text}</text>'
            )
        if self._y_ticks:
            for tick, text in ticks(*self._y, target=5):
                at, x = self._py(tick), self._left - 6
                parts.append(
                    f'<line class="grid" x1="{self._left}" x2="{self._right}" y1="{at:.1f}" y2="{at:.1f}"/>'
                )
                parts.append(f'<text class="faint" text-anchor="end" x="{x}" y="{at + 4:.1f}">{text}</text>')
        x_label, y_label = self._labels
        if x_label:
            parts.append(
                f'<text class="faint" text-anchor="end" x="{self._right}" y="{self._bottom + 33}">'
                f"{escape(x_label)}</text>"
            )
        if y_label:
            parts.append(f'<text class="faint" x="{self._left}" y="{self._top - 8}">{escape(y_label)}</text>')
        return parts

    def _px(self, x: ArrayLike) -> FloatArray:
        low, high = self._x
        share = (np.asarray(x, dtype=np.float64) - low) / (high - low)
        return np.asarray(self._left + share * (self._right - self._left))

    def _py(self, y: ArrayLike) -> FloatArray:
        low, high = self._y
        share = (np.asarray(y, dtype=np.float64) - low) / (high - low)
        return np.asarray(self._bottom - share * (self._bottom - self._top))


def ticks(low: float, high: float, *, target: int) -> list[tuple[float, str]]:
    """Return about `target` round values in [low, high] with their text."""
    rough = (high - low) / target
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda part: abs(part * power - rough))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return [(i * step, f"{i * step:.{places}f}") for i in range(first, last + 1)]


def thinned(x: FloatArray, y: FloatArray, *, most: int = 700) -> tuple[FloatArray, FloatArray]:
    """Return at most about `most` points that keep the smallest and largest value of each stretch.

    Args:
        x: Rising, shape (N,).
        y: Shape (N,).
    """
    if len(x) <= most:
        return x, y
    keep: set[int] = {0, len(x) - 1}
    edges = np.linspace(0, len(x), most // 2 + 1).astype(int)
    for a, b in pairwise(edges.tolist()):
        part = np.nan_to_num(y[a:b])
        keep |= {a + int(part.argmin()), a + int(part.argmax())}
    index = np.array(sorted(keep))
    return x[index], y[index]


def span(*values: ArrayLike, floor: float | None = None, room: float = 0.06) -> Range:
    """Return a range that holds all finite values and `floor`, with some room."""
    parts: Sequence[NDArray[np.float64]] = [np.asarray(v, dtype=np.float64).ravel() for v in values]
    together = np.concatenate(parts)
    together = together[np.isfinite(together)]
    low, high = (float(together.min()), float(together.max())) if len(together) else (0.0, 1.0)
    if floor is not None:
        low, high = min(low, floor), max(high, floor)
    spare = room * (high - low) or 1e-3
    return (low if low == floor else low - spare), high + spare


def _open(limits: Range) -> Range:
    low, high = limits
    return (low, high) if high - low > 1e-12 else (low - 0.5, high + 0.5)
