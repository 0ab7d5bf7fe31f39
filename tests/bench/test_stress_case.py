"""Cases of the stress bench are what they say: every kind of start, far targets, obstacles off the arm."""

import numpy as np
import pytest

from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.bench.motion_check import MotionCheck
from hybridctl.bench.stress_case import FAR, FASTEST, OBSTACLE_CLEAR, OUTSIDE, STARTS, StressCase, draw_case

GAINS = load_gains()


@pytest.fixture(scope="module")
def cases(model: RobotModel) -> list[StressCase]:
    return [draw_case(model, GAINS, seed, ticks=500) for seed in range(12)]


def test_every_kind_of_start_comes_and_is_what_it_says(model: RobotModel, cases: list[StressCase]) -> None:
    check = MotionCheck(model, GAINS)
    assert {case.start for case in cases} == set(STARTS)
    for case in cases:
        outside = float(np.maximum(check.q_min - case.q, case.q - check.q_max).max())
        speed = float((np.abs(case.dq) / check.dq_max).max())
        if case.start == "at_bounds":
            assert outside == pytest.approx(0.0, abs=1e-12)
        assert (outside > 1e-9) == (case.start == "outside")
        assert outside <= OUTSIDE
        assert speed <= 1.5
        assert (speed > 0.0) == (case.start == "too_fast")
    assert any((np.abs(case.dq) > check.dq_max).any() for case in cases)


def test_obstacles_are_clear_of_the_arm_at_the_start_and_one_moves(
    model: RobotModel, cases: list[StressCase]
) -> None:
    still = np.zeros(7)
    for case in cases:
        check = MotionCheck(model, GAINS, case.obstacles)
        room = check.judge(case.q, still, still, case.obstacles).room
        assert room["world"] > OBSTACLE_CLEAR
        assert min(room[limit] for limit in ("box", "table", "self_collision")) > 0.0
        speeds = [float(np.linalg.norm(obstacle.velocity)) for obstacle in case.obstacles]
        assert speeds[:2] == [0.0, 0.0]
        assert 0.0 < speeds[2] <= FASTEST


def test_targets_jump_far_outside_and_turn_by_anything(cases: list[StressCase]) -> None:
    box = GAINS.workspace
    targets = [T for case in cases for T in case.targets]
    p = np.array([T[:3, 3] for T in targets])
    outside = np.maximum(box.lower - p, p - box.upper).max(axis=1)
    assert 0.3 < outside.max() <= FAR
    turns = [np.arccos((np.trace(a[:3, :3].T @ b[:3, :3]) - 1) / 2) for a in targets for b in targets]
    assert np.nanmax(turns) > np.deg2rad(170)
    assert all(np.linalg.det(T[:3, :3]) == pytest.approx(1.0) for T in targets)


def test_a_target_stays_until_the_next_jump_and_a_seed_is_one_case(
    model: RobotModel, cases: list[StressCase]
) -> None:
    case = cases[0]
    assert case.target(0) is case.target(case.jumps[1] - 1) is case.targets[0]
    assert case.target(case.jumps[1]) is case.targets[1]
    again = draw_case(model, GAINS, 0, ticks=500)
    assert np.array_equal(again.q, case.q)
    assert np.array_equal(again.targets[-1], case.targets[-1])
