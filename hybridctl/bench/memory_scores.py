"""Figures of judged sequences: consistency, calibration, identity, error, how soon a move is seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import chi2

from hybridctl.bench.memory_players import NEAR
from hybridctl.bench.statistics import quantile

BINS = 15
VIEWS_DIFFER = 4
"""From so many stations on the error is one over views that differ."""
_LOW, _HIGH = float(chi2.ppf(0.025, df=3)), float(chi2.ppf(0.975, df=3))
Figures = dict[str, float | None]


def ece(probabilities: Sequence[float], outcomes: Sequence[bool], *, bins: int = BINS) -> float | None:
    """Return the expected calibration error over bins of equal mass; None of nothing.

    Naeini, Cooper, Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015.
    """
    if not len(probabilities):
        return None
    p, y = np.asarray(probabilities, dtype=float), np.asarray(outcomes, dtype=float)
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    return round(float(sum(abs(p[i].mean() - y[i].mean()) * i.size for i in parts)) / p.size, 4)


def scores(rows: Sequence[dict[str, Any]]) -> tuple[Figures, dict[str, int]]:
    """Return the figures of one player over its rows (memory_judge), and how many cases each rests on.

    NEES counts where a camera could have shown a move: until then nobody can know of it. Its bounds are the
    two-sided 95 % of chi² with three degrees of freedom; those of the mean are not used, for samples of one
    sequence are not independent.
    """
    figures: Figures = {}
    n: dict[str, int] = {}
    nees = np.array([value for row in rows for value, knowable, _ in row["nees"] if knowable])
    if nees.size:
        inside = (nees > _LOW) & (nees < _HIGH)
        figures["nees_inside"] = round(float(inside.mean()), 4)
        figures["nees_above"] = round(float((nees >= _HIGH).mean()), 4)
        figures["nees_median"], figures["nees_mean"] = (
            quantile(nees.tolist(), 0.5),
            round(float(nees.mean()), 2),
        )
        n["nees_inside"] = int(nees.size)
    chances = np.array([chance for row in rows for chance in row.get("nis", [])])
    if chances.size:
        figures["nis_inside"] = round(float(((chances > 0.025) & (chances < 0.975)).mean()), 4)
        n["nis_inside"] = int(chances.size)
    said = [pair for row in rows for pair in row["said"]]
    if said:
        figures["ece"], n["ece"] = ece([p for p, _ in said], [bool(y) for _, y in said]), len(said)
    errors, raw, stations = (_all(rows, key) for key in ("errors", "raw_errors", "stations"))
    figures["error_mm"], figures["raw_error_mm"] = _mm(errors), _mm(raw)
    several = stations >= VIEWS_DIFFER
    figures["error_views_mm"], figures["raw_error_views_mm"] = _mm(errors[several]), _mm(raw[several])
    figures["wrong_place"], figures["raw_wrong_place"] = _share(errors > NEAR), _share(raw > NEAR)
    for key in ("error_mm", "raw_error_mm", "wrong_place", "raw_wrong_place"):
        n[key] = int(errors.size)
    n["error_views_mm"] = n["raw_error_views_mm"] = int(several.sum())
    figures["known"] = round(float(np.mean(_all(rows, "known"))), 4)
    figures["identity_switches"], n["identity_switches"] = sum(row["switches"] for row in rows), len(rows)
    notice = [one for row in rows for one in row["notice"]]
    figures["notice_s"] = quantile([seconds for seconds, _, _ in notice], 0.5)
    figures["unnoticed"] = _share(np.array([not seen for _, seen, _ in notice]))
    n["notice_s"] = n["unnoticed"] = len(notice)
    return figures, n


def _all(rows: Sequence[dict[str, Any]], key: str) -> np.ndarray:
    return np.array([value for row in rows for value in row[key]], dtype=float)


def _mm(metres: np.ndarray) -> float | None:
    return quantile((1e3 * metres).tolist(), 0.5)


def _share(flags: np.ndarray) -> float | None:
    return round(float(flags.mean()), 4) if flags.size else None
