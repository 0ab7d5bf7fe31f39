"""Scenarios are fixed courses: rigid poses, the same for a seed, inside the box that the gains allow."""

from itertools import pairwise

import numpy as np
import pytest

from controllers import Gains, RobotModel, load_gains
from hybridctl.messages.arrays import checked_transform
from hybridctl.tuning.scenarios import SCENARIOS
from hybridctl.tuning.tokens import LATENCY, PLACE


@pytest.fixture(scope="module")
def gains() -> Gains:
    return load_gains()


@pytest.mark.parametrize("name", SCENARIOS)
def test_wish_and_target_are_rigid_and_inside_the_box(name: str, robot: RobotModel, gains: Gains) -> None:
    scenario = SCENARIOS[name](robot.forward_kinematics(robot.q_rest), 3)
    low, high = np.array(gains.workspace.lower), np.array(gains.workspace.upper)
    for time in np.arange(0.0, scenario.seconds, 0.05):
        for T in (scenario.wish(time), scenario.told(time)):
            checked_transform("T", T)
            assert np.all(T[:3, 3] > low)
            assert np.all(T[:3, 3] < high)


def test_circle_is_smooth_and_closes(robot: RobotModel) -> None:
    start = robot.forward_kinematics(robot.q_rest)
    circle = SCENARIOS["circles"](start, 0)
    points = np.array([circle.wish(t)[:3, 3] for t in np.arange(0.0, circle.seconds + 1e-9, 0.01)])
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < 0.0035
    np.testing.assert_allclose(points[-1], start[:3, 3], atol=1e-9)


def test_tokens_come_late_are_off_by_a_bin_and_hang_on_the_seed(robot: RobotModel) -> None:
    start = robot.forward_kinematics(robot.q_rest)
    one, again, other = (SCENARIOS["tokens"](start, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.told(LATENCY - 0.01), start)
    np.testing.assert_array_equal(one.told(1.0), again.told(1.0))
    assert not np.array_equal(one.told(1.0), other.told(1.0))
    rest = one.seconds - 0.01
    off = np.abs(one.told(rest)[:3, 3] - one.wish(rest)[:3, 3])
    assert 0.0 < off.max() <= PLACE
    assert len({tuple(one.told(t)[:3, 3]) for t in np.arange(1.0, 1.99, 0.02)}) <= 6


def test_the_ball_moves_as_it_says_and_stands_in_the_way_each_time(robot: RobotModel) -> None:
    crossing = SCENARIOS["crossing"](robot.forward_kinematics(robot.q_rest), 0)
    nearest = []
    for leg in range(3):
        way = np.array([crossing.wish(3.0 * leg)[:3, 3], crossing.wish(3.0 * leg + 2.9)[:3, 3]])
        balls = [crossing.obstacles(3.0 * leg + t)[0] for t in np.arange(0.0, 3.0, 0.01)]
        for ball, after in pairwise(balls):
            if np.array_equal(ball.velocity, after.velocity):
                np.testing.assert_allclose(ball.at(0.01).start, after.start, atol=1e-9)
        nearest.append(min(abs(ball.start[0] - way[0][0]) for ball in balls))
    assert max(nearest) < balls[0].radius
