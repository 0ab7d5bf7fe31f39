"""Tables of the report: what the run was, what the VLA answered, and what failed."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any

from hybridctl.record.reading import RecordedEvent
from hybridctl.record.run_folder import RunFolder
from hybridctl.record.timelines import failures

_ANSWERS = ("plan", "act", "look")


def facts(run: RunFolder) -> list[tuple[str, str]]:
    """Return what the run was, as (name, value) pairs; what is not known is left out."""
    report = run.report or {}
    rows: list[tuple[str, str | None]] = [
        ("plan", report.get("plan") or _planned(run)),
        ("score", _pairs(report.get("score"), skip="success")),
        ("resumed", resumed_line(report.get("resumed") or []) or None),
        ("time", _times(run)),
        ("seed", _text(report.get("seed"))),
        ("camera", _text(report.get("camera"))),
        ("path", _pairs(report.get("path_m"), unit=" m")),
        ("tokens drove", _token_share(report)),
        ("controller", _pairs(report.get("controller_status"), unit=" periods")),
        ("limit violations", _pairs(report.get("violations"), unit=" periods", empty="none")),
        ("MPC", _ms(report.get("mpc_ms_median"), "a step, median")),
        ("VLA", _vla(report)),
        ("video", _video(report)),
    ]
    return [(name, value) for name, value in rows if value]


def resumed_line(resumptions: list[dict[str, Any]]) -> str:
    """Return when a run was resumed and what was done and pending then, in words; empty if it was not.

    Args:
        resumptions: The report's `resumed`.
    """
    words = []
    for one in resumptions:
        wall = one.get("wall_time")
        clock = "" if wall is None else f", {datetime.fromtimestamp(wall).astimezone():%Y-%m-%d %H:%M:%S}"
        done, pending = one.get("done") or "nothing", one.get("pending")
        words.append(f"at {one['stamp']:.2f} s{clock}, after {done}" + (f", in {pending}" if pending else ""))
    return "; ".join(words)


def answers_table(run: RunFolder) -> str:
    """Return the VLA's answers as a table, or a sentence when there are none."""
    events = [e for e in (run.telemetry.events if run.telemetry else []) if e.kind in _ANSWERS]
    if not events:
        return "<p>The record holds no answer of the VLA.</p>"
    # Every look that the tree notes was taken in by the memory just before: there its entropy stands.
    looks = iter([e for e in run.memory if e.kind == "seen" and "entropy" in e.measurement])
    rows = []
    for event in events:
        seen = next(looks, None) if event.kind == "look" else None
        entropy = event.data.get("entropy") if seen is None else seen.measurement.get("entropy")
        log_p = event.data.get("log_p") if seen is None else seen.measurement.get("log_probability")
        rows.append(
            f'<tr><td class="number">{event.stamp:.2f}</td><td>{escape(event.kind)}</td>'
            f"<td>{escape(event.cause)}</td><td class='text'>{_answer(event)}</td>"
            f'<td class="number">{_float(entropy)}</td><td class="number">{_float(log_p)}</td></tr>'
        )
    head = (
        '<tr><th class="number">time [s]</th><th>asked</th><th>for</th><th>answer</th>'
        '<th class="number">entropy [nat]</th><th class="number">log p [nat]</th></tr>'
    )
    return _table("answers", head, rows)


def failures_table(run: RunFolder) -> str:
    """Return the leaves that failed as a table, or a sentence when none did."""
    failed = failures(run)
    if not failed:
        return "<p>No leaf failed.</p>" if run.telemetry or run.report else "<p>Not known.</p>"
    rows = [
        f'<tr><td class="number">{stamp:.2f}</td><td>{escape(leaf)}</td><td>{escape(kind)}</td>'
        f'<td class="text">{escape(why)}</td></tr>'
        for stamp, leaf, kind, why in failed
    ]
    head = '<tr><th class="number">time [s]</th><th>leaf</th><th>kind</th><th>why</th></tr>'
    return _table("failed", head, rows)


def _table(key: str, head: str, rows: list[str]) -> str:
    body = "\n".join(rows)
    return (
        f'<div class="card scroll"><table id="{key}"><thead>{head}</thead>'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _answer(event: RecordedEvent) -> str:
    try:
        return _in_words(event)
    except (TypeError, ValueError):  # a leaf of one's own may note other things under these names
        return escape(str(event.data))


def _in_words(event: RecordedEvent) -> str:
    data = event.data
    if event.kind == "act":
        tokens = " ".join(str(token) for token in data.get("tokens", ()))
        distance = data.get("distance_to_belief")
        left = "" if distance is None else f", {1e3 * distance:.0f} mm to go"
        return f"<code>{escape(tokens)}</code>{left}"
    if event.kind == "look":
        position = ", ".join(f"{value:.3f}" for value in data.get("position", ()))
        pixel = ", ".join(f"{value:.0f}" for value in data.get("pixel", ()))
        return escape(f"pixel ({pixel}), there ({position}) m")
    return escape(str(data.get("text", "")))


def _planned(run: RunFolder) -> str | None:
    plans = [e for e in (run.telemetry.events if run.telemetry else []) if e.kind == "plan"]
    return str(plans[-1].data.get("text")) if plans else None


def _times(run: RunFolder) -> str | None:
    report = run.report or {}
    if "sim_seconds" in report:
        wall = report.get("wall_seconds")
        return f"{report['sim_seconds']:.1f} s simulated" + (f" in {wall:.1f} s" if wall else "")
    if run.telemetry is not None and len(run.telemetry.arrays["stamp"]):
        stamp = run.telemetry.arrays["stamp"]
        return f"{stamp[-1] - stamp[0]:.1f} s recorded"
    return None


def _vla(report: dict[str, Any]) -> str | None:
    if not report.get("vla_calls"):
        return None
    median = _ms(report.get("vla_ms_median"), "an answer, median")
    return f"{report['vla_calls']} answers" + (f", {median}" if median else "")


def _video(report: dict[str, Any]) -> str | None:
    film = report.get("record", {}).get("video")
    if film is None or not film["frames"] + film["dropped"]:
        return None
    dropped = f"{film['dropped']} dropped: the encoder was behind" if film["dropped"] else "none dropped"
    return f"{film['frames']} frames, {dropped}"


def _pairs(values: Any, *, unit: str = "", empty: str | None = None, skip: str = "") -> str | None:
    if not isinstance(values, dict):
        return None
    words = []
    for name, value in values.items():
        if name == skip:
            continue
        plain = name.replace("_", " ")
        if isinstance(value, bool):
            words.append(f"{plain}: {'yes' if value else 'no'}")
        else:
            shown = f"{value:.2f}" if isinstance(value, float) else str(value)
            one = unit.endswith("s") and value == 1
            words.append(f"{plain} {shown}{unit[:-1] if one else unit}")
    return ", ".join(words) or empty


def _token_share(report: dict[str, Any]) -> str | None:
    shares = {"token_motion_share": "of the path", "token_share_of_approach": "of the way to things"}
    words = [f"{100 * report[key]:.0f} % {of}" for key, of in shares.items() if key in report]
    return ", ".join(words) or None


def _ms(value: Any, of: str) -> str | None:
    return f"{value:.2f} ms {of}" if isinstance(value, int | float) else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _float(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, int | float) else ""
