"""The bench of precision: a small fixed slice of what it measures, and how it sums up."""

import numpy as np
import pytest

from controllers.gains import load_gains
from hybridctl.bench import precision
from hybridctl.bench.precision import (
    ERRORS,
    KEYS,
    WIDE,
    bins_error,
    sample_pose,
    sensed_error,
    tracking_error,
)
from hybridctl.messages.action import ActionSpec
from hybridctl.vla.statistics import EMBEDDED_STATISTICS

SEEDS = range(900_100, 900_140)


@pytest.mark.parametrize("spec", [EMBEDDED_STATISTICS.action_spec(), WIDE], ids=["shipped", "wide"])
def test_an_action_loses_at_most_half_a_bin_an_axis(spec: ActionSpec) -> None:
    half = spec.bin_width / 2
    mm, deg = np.transpose([bins_error(spec, np.eye(4), seed=seed) for seed in SEEDS])
    assert 0.3 * 1e3 * np.linalg.norm(half[1:4]) < np.median(mm)
    assert mm.max() <= 1e3 * np.linalg.norm(half[1:4])
    assert deg.max() <= np.degrees(half[4:7].sum())


def test_the_tool_rests_where_it_was_sent(simulator, robot) -> None:
    for seed in SEEDS[:3]:
        found = tracking_error(simulator, robot, load_gains(), sample_pose(robot, seed))
        assert found["rested"]
        assert found["tracking_mm"] < 0.1
        assert found["tracking_deg"] < 0.02


def test_the_whole_chain_is_exact_to_two_millimetres_through_wrong_cameras(simulator, robot, shipped) -> None:
    before = simulator.camera_errors
    try:
        for seed in SEEDS[:2]:
            found = sensed_error(simulator, shipped, robot, load_gains(), seed=seed)
            assert found["reached"], found["why"]
            assert found["sensed_mm"] < 2.0
            assert simulator.camera_errors.translation == ERRORS.translation
    finally:
        simulator.camera_errors = before


def a_row(seed: int, **changes: object) -> dict[str, object]:
    row: dict[str, object] = {key: float(seed) for key in KEYS}
    row |= {"seed": seed, "reached": True, "rested": True, "reach_s": 7.0, "settling_s": 3.0}
    return row | changes


def test_medians_rest_on_what_was_reached_and_on_things_that_have_a_turn() -> None:
    missed = a_row(9, reached=False, sensed_mm=None, sensed_across_mm=None, sensed_deg=None)
    rows = [a_row(2, sensed_deg=None), a_row(1), missed, a_row(3)]
    found = precision._sum_up(rows, (0, 10))
    assert found.figures["poses"] == 4
    assert found.figures["sensed_mm"] == 2.0
    assert found.figures["sensed_mm_worst"] == 3.0
    assert (found.n["sensed_mm"], found.n["sensed_deg"], found.n["bins_mm"]) == (3, 2, 4)
    assert not found.complete
    wanted = {"poses", "bins_mm", "bins_deg", "tracking_mm", "tracking_deg", "sensed_mm", "sensed_deg"}
    assert wanted <= set(found.figures)
