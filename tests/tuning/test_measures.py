"""Measures of made traces are what one computes by hand; the objective counts what it says."""

import numpy as np
import pytest

from controllers import RobotModel, load_gains
from hybridctl.tuning.measures import OBJECTIVE, measure, score
from hybridctl.tuning.scenario import Scenario
from hybridctl.tuning.trial import Trace

DT = 0.01


def trace(
    x: np.ndarray, *, wish: float, jumps: tuple[float, ...] = (0.0,), obstacle: float | None = None
) -> Trace:
    """The tool at `x` along the first axis, wanted at `wish`."""
    n = len(x)
    time = DT * np.arange(n)
    tool, wished = np.zeros((n, 3)), np.zeros((n, 3))
    tool[:, 0], wished[:, 0] = x, wish
    scenario = Scenario("made", "", n * DT, lambda t: np.eye(4), lambda t: np.eye(4), jumps)
    distance = np.full(n, np.nan if obstacle is None else obstacle)
    return Trace(
        scenario, time, tool, wished, np.abs(x - wish), np.zeros(n), np.zeros((n, 7)), np.zeros((n, 7)),
        distance, {"joint": 0.5, "workspace": 0.1}, np.ones(n), {}, 0,
    )  # fmt: skip


def test_overshoot_settling_and_steady_error(robot: RobotModel) -> None:
    x = np.concatenate((np.linspace(0.0, 0.1, 50), np.full(20, 0.104), np.full(130, 0.1005)))
    found = measure(trace(x, wish=0.1), model=robot, gains=load_gains())
    assert found["overshoot_mm"] == pytest.approx(4.0)
    assert found["settling_s"] == pytest.approx(0.69)
    assert found["steady_mm"] == pytest.approx(0.5)


def test_a_jump_that_is_never_reached_settles_at_its_end(robot: RobotModel) -> None:
    found = measure(trace(np.zeros(100), wish=0.1), model=robot, gains=load_gains())
    assert found["settling_s"] == pytest.approx(0.99)
    assert found["steady_mm"] == pytest.approx(100.0)


def test_jerk_of_a_known_velocity(robot: RobotModel) -> None:
    made = trace(np.zeros(100), wish=0.0, jumps=())
    made.dq[:, 0] = 0.5 * 3.0 * (DT * np.arange(100)) ** 2
    found = measure(made, model=robot, gains=load_gains())
    assert found["jerk"] == pytest.approx(3.0 / np.sqrt(7))


def test_only_what_a_trace_has_is_measured_and_a_hit_counts(robot: RobotModel) -> None:
    gains = load_gains()
    free = measure(trace(np.zeros(100), wish=0.0, jumps=()), model=robot, gains=gains)
    assert not free.keys() & {"obstacle_mm", "hit_mm", "settling_s", "torque_share", "table_mm"}
    hit = measure(trace(np.zeros(100), wish=0.0, jumps=(), obstacle=-0.02), model=robot, gains=gains)
    assert hit["hit_mm"] == pytest.approx(20.0)
    assert score({"a": hit}) - score({"a": free}) == pytest.approx(20.0 / OBJECTIVE["hit_mm"])


def test_tracking_counts_where_no_jump_is() -> None:
    assert score({"a": {"tracking_mm": 10.0}}) == pytest.approx(10.0 / OBJECTIVE["tracking_mm"])
    assert score({"a": {"tracking_mm": 10.0, "settling_s": 0.0}}) == 0.0
