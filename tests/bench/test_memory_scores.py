"""Figures are what their definitions say on samples whose answer is known."""

import numpy as np
import pytest

from hybridctl.bench.memory_scores import ece, scores


def row(**change: object) -> dict[str, object]:
    usual = {
        "nees": [], "said": [], "errors": [0.002], "raw_errors": [0.006], "stations": [5], "switches": 0,
        "notice": [], "known": [1.0],
    }  # fmt: skip
    return {**usual, **change}


def test_a_calibrated_forecaster_has_no_calibration_error_and_a_boaster_has() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.0, 1.0, 30_000)
    true = rng.uniform(size=p.size) < p
    calibrated = ece(p.tolist(), true.tolist())
    boasting = ece([0.99] * 1000, [k % 2 == 0 for k in range(1000)])
    assert calibrated is not None
    assert calibrated < 0.015
    assert boasting == pytest.approx(0.49)
    assert ece([], []) is None


def test_errors_of_the_assumed_size_are_inside_and_larger_ones_are_not() -> None:
    rng = np.random.default_rng(1)
    honest = (rng.standard_normal((20_000, 3)) ** 2).sum(axis=1)
    for scale, low, high in ((1.0, 0.94, 0.96), (4.0, 0.2, 0.75)):
        figures, n = scores([row(nees=[[v * scale, True, False] for v in honest])])
        assert low < figures["nees_inside"] < high
        assert n["nees_inside"] == 20_000


def test_what_nobody_can_know_yet_does_not_count() -> None:
    figures, n = scores([row(nees=[[1e4, False, False], [2.0, True, False]])])
    assert figures["nees_inside"] == 1.0
    assert n["nees_inside"] == 1


def test_switches_add_up_and_moves_that_were_missed_are_told() -> None:
    notice = [[1.0, True, False], [9.0, False, True]]
    figures, n = scores([row(switches=2, notice=notice), row(switches=3)])
    assert figures["identity_switches"] == 5
    assert figures["unnoticed"] == 0.5
    assert figures["notice_s"] == 5.0
    assert figures["error_mm"] == 2.0
    assert figures["raw_error_views_mm"] == 6.0
    assert n["notice_s"] == 2
