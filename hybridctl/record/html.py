"""report.html: a run on one page without network, made from the run folder alone."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from hybridctl.record.motion_plots import motion_figures
from hybridctl.record.run_folder import RunFolder, load_run
from hybridctl.record.svg import Range
from hybridctl.record.tables import answers_table, facts, failures_table
from hybridctl.record.timelines import active_leaves, memory_figure, tree_course, tree_figure

REPORT_PAGE = "report.html"
_HERE = Path(__file__).parent


def write_html(folder: str | Path) -> Path:
    """Write report.html into a run folder, from what is there, and return its path.

    A run that was cut short is shown as far as it goes; the page says what is missing. Styles, script and
    plots are in the page; the video is played from the folder.

    Raises:
        RunFolderError: the folder does not exist or holds none of a run's files.
        OSError: the page cannot be written.
    """
    run = load_run(Path(folder))
    path = run.path / REPORT_PAGE
    path.write_text(render(run), encoding="utf-8")
    return path


def render(run: RunFolder) -> str:
    """Return the page of a run."""
    time = _time_range(run)
    figures = [tree_figure(run, time), memory_figure(run, time), *motion_figures(run, time)]
    # The path first: it is what one looks for.
    shown = sorted((f for f in figures if f is not None), key=lambda figure: figure.key != "path")
    plots = "\n".join(figure.render() for figure in shown) or "<p>There is nothing to plot.</p>"
    title = run.instruction or run.path.resolve().name
    leaves = json.dumps(active_leaves(run)).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{(_HERE / "report.css").read_text(encoding="utf-8")}</style>
</head>
<body>
<main>
<header>
<h1>{escape(title)}</h1>
{_outcome(run)}
{_problems(run)}
</header>
{_top(run)}
<h2>What happened</h2>
<div class="figures">
{plots}
</div>
<h2>Answers of the VLA</h2>
{answers_table(run)}
<h2>Failures</h2>
{failures_table(run)}
<footer>Run folder {escape(run.path.resolve().name)}. telemetry.mcap opens in Foxglove.</footer>
</main>
<div id="now"></div>
<script type="application/json" id="leaves">{leaves}</script>
<script>
{(_HERE / "report.js").read_text(encoding="utf-8")}</script>
</body>
</html>
"""


def _outcome(run: RunFolder) -> str:
    if run.report is None:
        return '<p class="outcome bad">Cut short: the outcome is not known</p>'
    done = bool(run.report.get("success"))
    status, cause = str(run.report.get("status", "")), str(run.report.get("cause", ""))
    told = f": {cause}" if cause and cause != "done" else ""
    word = "Done" if done else f"Failed ({status.lower()}{told})"
    if not done and status == "SUCCESS":
        word = "Failed: the tree held it for done, the score says otherwise"
    return f'<p class="outcome {"good" if done else "bad"}">{escape(word)}</p>'


def _problems(run: RunFolder) -> str:
    if not run.problems:
        return ""
    lines = "".join(f"<p>{escape(problem)}</p>" for problem in run.problems)
    return f'<div class="problems">{lines}</div>'


def _top(run: RunFolder) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts(run))
    known = f'<div class="card"><dl class="facts">{rows}</dl></div>' if rows else ""
    if not run.videos:
        return known
    *earlier, (video, start) = run.videos
    known_start = "" if start is None else f' data-start="{start:.6g}"'
    player = f'<video src="{video}"{known_start} controls muted playsinline preload="auto"></video>'
    links = "".join(f'<p>Before the run was resumed: <a href="{name}">{name}</a></p>' for name, _ in earlier)
    return f'<div class="top">{known}<div>{player}{links}</div></div>'


def _time_range(run: RunFolder) -> Range:
    """Return the first and last clock time of anything that was recorded [s]."""
    stamps = [stamp for stamp, _, _ in tree_course(run)] + [event.stamp for event in run.memory]
    if run.telemetry is not None and len(run.telemetry.arrays["stamp"]):
        recorded = run.telemetry.arrays["stamp"]
        return min(float(recorded[0]), *stamps, float("inf")), max(float(recorded[-1]), *stamps, 0.0)
    return (min(stamps), max(stamps)) if stamps else (0.0, 1.0)
