"""A plot with its title, legend and a line that says how to read it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from hybridctl.record.svg import Axes, Range


@dataclass(frozen=True)
class Figure:
    """One figure of the page.

    Attributes:
        key: Its id in the page.
        title: What it shows.
        axes: What is drawn; more than one are put side by side.
        legend: (colour, text) pairs.
        note: How to read it.
        wide: Whether it takes the page's whole width.
    """

    key: str
    title: str
    axes: tuple[Axes, ...]
    legend: tuple[tuple[str, str], ...] = ()
    note: str = ""
    wide: bool = False

    def render(self) -> str:
        """Return the `<figure>` element."""
        keys = "".join(
            f'<span><i style="background:{color}"></i>{escape(text)}</span>' for color, text in self.legend
        )
        legend = f'<div class="legend">{keys}</div>' if keys else ""
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        plots = "".join(f"<div>{axes.render()}</div>" for axes in self.axes)
        kind = ' class="wide"' if self.wide else ""
        columns = f' style="--columns:{len(self.axes)}"'
        return (
            f'<figure id="{self.key}"{kind}><figcaption>{escape(self.title)}</figcaption>{legend}'
            f'<div class="plots"{columns}>{plots}</div>{note}</figure>'
        )


def time_axes(time: Range, y: Range, y_label: str, name: str) -> Axes:
    """Return axes over the run's time [s]; `y_label` says what is plotted, with its unit."""
    return Axes(x=time, y=y, x_label="time [s]", y_label=y_label, time=True, name=f"{name} over time")
