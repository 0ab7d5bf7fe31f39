"""Plots of scenarios as SVG files that stand alone: one file's gains, or two laid over each other."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np

from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import FloatArray
from hybridctl.record.colors import FAILURE_COLOR, SERIES_COLORS
from hybridctl.record.figure import time_axes
from hybridctl.record.svg import Axes, span, thinned
from hybridctl.tuning.evaluation import Evaluation
from hybridctl.tuning.trial import Trace

WIDTH, HEIGHT, HEAD = 640, 240, 44
_STYLE = """
svg { font: 13px system-ui, sans-serif; } text { fill: #0f172a; } .faint { fill: #64748b; font-size: 12px; }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; } .grid { stroke: #e2e8f0; }
.frame { fill: none; stroke: #e2e8f0; } .title { font-weight: 600; font-size: 15px; }
.level { stroke: #64748b; stroke-width: 1.2; stroke-dasharray: 5 4; }
polyline { stroke-linejoin: round; stroke-linecap: round; }
"""


def write_plots(
    folder: Path, results: dict[str, tuple[Gains, Evaluation]], *, model: RobotModel
) -> list[Path]:
    """Write NAME.svg for each scenario into `folder`, made if need be, and return the paths.

    Args:
        folder: Where to.
        results: Gains and what they did, by the name of their file; their lines share the axes.
        model: The robot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = next(iter(results.values()))[1].traces
    paths = []
    for name in names:
        path = folder / f"{name}.svg"
        path.write_text(_picture(name, results, model), encoding="utf-8")
        paths.append(path)
    return paths


def _picture(name: str, results: dict[str, tuple[Gains, Evaluation]], model: RobotModel) -> str:
    traces = {file: evaluation.traces[name] for file, (_, evaluation) in results.items()}
    scenario = next(iter(traces.values())).scenario
    rates = {file: gains.rate for file, (gains, _) in results.items()}
    plots = [
        _lines(traces, {f: 1e3 * t.error for f, t in traces.items()}, "distance from the wish [mm]"),
        _lines(traces, {f: np.degrees(t.turn) for f, t in traces.items()}, "angle from the wish [°]"),
        _lines(
            traces,
            {f: 100 * np.abs(t.dq / model.dq_max).max(axis=1) for f, t in traces.items()},
            "fastest joint [% of the limit]",
        ),
        _lines(traces, {f: _jerk(t, rates[f]) for f, t in traces.items()}, "jerk of all joints [rad/s³]"),
    ]
    if any(np.isfinite(trace.obstacle).any() for trace in traces.values()):
        distances = {file: 1e3 * trace.obstacle for file, trace in traces.items()}
        axes = _lines(traces, distances, "distance to the obstacle [mm]")
        axes.level(0.0, title="touch", color=FAILURE_COLOR)
        plots.append(axes)
    for axes in plots:
        for jump in scenario.jumps:
            axes.rule(jump, color="#cbd5e1", title=f"jump at {jump:g} s")
    return _stacked(f"{name}: {scenario.about}", list(traces), plots)


def _lines(traces: dict[str, Trace], values: dict[str, FloatArray], label: str) -> Axes:
    seconds = max(trace.scenario.seconds for trace in traces.values())
    axes = time_axes((0.0, seconds), span(*values.values(), floor=0.0), label, label)
    for color, (file, row) in zip(SERIES_COLORS, values.items(), strict=False):
        axes.line(*thinned(traces[file].time, row), color=color, name=file)
    return axes


def _jerk(trace: Trace, rate: float) -> FloatArray:
    jerk = np.diff(trace.dq, n=2, axis=0) * rate**2
    return np.concatenate((np.zeros(2), np.linalg.norm(jerk, axis=1)))


def _stacked(title: str, files: list[str], plots: list[Axes]) -> str:
    height = HEAD + HEIGHT * len(plots)
    parts = [f'<text class="title" x="46" y="20">{escape(title)}</text>']
    x = 46.0
    for color, file in zip(SERIES_COLORS, files, strict=False):
        parts.append(f'<rect x="{x}" y="29" width="11" height="11" rx="3" fill="{color}"/>')
        parts.append(f'<text class="faint" x="{x + 16}" y="39">{escape(file)}</text>')
        x += 40 + 7 * len(file)
    for k, axes in enumerate(plots):
        place = f'<svg x="0" y="{HEAD + HEIGHT * k}" width="{WIDTH}" height="{HEIGHT}" '
        parts.append(axes.render().replace("<svg ", place, 1))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}">\n<style>{_STYLE}</style>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )
