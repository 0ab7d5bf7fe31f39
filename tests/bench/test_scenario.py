"""The scenario's target moves, leaves the box, passes through an obstacle, jumps twice and rests."""

import numpy as np
import pytest

from controllers.errors import GainsError
from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from controllers.target import pose_distance
from hybridctl.bench.scenario import Scenario, load_scenario

SCENARIO = load_scenario()


def test_it_is_eleven_hundred_ticks_at_the_shipped_rate() -> None:
    assert SCENARIO.ticks == len(SCENARIO.targets) == len(SCENARIO.surroundings) == 1100
    assert SCENARIO.rate == load_gains(SCENARIO.robot).rate == 100.0


def test_the_target_starts_where_the_arm_is_and_jumps_twice() -> None:
    robot = RobotModel.load(SCENARIO.robot)
    assert pose_distance(robot.forward_kinematics(robot.q_rest), SCENARIO.targets[0])[0] < 0.01
    steps = [
        max(pose_distance(a, b)) for a, b in zip(SCENARIO.targets[:-1], SCENARIO.targets[1:], strict=True)
    ]
    assert sum(step > 0.1 for step in steps) == 2


def test_the_target_leaves_the_box_and_comes_back_to_rest_inside_it() -> None:
    box = load_gains().workspace
    p = np.array([T[:3, 3] for T in SCENARIO.targets])
    outside = np.maximum(box.lower - p, p - box.upper).max(axis=1)
    assert outside.max() == pytest.approx(0.15)
    assert (p[:, 2] < 0.0).any(), "below the table"
    assert outside[-1] < 0.0
    resting = [max(pose_distance(T, SCENARIO.targets[-1])) for T in SCENARIO.targets[-300:]]
    assert max(resting) < 1e-12


def test_the_target_passes_through_the_post_and_the_ball_moves() -> None:
    post, ball = SCENARIO.surroundings[0]
    p = np.array([T[:3, 3] for T in SCENARIO.targets])
    at_its_height = p[p[:, 2] < post.end[2]]
    assert np.linalg.norm(at_its_height[:, :2] - post.start[:2], axis=1).min() < 0.01
    assert not post.velocity.any()
    later = SCENARIO.surroundings[100][1]
    assert np.allclose(later.start - ball.start, ball.velocity)


def test_there_are_pairs_of_all_three_kinds() -> None:
    pairs = SCENARIO.pairs
    counts = len(pairs.self_collision), len(pairs.table), len(pairs.world) * len(SCENARIO.obstacles)
    assert min(counts) >= 2
    assert sum(counts) >= 8


def test_keys_out_of_order_are_refused() -> None:
    values = SCENARIO.model_dump()
    values["target"] = values["target"][::-1]
    with pytest.raises(ValueError, match="do not rise from 0"):
        Scenario.model_validate(values)
    with pytest.raises(GainsError, match="cannot be read"):
        load_scenario("no-such")
