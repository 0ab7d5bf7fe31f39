"""The loop's bench counts late ticks, takes differences as a robot does, and its outputs keep every bound."""

import time

import numpy as np
import pytest

from controllers import RobotModel
from hybridctl.bench import loop


def test_ticks_that_begin_late_are_seen_and_made_up_for() -> None:
    def work(tick: int) -> None:
        if tick == 20:
            time.sleep(0.005)

    began = time.monotonic()
    late, took = loop._kept_time(work, 100)
    assert took[20] > 0.005
    assert late[21] > 0.0035
    assert np.all(late >= 0.0)
    assert time.monotonic() - began >= 0.1


def test_ratios_are_differences_over_limits() -> None:
    t = loop.DT * np.arange(400)[:, None]
    q = np.concatenate((np.zeros((3, 1)), 10.0 * t**3))  # jerk 60 rad/s³ from rest
    limits = {"dq_max": np.array([10.0]), "ddq_max": np.array([50.0]), "dddq_max": np.array([120.0])}
    ratios = loop.worst_ratios(q, **limits)
    assert ratios["worst_jerk_ratio"] == pytest.approx(0.5, rel=1e-3)
    assert ratios["worst_acceleration_ratio"] == pytest.approx(60 * 0.398 / 50, rel=1e-2)
    assert ratios["worst_velocity_ratio"] == pytest.approx(30 * 0.3985**2 / 10, rel=1e-2)


def test_a_short_run_moves_the_arm_within_its_bounds() -> None:
    ticks = 1_500
    empty, loaded = loop.run_loops(ticks, seed=3)
    assert len(empty.late) == len(loaded.late) == ticks
    assert len(loaded.answered) > 0.5 * ticks / 10
    assert np.ptp(loaded.q, axis=0).max() > 0.1
    model = RobotModel.load("panda")
    ratios = loop.worst_ratios(loaded.q, dq_max=model.dq_max, ddq_max=model.ddq_max, dddq_max=model.dddq_max)
    assert max(ratios.values()) <= 1.0
    assert np.all((loaded.q > model.q_min) & (loaded.q < model.q_max))
