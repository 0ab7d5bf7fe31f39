"""What scenarios measured as a table for people, one file's gains or two side by side."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from hybridctl.tuning.evaluation import Evaluation
from hybridctl.tuning.measures import LOWER_IS_BETTER, UNITS

NOTICEABLE = 0.02
"""Two values within this part of each other count as the same."""


def comparison(results: dict[str, Evaluation]) -> Table:
    """Return the table; with two files the better value is green, where one is better.

    Args:
        results: What gains did, by the name of their file; all on the same scenarios.
    """
    table = Table(title_justify="left", title="lower is better in what the objective counts")
    table.add_column("scenario")
    table.add_column("measure")
    for name in results:
        table.add_column(name, justify="right")
    first = next(iter(results.values()))
    for scenario in first.measures:
        shown = scenario
        for key, unit in UNITS.items():
            values = [each.measures[scenario].get(key) for each in results.values()]
            if all(value is None for value in values):
                continue
            table.add_row(shown, escape(f"{_words(key)} [{unit}]"), *_cells(key, values))
            shown = ""
        table.add_section()
    table.add_row("all", "objective", *_cells("score", [each.score for each in results.values()]))
    return table


def _cells(key: str, values: list[float | None]) -> list[str]:
    texts = ["" if value is None else f"{value:.3g}" for value in values]
    known = [value for value in values if value is not None]
    if len(known) != 2 or len(values) != 2 or key not in {*LOWER_IS_BETTER, "score"}:
        return texts
    low, high = min(known), max(known)
    if high - low <= NOTICEABLE * high:
        return texts
    best = known.index(low)
    texts[best] = f"[green]{texts[best]}[/]"
    return texts


def _words(key: str) -> str:
    for ending in ("_mm", "_deg", "_s", "_share"):
        key = key.removesuffix(ending)
    return key.replace("_", " ").replace(" ms", "").replace("solve", "solve time")
