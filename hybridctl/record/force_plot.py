"""The plot of contact: force at the tool and largest joint-torque residual, with what the tree did."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hybridctl.record.colors import FAILURE_COLOR, HELD_COLOR, SERIES_COLORS
from hybridctl.record.figure import Figure, time_axes
from hybridctl.record.holding import Belief, holding_spans
from hybridctl.record.run_folder import RunFolder
from hybridctl.record.svg import Axes, Range, span, thinned

_ANSWERS = ("plan", "act", "look")  # these have their table, and come too often to be marked
_EVENT_COLOR = "#64748b"


def force_figure(run: RunFolder, time: Range) -> Figure | None:
    """Return the plot; None where the arm knew neither force nor residual."""
    if run.telemetry is None:
        return None
    a = run.telemetry.arrays
    stamp = a["stamp"]
    notes, plots, legend = [], [], []
    if np.isfinite(a["wrench"]).any():
        force = np.linalg.norm(a["wrench"][:, :3], axis=1)
        axes = time_axes(time, span(force, floor=0.0), "force [N]", "force on the tool")
        axes.line(*thinned(stamp, force), color=SERIES_COLORS[0], name="force")
        legend.append((SERIES_COLORS[0], "force on the tool"))
        notes.append(f"Largest force on the tool: {np.nanmax(force):.1f} N.")
        plots.append(axes)
    if np.isfinite(a["tau_external"]).any():
        residual = np.abs(a["tau_external"]).max(axis=1, initial=0.0)
        axes = time_axes(time, span(residual, floor=0.0), "torque [Nm]", "largest residual of a joint")
        axes.line(*thinned(stamp, residual), color=SERIES_COLORS[4], name="residual")
        legend.append((SERIES_COLORS[4], "largest residual of a joint"))
        notes.append(f"Largest residual of a joint: {np.nanmax(residual):.1f} Nm.")
        plots.append(axes)
    if not plots:
        return None
    marks = tuple(dict.fromkeys(mark for axes in plots for mark in _mark(axes, run, time)))
    title, note = "Contact: force and torque residual", " ".join(notes)
    return Figure("force", title, tuple(plots), (*legend, *marks), note, wide=True)


def _mark(axes: Axes, run: RunFolder, time: Range) -> Iterator[tuple[str, str]]:
    """Mark grasps, events and failures, and yield the legend of each mark drawn."""
    for start, stop, belief, phrase in holding_spans(run.memory, time[1]):
        if belief is Belief.HELD:
            thing = phrase or "something"
            axes.band(start, stop, color=HELD_COLOR, title=f"{thing}: held")
            axes.rule(start, color=HELD_COLOR, title=f"{thing} grasped, {start:.2f} s", name="event grasped")
            yield HELD_COLOR, "grasped, and believed to hold"
    for event in run.telemetry.events if run.telemetry else []:
        if event.kind == "failure":
            title = f"{event.data.get('leaf')} failed, {event.stamp:.2f} s: {event.data.get('why')}"
            axes.rule(event.stamp, color=FAILURE_COLOR, title=title, name="event failure")
            yield FAILURE_COLOR, "a leaf failed"
        elif event.kind not in _ANSWERS:
            title = f"{event.kind}: {event.cause}, {event.stamp:.2f} s"
            axes.rule(event.stamp, color=_EVENT_COLOR, title=title, name=f"event {event.kind}")
            yield _EVENT_COLOR, event.kind.replace("_", " ")
