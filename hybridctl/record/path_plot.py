"""The plot of the tool's path, by who drove it: tokens, fine phase, skill, home."""

from __future__ import annotations

import numpy as np

from hybridctl.record.colors import FAILURE_COLOR, SOURCE_COLORS
from hybridctl.record.figure import Figure
from hybridctl.record.reading import Arrays
from hybridctl.record.run_folder import MemoryEvent
from hybridctl.record.svg import Axes, Range, span

PATH_POINTS = 6000
"""A longer path is drawn with every second, third, … point."""


def path_figure(a: Arrays, memory: list[MemoryEvent]) -> Figure:
    """Return the tool's path from above and from the side, coloured by who drove it.

    Args:
        a: Arrays of `read_telemetry`, of one control period or more.
        memory: What the memory believed: things are marked where they were last.
    """
    points = a["T_base_tool"][:, :3, 3]
    step = 1 + len(points) // PATH_POINTS
    points, sources = points[::step], a["source"][::step]
    things = {p: s for event in memory for p, s in event.belief.get("slots", {}).items() if s is not None}
    seen = np.array([slot["position"] for slot in things.values()]).reshape(-1, 3)
    everything = np.vstack((points, seen))
    x, y, z = (span(everything[:, i]) for i in range(3))
    z = (min(0.0, z[0]), z[1])
    above = _equal_axes(y, x, x_label="y [m], left is the robot's left", y_label="x [m]", mirror=True)
    side = _equal_axes(x, z, x_label="x [m]", y_label="z [m]", mirror=False)
    cuts = np.flatnonzero(sources[1:] != sources[:-1]) + 1
    for part, names in zip(np.split(points, cuts), np.split(sources, cuts), strict=True):
        name = str(names[0])
        color = SOURCE_COLORS.get(name, SOURCE_COLORS["none"])
        above.line(-part[:, 1], part[:, 0], color=color, name=name, title=f"{name}, from above", width=2.2)
        side.line(part[:, 0], part[:, 2], color=color, name=name, title=f"{name}, from the side", width=2.2)
    for axes, columns in ((above, (1, 0)), (side, (0, 2))):
        for i, (phrase, slot) in enumerate(things.items()):
            u, v = (float(slot["position"][c]) for c in columns)
            u = -u if axes is above else u
            axes.dot(u, v, color=FAILURE_COLOR, title=f"{phrase} at its last event", radius=4)
            # One above, one below: a block in a bowl is at one point with it.
            axes.word(u, v, phrase, dx=7, dy=-7 if i % 2 else 16, faint=True)
    used = list(dict.fromkeys(sources.tolist()))
    lengths = _lengths(a)
    legend = tuple(
        (SOURCE_COLORS.get(name, SOURCE_COLORS["none"]), f"{name} {lengths.get(name, 0.0):.2f} m")
        for name in used
    )
    note = "From above and from the side. Dots: where things were at the last event of the memory."
    if step > 1:
        note += f" Every {step}th point is drawn."
    return Figure("path", "Path of the tool, by who drove it", (above, side), legend, note, wide=True)


def _equal_axes(u: Range, v: Range, *, x_label: str, y_label: str, mirror: bool) -> Axes:
    """Return axes on which a metre is as long across as up."""
    if mirror:
        u = (-u[1], -u[0])
        x_label = "−" + x_label
    width, height, margins = 560.0, 400.0, (46.0, 14.0, 28.0, 40.0)
    scale = max((u[1] - u[0]) / (width - 60), (v[1] - v[0]) / (height - 68))
    u, v = _widened(u, scale * (width - 60)), _widened(v, scale * (height - 68))
    return Axes(x=u, y=v, width=width, height=height, margins=margins, x_label=x_label, y_label=y_label,
                name=f"path of the tool, {x_label} against {y_label}")  # fmt: skip


def _widened(limits: Range, length: float) -> Range:
    spare = (length - (limits[1] - limits[0])) / 2
    return limits[0] - spare, limits[1] + spare


def _lengths(a: Arrays) -> dict[str, float]:
    """Return the metres that each source drove."""
    steps = np.linalg.norm(np.diff(a["T_base_tool"][:, :3, 3], axis=0), axis=1)
    sources = a["source"][1:]
    return {str(name): float(steps[sources == name].sum()) for name in np.unique(sources)}
