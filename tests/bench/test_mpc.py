"""The MPC's bench: what it breaks on a slice of the scenario, and what the figures are made of (untimed)."""

import sys

import numpy as np
import pytest

from hybridctl.bench import mpc
from hybridctl.bench.follower import Step
from hybridctl.bench.report import BenchError, Job
from hybridctl.bench.scenario import load_scenario

SLICE = load_scenario()


@pytest.fixture(scope="module")
def rows() -> dict[str, mpc.Row]:
    return {row["follower"]: row for row in mpc.follow_all(1, scenario=SLICE)}


@pytest.mark.parametrize("name", ["nodes5", "nodes8", "nodes8_torque"])
def test_ours_keeps_every_limit_of_the_whole_scenario(rows: dict[str, mpc.Row], name: str) -> None:
    row = rows[name]
    assert row["violations"] == {}
    assert row["qp_failures"] == 0
    assert row["room"]["box"] < 0.02, "the box was met"
    assert row["room"]["table"] < 0.02, "the table too"
    assert row["steps"] == SLICE.ticks


def test_peers_follow_the_same_scenario_and_are_judged_alike(rows: dict[str, mpc.Row]) -> None:
    pytest.importorskip("mink")
    pytest.importorskip("pink")
    assert rows["mink"]["violations"]["box"] > 0, "it has no box"
    assert rows["mink"]["violations"]["acceleration"] > 0, "nor accelerations"
    assert rows["pink"]["room"]["box"] > 0.0
    for name in ("mink", "pink"):
        assert rows[name]["room"]["velocity"] >= 0.0
        assert rows[name]["settings"]["solver"] == "daqp"
        assert rows[name]["settings"]["pairs"] == 16


def test_a_missing_peer_is_named_with_the_extra_and_ours_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mink", None)
    monkeypatch.delitem(sys.modules, "hybridctl.bench.peers.mink_ik", raising=False)
    short = load_scenario().model_copy(update={"ticks": 30})
    rows = mpc.follow_all(1, scenario=short)
    (missing,) = [row for row in rows if "problem" in row]
    assert missing["follower"] == "mink"
    assert "pip install 'hybridctl[bench]'" in missing["problem"]
    figures = mpc._sum_up(rows, with_box_fddp=False).figures
    assert figures["mink_ms_median"] is figures["ratio8_mink"] is figures["mink_violations"] is None
    assert figures["nodes8_ms_median"] is not None


KEYS = [
    "nodes5_ms_median",
    "nodes5_ms_p99",
    "nodes8_ms_median",
    "nodes8_ms_p99",
    "nodes8_torque_ms_median",
    "mink_ms_median",
    "pink_ms_median",
    "ratio5_mink",
    "ratio8_mink",
    "ratio8_pink",
    "violations",
    "qp_failures",
    "steady_state_mm",
    "steady_state_deg",
    "jitter_floor_ms_p99",
]


def row(name: str, ms: float, **more: object) -> mpc.Row:
    room = {"box": 0.01, "self_collision": 0.1, "table": 0.01, "world": 0.02, "acceleration": 0.0}
    return {
        "follower": name, "steps": 100, "ms_median": ms, "ms_p99": 2 * ms, "violations": {},
        "qp_failures": 0, "room": room, "steady_state_mm": 0.01, "steady_state_deg": 0.001, **more,
    }  # fmt: skip


BROKEN = {"box": -0.1, "self_collision": 0.1, "table": -0.002, "world": 0.1, "acceleration": -200.0}
ROWS = [
    row("empty", 0.001),
    row("nodes5", 0.2, qp_failures=1),
    row("nodes8", 0.3, violations={"box": 2, "table": 1}, steady_state_mm=0.03),
    row("mink", 0.15, violations={"box": 80}, room=BROKEN),
    row("pink", 1.2),
]


def test_figures_are_the_keys_that_the_readme_quotes() -> None:
    found = mpc._sum_up(ROWS, with_box_fddp=False)
    assert set(KEYS) <= set(found.figures)
    assert not any("boxfddp" in key for key in found.figures)
    assert {"boxfddp_ms_median", "ratio8_boxfddp"} <= set(mpc._sum_up(ROWS, with_box_fddp=True).figures)


def test_ratios_are_of_medians_and_only_ours_counts_as_violations() -> None:
    figures = mpc._sum_up(ROWS, with_box_fddp=False).figures
    assert figures["ratio5_mink"] == pytest.approx(0.2 / 0.15, abs=1e-3)
    assert figures["ratio8_pink"] == 0.25
    assert figures["violations"] == 3
    assert figures["qp_failures"] == 1
    assert figures["steady_state_mm"] == 0.03
    assert figures["nodes8_torque_ms_median"] is None, "not measured is no figure"
    assert figures["mink_violations"] == 80
    assert figures["mink_box_mm"] == 100.0
    assert figures["mink_distance_mm"] == 2.0
    assert figures["mink_acceleration"] == 200.0
    assert figures["jitter_floor_ms_p99"] == 0.002


def test_everybody_gets_every_tick_in_blocks_that_take_turns() -> None:
    seen: list[tuple[str, float]] = []

    class Witness(mpc.EmptyFollower):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def step(self, T: np.ndarray, obstacles: object, now: float) -> Step:
            seen.append((self.name, round(now / SLICE.dt)))
            return super().step(T, (), now)

    from controllers.robot_model import RobotModel

    runs = [mpc.Run(Witness("a")), mpc.Run(Witness("b"))]
    mpc._follow(runs, RobotModel.load("panda"), SLICE, ticks=60)
    for name in "ab":
        assert [tick for who, tick in seen if who == name] == list(range(60))
    order = "".join(who for who, _ in seen)
    assert order == "a" * 25 + "b" * 50 + "a" * 25 + "a" * 10 + "b" * 10


def test_a_fixed_scenario_takes_no_seeds() -> None:
    with pytest.raises(BenchError, match="fixed scenario"):
        mpc.measure(Job(True, (1_000_000, 1_000_002), 1, None, None))
