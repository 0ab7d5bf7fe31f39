"""The stress bench: joint bounds hold on a slice of training seeds, and a planted violation is counted."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from controllers.gains import load_gains
from controllers.obstacles import Obstacle
from controllers.robot_model import RobotModel
from hybridctl.bench import mpc_stress
from hybridctl.bench.mpc_stress import Motion, judge_motion
from hybridctl.bench.stress_case import StressCase

GAINS = load_gains()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("plant", list(mpc_stress.PLANTS))
def test_joint_bounds_box_and_torques_hold_from_every_kind_of_start(plant: str, seed: int) -> None:
    row = mpc_stress.run_episode((plant, seed))
    assert row["broken"] == {}
    assert row["box_mm"] < 1.0
    assert row["self_collision_mm"] == row["table_mm"] == 0.0
    assert row["torque_ratio"] <= 1.0
    assert row["reentry_s"] < 2.0
    assert set(row["statuses"]) <= {"tracking", "following_error"}


def case(model: RobotModel, *obstacles: Obstacle, start: str = "inside") -> StressCase:
    return StressCase(start, np.array(model.q_rest), np.zeros(7), (0,), (np.eye(4),), obstacles)


def motion(model: RobotModel, q: np.ndarray, dq: np.ndarray | None = None) -> Motion:
    """A motion along rows of `q`."""
    speeds = np.zeros_like(q) if dq is None else dq
    tau = np.zeros_like(q)
    return Motion(list(q), list(speeds), list(q), list(speeds), list(tau), Counter())


def test_a_motion_at_rest_breaks_nothing(model: RobotModel) -> None:
    row = judge_motion(
        model, GAINS, case(model), motion(model, np.tile(model.q_rest, (5, 1))), measured=False
    )
    assert row["broken"] == {}
    assert row["box_mm"] == row["table_mm"] == row["world_mm"] == row["world_any_mm"] == 0.0


def test_a_joint_beyond_its_bound_is_counted_as_commanded_and_as_measured(model: RobotModel) -> None:
    q = np.tile(model.q_rest, (5, 1))
    q[3, 0] = model.q_max[0] + 0.01
    row = judge_motion(model, GAINS, case(model), motion(model, q), measured=True)
    assert row["broken"]["command_position"] == 1
    measured = motion(model, np.tile(model.q_rest, (5, 1)))
    measured.q_measured[3] = q[3]
    measured.dq_measured[2] = 1.01 * model.dq_max
    measured.tau[1] = 1.02 * model.tau_max
    row = judge_motion(model, GAINS, case(model), measured, measured=True)
    assert row["broken"] == {"measured_position": 1, "measured_velocity": 1}
    assert row["torque_ratio"] == pytest.approx(1.02)


def test_the_arm_in_an_obstacle_at_rest_counts_and_one_that_runs_into_it_is_told_apart(
    model: RobotModel,
) -> None:
    tool = model.forward_kinematics(model.q_rest)[:3, 3]
    still = Obstacle("still", tool, tool, 0.052)
    runs = replace(still, velocity=np.array([0.0, 0.0, 0.01]))
    at_rest = motion(model, np.tile(model.q_rest, (5, 1)))
    row = judge_motion(model, GAINS, case(model, still), at_rest, measured=False)
    assert row["world_mm"] == row["world_any_mm"] > 10.0
    row = judge_motion(model, GAINS, case(model, runs), at_rest, measured=False)
    assert row["world_mm"] == 0.0
    assert row["world_any_mm"] > 10.0


def test_box_and_table_count_from_the_first_tick_that_keeps_them_after_a_start_beyond_bounds(
    model: RobotModel,
) -> None:
    low = np.array(model.q_rest)
    low[[1, 3]] = 0.9, -1.9  # the fingers are in the table
    q = np.vstack((low, low, model.q_rest, model.q_rest))
    assert judge_motion(model, GAINS, case(model), motion(model, q), measured=False)["table_mm"] > 10.0
    beyond = case(model, start="outside")
    row = judge_motion(model, GAINS, beyond, motion(model, q), measured=False)
    assert row["counted_from_s"] == pytest.approx(0.02)
    assert row["table_mm"] == 0.0
    again = np.vstack((q, low))
    assert judge_motion(model, GAINS, beyond, motion(model, again), measured=False)["table_mm"] > 10.0


KEYS = [
    "ticks",
    "joint_violations",
    "worst_reentry_s",
    "worst_box_mm",
    "worst_penetration_mm",
    "worst_torque_ratio",
]


def test_figures_are_the_keys_that_the_readme_quotes_for_both_plants() -> None:
    row = {
        "plant": "ideal", "seed": 1, "start": "outside", "ticks": 500, "broken": {"command_position": 2},
        "reentry_s": 0.3, "box_mm": 1.0, "self_collision_mm": 0.0, "table_mm": 2.0, "world_mm": 3.0,
        "world_any_mm": 9.0, "torque_ratio": 0.8, "statuses": {"tracking": 500},
    }  # fmt: skip
    rows = [row, {**row, "seed": 0, "start": "inside", "reentry_s": 0.0, "broken": {}, "box_mm": 4.0}]
    rows += [{**one, "plant": "mujoco", "world_mm": 5.0} for one in rows]
    figures = mpc_stress._sum_up(rows, (0, 2)).figures
    assert {f"{key}{suffix}" for key in KEYS for suffix in ("", "_mujoco")} <= set(figures)
    assert figures["ticks"] == 1000
    assert figures["joint_violations"] == 2
    assert figures["worst_reentry_s"] == 0.3
    assert figures["worst_box_mm"] == 4.0
    assert figures["worst_penetration_mm"] == 3.0
    assert figures["worst_penetration_any_mm"] == 9.0
    assert figures["worst_penetration_mm_mujoco"] == 5.0


def test_one_that_never_comes_back_is_counted_apart() -> None:
    row = mpc_stress.run_episode(("ideal", 2))
    figures = mpc_stress._sum_up([{**row, "reentry_s": None}], (2, 3)).figures
    assert figures["never_reentered"] == 1
    assert figures["worst_reentry_s"] is None
