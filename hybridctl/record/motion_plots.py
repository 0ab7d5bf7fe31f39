"""Plots of the motion over time: tracking error, distances to limits, speed, gripper and solve times."""

from __future__ import annotations

from itertools import cycle

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.record.colors import FAILURE_COLOR, HELD_COLOR, SERIES_COLORS, UNSURE_COLOR
from hybridctl.record.figure import Figure, time_axes
from hybridctl.record.force_plot import force_figure
from hybridctl.record.holding import Belief, holding_spans
from hybridctl.record.path_plot import path_figure
from hybridctl.record.reading import Arrays
from hybridctl.record.run_folder import MemoryEvent, RunFolder
from hybridctl.record.svg import Range, span, thinned


def motion_figures(run: RunFolder, time: Range) -> list[Figure]:
    """Return the figures that telemetry gives; none without a control period."""
    if run.telemetry is None or not len(run.telemetry.arrays["stamp"]):
        return []
    a = run.telemetry.arrays
    figures = [
        path_figure(a, run.memory),
        _gripper(a, run.memory, time),
        force_figure(run, time),
        _tracking(a, run, time),
        _joint_limits(a, run, time),
        _velocity(a, run, time),
        _space(a, run, time),
        _slacks(a, time),
        _solve_times(a, run, time),
    ]
    return [figure for figure in figures if figure is not None]


def _gripper(a: Arrays, memory: list[MemoryEvent], time: Range) -> Figure:
    width = 1e3 * a["gripper_width"]
    command = 1e3 * a["gripper_command"]
    axes = time_axes(time, span(width, command, floor=0.0), "finger distance [mm]", "gripper")
    end = float(a["stamp"][-1])
    words = {Belief.HELD: ("held", HELD_COLOR), Belief.UNSURE: ("not sure", UNSURE_COLOR)}
    for start, stop, belief, phrase in holding_spans(memory, end):
        if belief in words:
            word, color = words[belief]
            axes.band(start, stop, color=color, title=f"{phrase or 'something'}: {word}")
    axes.line(*thinned(a["stamp"], command), color="#94a3b8", name="gripper command")
    axes.line(*thinned(a["stamp"], width), color=SERIES_COLORS[0], name="gripper width")
    legend = (
        (SERIES_COLORS[0], "measured"),
        ("#94a3b8", "commanded"),
        (HELD_COLOR, "believed to hold"),
        (UNSURE_COLOR, "not sure"),
    )
    return Figure("gripper", "Gripper and holding belief", (axes,), legend)


def _tracking(a: Arrays, run: RunFolder, time: Range) -> Figure | None:
    if len(a["stamp"]) < 2:
        return None
    error = 1e3 * (a["q"][1:] - a["q_command"][:-1])
    names = _joint_names(a, run)
    note = f"Measured position less the command before it. Largest: {np.abs(error).max():.1f} mrad."
    return _joint_lines(
        "tracking", "Tracking error of each joint", a["stamp"][1:], error, names, time, "error [mrad]", note
    )


def _joint_limits(a: Arrays, run: RunFolder, time: Range) -> Figure | None:
    limits = run.telemetry.limits if run.telemetry else None
    if limits is None:
        return None
    room = np.degrees(np.minimum(a["q"] - np.array(limits.q_min), np.array(limits.q_max) - a["q"]))
    figure = _joint_lines(
        "joint-limits", "Distance to joint position limits", a["stamp"], room, list(limits.joint_names),
        time, "distance [°]", f"Smallest: {room.min():.1f}°.", floor=0.0,
    )  # fmt: skip
    figure.axes[0].level(np.degrees(limits.joint_margin), title="kept free", color=FAILURE_COLOR)
    return figure


def _velocity(a: Arrays, run: RunFolder, time: Range) -> Figure | None:
    limits = run.telemetry.limits if run.telemetry else None
    if limits is None:
        return None
    share = 100 * np.abs(a["dq"]) / np.array(limits.dq_max)
    allowed = 100 * limits.velocity_scale
    figure = _joint_lines(
        "velocity", "Joint velocity as a share of the limit", a["stamp"], share, list(limits.joint_names),
        time, "share [%]", f"Largest: {share.max():.0f} % of the robot's limit.", floor=0.0, reach=allowed,
    )  # fmt: skip
    figure.axes[0].level(allowed, title="allowed by the gains", color=FAILURE_COLOR)
    return figure


def _space(a: Arrays, run: RunFolder, time: Range) -> Figure | None:
    kinds = {"table": "hand to table", "links": "link to link", "workspace": "tool to workspace wall"}
    rows = {name: 1e3 * a[f"margin_{name}"] for name in kinds}
    rows = {name: row for name, row in rows.items() if np.isfinite(row).any()}
    if not rows:
        return None
    limits = run.telemetry.limits if run.telemetry else None
    tightest = run.telemetry.tightest if run.telemetry else {}
    kept = {} if limits is None else {"table": limits.table_clearance, "links": limits.link_margin}
    kept = {name: 1e3 * value for name, value in kept.items() if name in rows}
    axes = time_axes(
        time, span(*rows.values(), list(kept.values()), floor=0.0), "distance [mm]", "distances in space"
    )
    legend = []
    for color, (name, row) in zip(SERIES_COLORS, rows.items(), strict=False):
        axes.line(*thinned(a["margin_stamp"], row), color=color, name=f"margin {name}")
        where = f" ({tightest[name]})" if tightest.get(name) else ""
        legend.append((color, f"{kinds[name]}, least {np.nanmin(row):.0f} mm{where}"))
        if name in kept:
            axes.level(kept[name], color=color)
    words = ", ".join(
        f"{value:.0f} mm {'over the table' if name == 'table' else 'between links'}"
        for name, value in kept.items()
    )
    note = f"Dashed, what the controller keeps free: {words}." if kept else ""
    return Figure("space", "Distances to table, links and workspace", (axes,), tuple(legend), note)


def _slacks(a: Arrays, time: Range) -> Figure | None:
    rows = {key.removeprefix("slack_"): 1e3 * a[key] for key in a if key.startswith("slack_")}
    rows = {name: row for name, row in rows.items() if np.isfinite(row).any()}
    if not rows:
        return None
    axes = time_axes(time, span(*rows.values(), [1.0], floor=0.0), "slack [mm, mm/s, mrad/s]", "slacks")
    legend = []
    for color, (name, row) in zip(cycle(SERIES_COLORS), rows.items(), strict=False):
        axes.line(*thinned(a["stamp"], row), color=color, name=f"slack {name}")
        legend.append((color, f"{name.replace('_', ' ')}, most {np.nanmax(row):.1f}"))
    note = "By how much the plan breaks a soft limit somewhere on its horizon; 0 is kept."
    return Figure("slacks", "Soft limits that the plan breaks", (axes,), tuple(legend), note)


def _solve_times(a: Arrays, run: RunFolder, time: Range) -> Figure:
    ms = a["solve_ms"]
    limits = run.telemetry.limits if run.telemetry else None
    period = [] if limits is None else [1e3 * limits.period]
    axes = time_axes(time, span(ms, period, floor=0.0), "control step [ms]", "solve times")
    axes.line(*thinned(a["stamp"], ms), color=SERIES_COLORS[0], name="solve time", width=1.0)
    for value in period:
        axes.level(value, title="control period", color=FAILURE_COLOR)
    median, late = float(np.median(ms)), float(np.percentile(ms, 99))
    note = f"Median {median:.2f} ms, 99th percentile {late:.2f} ms, largest {ms.max():.2f} ms"
    note += f"; a control period is {period[0]:.0f} ms." if period else "."
    return Figure("solve-times", "Solve times", (axes,), (), note)


def _joint_lines(
    key: str, title: str, stamp: FloatArray, values: FloatArray, names: list[str], time: Range, unit: str,
    note: str, *, floor: float | None = None, reach: float | None = None,
) -> Figure:  # fmt: skip
    axes = time_axes(time, span(values, [] if reach is None else [reach], floor=floor), unit, title)
    legend = []
    for color, name, row in zip(cycle(SERIES_COLORS), names, values.T, strict=False):
        axes.line(*thinned(stamp, row), color=color, name=f"{key} {name}", title=name, width=1.3)
        legend.append((color, name))
    return Figure(key, title, (axes,), tuple(legend), note)


def _joint_names(a: Arrays, run: RunFolder) -> list[str]:
    limits = run.telemetry.limits if run.telemetry else None
    if limits is not None:
        return list(limits.joint_names)
    return [f"joint{i + 1}" for i in range(a["q"].shape[1])]
