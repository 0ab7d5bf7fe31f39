"""The bench gives all figures that BENCH.md asks for, each with the number of cases behind it."""

import numpy as np

from hybridctl.bench import memory
from hybridctl.bench.report import BENCHES

STREAM = (
    "nees_inside", "nis_inside", "ece", "identity_switches", "naive_identity_switches", "error_mm",
    "raw_error_mm", "notice_s", "naive_notice_s",
)  # fmt: skip


def judged(scale: float) -> dict[str, object]:
    rng = np.random.default_rng(0)
    nees = [[float(v), True, False] for v in (rng.standard_normal((200, 3)) ** 2).sum(axis=1)]
    return {
        "nees": nees, "said": [[0.9, True]] * 9 + [[0.9, False]], "errors": [0.001 * scale] * 5,
        "raw_errors": [0.004] * 5, "stations": [1, 2, 3, 4, 5], "switches": int(scale), "known": [1.0],
        "notice": [[scale, True, False]], "nis": [0.5] * 9 + [0.01],
    }  # fmt: skip


def row(seed: int) -> dict[str, object]:
    naive = {**judged(3.0), "nees": [], "said": []}
    del naive["nis"]
    players = {
        "memory": judged(1.0), "naive": naive, "memory_iid": judged(1.0), "naive_iid": naive,
        "peer_iid": judged(2.0),
    }  # fmt: skip
    return {
        "seed": seed, "ended": "SUCCESS: done", "pictures": 80, "look_ms": [1.0, 2.0], "measure_ms": 5.0,
        "record_s": 1.0, "judge_s": 1.0, **players,
    }  # fmt: skip


def test_both_streams_give_every_figure_and_the_peer_its_own() -> None:
    figures, n = memory._sum_up([row(1), row(2)])
    for key in STREAM:
        assert figures[key] is not None
        assert figures[f"{key}_iid"] is not None
        assert n[key] > 0
    assert figures["identity_switches"] == 2
    assert figures["naive_identity_switches"] == 6
    assert figures["peer_error_mm_iid"] == 2.0
    assert figures["peer_nees_inside_iid"] == figures["nees_inside"]
    assert figures["naive_error_mm"] == 3.0
    assert "naive_nees_inside" not in figures, "it gives no covariance"


def test_rows_that_are_kept_hold_figures_and_no_samples() -> None:
    slim = memory._slim(row(1))
    assert slim["memory"]["error_mm"] == 1.0
    assert "nees" not in slim["memory"]


def test_the_bench_is_registered() -> None:
    assert BENCHES["memory"] == memory.__name__
