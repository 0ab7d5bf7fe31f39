"""Timelines: which leaf of the tree was active, and what the memory knew of each thing."""

from __future__ import annotations

import math
from itertools import pairwise

from hybridctl.record.colors import FAILURE_COLOR, SERIES_COLORS, SOURCE_COLORS
from hybridctl.record.figure import Figure
from hybridctl.record.holding import Belief, holding_spans
from hybridctl.record.run_folder import RunFolder
from hybridctl.record.svg import Axes, Range

_ROW = 24.0
_MARGINS = (200.0, 16.0, 8.0, 40.0)
_SUCCESS_COLOR = "#10b981"
_LEAF_COLOR = SERIES_COLORS[0]


def tree_course(run: RunFolder) -> list[tuple[float, str, str]]:
    """Return (stamp [s], status, leaf) at each change, from telemetry or else from report.json."""
    if run.telemetry is not None and run.telemetry.tree:
        return run.telemetry.tree
    return [(float(s), str(status), str(tip)) for s, status, tip in (run.report or {}).get("tree", [])]


def failures(run: RunFolder) -> list[tuple[float, str, str, str]]:
    """Return (stamp [s], leaf, kind, why) of each leaf that failed."""
    if run.telemetry is not None:
        events = [event for event in run.telemetry.events if event.kind == "failure"]
        return [(e.stamp, str(e.data.get("leaf")), e.cause, str(e.data.get("why"))) for e in events]
    listed = (run.report or {}).get("failures", [])
    return [(float(f["stamp"]), f["leaf"], f["kind"], f["why"]) for f in listed]


def tree_figure(run: RunFolder, time: Range) -> Figure | None:
    """Return the strip of active leaves; None when the tree was never ticked."""
    course = tree_course(run)
    if not course:
        return None
    leaves = list(dict.fromkeys(leaf or "(no leaf)" for _, _, leaf in course))
    axes = _rows_axes(leaves, time, "active leaf of the tree")
    failed = failures(run)
    ends = [*course[1:], (max(time[1], course[-1][0]), "", "")]
    for (start, status, leaf), (stop, _, _) in zip(course, ends, strict=True):
        row = len(leaves) - 1 - leaves.index(leaf or "(no leaf)")
        color = {"SUCCESS": _SUCCESS_COLOR, "FAILURE": FAILURE_COLOR}.get(status, _LEAF_COLOR)
        if status == "RUNNING":
            title = f"{leaf}: {start:.2f} to {stop:.2f} s"
            axes.box(start, stop, row + 0.18, row + 0.82, color=color, title=title, round_=3, name="leaf")
        else:
            axes.dot(start, row + 0.5, color=color, title=f"{status} at {start:.2f} s, {leaf}", radius=6.5)
    for stamp, leaf, kind, why in failed:
        axes.rule(stamp, color=FAILURE_COLOR, title=f"{leaf} failed: {kind}: {why}")
    legend = [(_LEAF_COLOR, "active"), (_SUCCESS_COLOR, "the tree succeeds")]
    if failed or any(status == "FAILURE" for _, status, _ in course):
        legend.append((FAILURE_COLOR, "a leaf failed"))
    return Figure("tree", "Tree states over time", (axes,), tuple(legend), wide=True)


def memory_figure(run: RunFolder, time: Range) -> Figure | None:
    """Return what the memory knew of each thing; None when it never saw one."""
    known: dict[str, list[tuple[float, float]]] = {}
    marks: list[tuple[str, float, str, float, str]] = []
    for event in run.memory:
        for phrase, slot in event.belief.get("slots", {}).items():
            spans = known.setdefault(phrase, [])
            if slot is None:
                if spans:
                    spans[-1] = (spans[-1][0], event.stamp)
                continue
            if not spans or spans[-1][1] != math.inf:
                spans.append((event.stamp, math.inf))
            sigma = 1e3 * math.sqrt(max(0.0, max(slot["covariance"][i][i] for i in range(3))))
            marks.append((phrase, event.stamp, event.kind, sigma, event.cause))
    if not known:
        return None
    phrases = list(known)
    axes = _rows_axes(phrases, time, "what the memory knew")
    rows = {phrase: len(phrases) - 1 - i for i, phrase in enumerate(phrases)}
    for phrase, spans in known.items():
        row = rows[phrase]
        for start, stop in spans:
            box = (start, min(stop, time[1]), row + 0.4, row + 0.6)
            axes.box(*box, color=SOURCE_COLORS["none"], title=f"{phrase} is known", opacity=0.6)
    for start, stop, belief, phrase in holding_spans(run.memory, time[1]):
        if belief is Belief.HELD and phrase in rows:
            row = rows[phrase]
            axes.box(
                start, stop, row + 0.22, row + 0.78, color=_SUCCESS_COLOR, title=f"{phrase} held", round_=3
            )
    for phrase, stamp, kind, sigma, cause in marks:
        color = SERIES_COLORS[0] if kind.startswith("seen") else SOURCE_COLORS["fine"]
        title = f"{phrase}, {stamp:.2f} s: {cause}, σ {sigma:.1f} mm"
        axes.dot(stamp, rows[phrase] + 0.5, color=color, title=title, radius=4.5, name=f"memory {kind}")
    for phrase in phrases:
        looks = [
            (stamp, sigma) for p, stamp, kind, sigma, _ in marks if p == phrase and kind.startswith("seen")
        ]
        ends = [stamp for stamp, _ in looks[1:]] + [math.inf]
        for (stamp, sigma), following in zip(looks, ends, strict=True):
            room = 0.08 * (time[1] - time[0])
            if following - stamp > room:
                late = stamp + room > time[1]
                anchor, dx = ("end", 4) if late else ("start", 7)
                word = f"σ {sigma:.1f} mm"
                axes.word(stamp, rows[phrase] + 0.5, word, anchor=anchor, dx=dx, dy=-8, faint=True)
    legend = (
        (SOURCE_COLORS["none"], "known"),
        (SERIES_COLORS[0], "seen"),
        (SOURCE_COLORS["fine"], "felt by the hand"),
        (_SUCCESS_COLOR, "held"),
    )
    note = "σ: largest standard deviation of the believed position after the look."
    return Figure("memory", "Memory: what was known of each thing", (axes,), legend, note, wide=True)


def active_leaves(run: RunFolder) -> list[tuple[float, str]]:
    """Return (stamp [s], leaf) at each change of the leaf, for the page's cursor."""
    course = [(round(stamp, 3), leaf) for stamp, _, leaf in tree_course(run)]
    return course[:1] + [b for a, b in pairwise(course) if a[1] != b[1]]


def _rows_axes(names: list[str], time: Range, name: str) -> Axes:
    row = 34.0 if len(names) < 4 else _ROW
    height = row * len(names) + _MARGINS[2] + _MARGINS[3]
    axes = Axes(
        x=time, y=(0.0, float(len(names))), width=1120, height=height, margins=_MARGINS,
        x_label="time [s]", time=True, y_ticks=False, name=f"{name} over time",
    )  # fmt: skip
    for i, text in enumerate(names):
        axes.label(len(names) - 1 - i + 0.5, text if len(text) <= 30 else text[:29] + "…")
    return axes
