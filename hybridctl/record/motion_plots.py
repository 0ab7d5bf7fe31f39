"""Plots of the motion: path, tracking error, distances to limits, speed, gripper and solve times."""

from __future__ import annotations

from itertools import cycle

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.record.colors import FAILURE_COLOR, SERIES_COLORS, SOURCE_COLORS
from hybridctl.record.figure import Figure
from hybridctl.record.holding import Belief, holding_spans
from hybridctl.record.reading import Arrays
from hybridctl.record.run_folder import MemoryEvent, RunFolder
from hybridctl.record.svg import Axes, Range, span, thinned

PATH_POINTS = 6000
"""A longer path is drawn with every second, third, … point."""
HELD_COLOR = "#10b981"
UNSURE_COLOR = "#f59e0b"
TIME = "time [s]"


def motion_figures(run: RunFolder, time: Range) -> list[Figure]:
    """Return the figures that telemetry gives; none without a control period."""
    if run.telemetry is None or not len(run.telemetry.arrays["stamp"]):
        return []
    a = run.telemetry.arrays
    figures = [
        _path(a, run.memory),
        _gripper(a, run.memory, time),
        _tracking(a, run, time),
        _joint_limits(a, run, time),
        _velocity(a, run, time),
        _space(a, run, time),
        _slacks(a, time),
        _solve_times(a, run, time),
    ]
    return [figure for figure in figures if figure is not None]


def _path(a: Arrays, memory: list[MemoryEvent]) -> Figure:
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


def _gripper(a: Arrays, memory: list[MemoryEvent], time: Range) -> Figure:
    width = 1e3 * a["gripper_width"]
    command = 1e3 * a["gripper_command"]
    axes = _time_axes(time, span(width, command, floor=0.0), "finger distance [mm]", "gripper")
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
    axes = _time_axes(time, span(*rows.values(), floor=0.0), "distance [mm]", "distances in space")
    legend = []
    for color, (name, row) in zip(SERIES_COLORS, rows.items(), strict=False):
        axes.line(*thinned(a["margin_stamp"], row), color=color, name=f"margin {name}")
        legend.append((color, f"{kinds[name]}, least {np.nanmin(row):.0f} mm"))
    limits = run.telemetry.limits if run.telemetry else None
    if limits is not None:
        axes.level(1e3 * limits.table_clearance, title="kept free over the table", color=FAILURE_COLOR)
    return Figure("space", "Distances to table, links and workspace", (axes,), tuple(legend))


def _slacks(a: Arrays, time: Range) -> Figure | None:
    rows = {key.removeprefix("slack_"): 1e3 * a[key] for key in a if key.startswith("slack_")}
    rows = {name: row for name, row in rows.items() if np.isfinite(row).any()}
    if not rows:
        return None
    axes = _time_axes(time, span(*rows.values(), [1.0], floor=0.0), "slack [mm, mm/s, mrad/s]", "slacks")
    legend = []
    for color, (name, row) in zip(cycle(SERIES_COLORS), rows.items(), strict=False):
        axes.line(*thinned(a["stamp"], row), color=color, name=f"slack {name}")
        legend.append((color, f"{name.replace('_', ' ')}, most {np.nanmax(row):.1f}"))
    note = "By how much the plan breaks a soft limit somewhere on its horizon; 0 is kept."
    return Figure("slacks", "Soft limits that the plan breaks", (axes,), tuple(legend), note)


def _solve_times(a: Arrays, run: RunFolder, time: Range) -> Figure:
    ms = a["solve_ms"]
    axes = _time_axes(time, span(ms, floor=0.0), "control step [ms]", "solve times")
    axes.line(*thinned(a["stamp"], ms), color=SERIES_COLORS[0], name="solve time", width=1.0)
    median, late = float(np.median(ms)), float(np.percentile(ms, 99))
    note = f"Median {median:.2f} ms, 99th percentile {late:.2f} ms, largest {ms.max():.2f} ms"
    limits = run.telemetry.limits if run.telemetry else None
    note += f"; a control period is {1e3 * limits.period:.0f} ms." if limits is not None else "."
    return Figure("solve-times", "Solve times", (axes,), (), note)


def _joint_lines(
    key: str, title: str, stamp: FloatArray, values: FloatArray, names: list[str], time: Range, unit: str,
    note: str, *, floor: float | None = None, reach: float | None = None,
) -> Figure:  # fmt: skip
    axes = _time_axes(time, span(values, [] if reach is None else [reach], floor=floor), unit, title)
    legend = []
    for color, name, row in zip(cycle(SERIES_COLORS), names, values.T, strict=False):
        axes.line(*thinned(stamp, row), color=color, name=f"{key} {name}", title=name, width=1.3)
        legend.append((color, name))
    return Figure(key, title, (axes,), tuple(legend), note)


def _time_axes(time: Range, y: Range, y_label: str, name: str) -> Axes:
    return Axes(x=time, y=y, x_label=TIME, y_label=y_label, time=True, name=f"{name} over time")


def _joint_names(a: Arrays, run: RunFolder) -> list[str]:
    limits = run.telemetry.limits if run.telemetry else None
    if limits is not None:
        return list(limits.joint_names)
    return [f"joint{i + 1}" for i in range(a["q"].shape[1])]
