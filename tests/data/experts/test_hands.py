"""The hands' motions end where and when they say, or say why not."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.inverse_kinematics import solve_ik
from controllers.robot_model import RobotModel
from hybridctl.data.experts.hands import tool_pose, tool_yaw
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import HOME_Q, SimWorld

BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.5, 0.0, 0.0, (0.8, 0.1, 0.1))
HERE = (0.45, 0.0, 0.25)


@given(st.floats(-3.1, 3.1), st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1)))
def test_a_tool_pose_points_down_with_the_yaw_it_is_given(yaw: float, at: tuple[float, float, float]) -> None:
    T = tool_pose(np.array(at), yaw)
    np.testing.assert_allclose(T[:3, 2], (0.0, 0.0, -1.0), atol=1e-12)
    np.testing.assert_allclose(T[:3, 3], at)
    assert tool_yaw(T) == pytest.approx(yaw)
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1.0)


def test_move_ends_at_its_goal_at_rest(lay: Callable[..., SimWorld], do) -> None:
    lay()
    goal = tool_pose(np.array([0.50, 0.15, 0.20]), 0.6)
    done = do(lambda hands: hands.move(goal, width=0.03))
    assert done.ok
    np.testing.assert_allclose(done.path.places[-1], goal[:3, 3], atol=0.004)
    assert tool_yaw(done.hands.T_base_tool) == pytest.approx(0.6, abs=0.05)
    assert np.linalg.norm(np.diff(done.path.places[-3:], axis=0), axis=1).max() < 0.0008
    assert done.path.widths[-1] == pytest.approx(0.03, abs=0.004)


def test_move_follows_a_goal_that_moves(lay: Callable[..., SimWorld], do) -> None:
    world = lay()

    def moving() -> np.ndarray:
        return tool_pose(np.array([0.45, min(0.1, 0.06 * world.now()), 0.25]), 0.0)

    done = do(lambda hands: hands.move(moving))
    assert done.ok
    assert world.now() > 1.6, "it is not there before the goal is"
    assert done.path.places[-1][1] == pytest.approx(0.1, abs=0.005)


def test_what_is_out_of_reach_ends_in_time_with_how_far_it_is(lay: Callable[..., SimWorld], do) -> None:
    lay()
    done = do(lambda hands: hands.move(tool_pose(np.array([1.3, 0.0, 0.3]), 0.0), timeout=1.0))
    assert done.outcome.status == "FAILURE"
    assert "m from its goal after 1 s" in done.outcome.cause
    assert done.outcome.duration < 2.5


def test_line_is_straight_and_not_faster_than_asked(lay: Callable[..., SimWorld], do) -> None:
    lay()
    start, end = tool_pose(np.array(HERE), 0.0), tool_pose(np.array([0.60, -0.15, 0.10]), 0.0)

    def there_then_on(hands):
        yield from hands.move(start)
        begun.append(hands.now())
        yield from hands.line(end, speed=0.10)

    begun: list[float] = []
    done = do(there_then_on)
    assert done.ok
    places = np.array([p for t, p in zip(done.path.stamps, done.path.places, strict=True) if t >= begun[0]])
    way = (end - start)[:3, 3]
    along = (places - start[:3, 3]) @ way / np.linalg.norm(way)
    off = np.linalg.norm(places - start[:3, 3] - np.outer(along, way) / np.linalg.norm(way), axis=1)
    assert off.max() < 0.010
    speed = np.linalg.norm(places[20:] - places[:-20], axis=1) / 0.2
    assert speed.max() < 0.14


def test_line_ends_early_when_told_to(lay: Callable[..., SimWorld], do) -> None:
    world = lay()
    goal = tool_pose(np.array([0.6, 0.2, 0.2]), 0.0)
    done = do(lambda hands: hands.line(goal, until=lambda: world.now() > 0.5))
    assert done.ok
    assert done.outcome.duration < 1.5


def test_travel_rises_first_and_stays_high_on_its_way(lay: Callable[..., SimWorld], do, take) -> None:
    lay()
    take((0.40, -0.15, 0.06), 0.08)
    goal = tool_pose(np.array([0.55, 0.15, 0.05]), 0.3)
    done = do(lambda hands: hands.travel(goal))
    assert done.ok
    places = np.array(done.path.places)
    on_the_way = np.hypot(*(places[:, :2] - (0.40, -0.15)).T) > 0.04
    assert places[on_the_way, 2].min() > done.hands.transit - 0.035
    np.testing.assert_allclose(places[-1], (0.55, 0.15, done.hands.transit), atol=0.014)


def test_fingers_stop_at_what_is_between_them(lay: Callable[..., SimWorld], do, take) -> None:
    lay(things=(replace(BLOCK, z=0.25),))
    take((0.5, 0.0, 0.25), 0.045)
    done = do(lambda hands: hands.fingers(0.0))
    assert done.ok
    assert done.path.widths[-1] == pytest.approx(0.044, abs=0.003)
    assert done.outcome.duration < 2.0
    lay()
    assert do(lambda hands: hands.fingers(0.0)).path.widths[-1] < 0.002
    assert do(lambda hands: hands.fingers(0.06)).path.widths[-1] == pytest.approx(0.06, abs=0.003)


def test_stay_stays_for_as_long_as_it_says(lay: Callable[..., SimWorld], do) -> None:
    lay()
    done = do(lambda hands: hands.stay(0.6))
    assert done.outcome.duration == pytest.approx(0.6, abs=0.15)
    assert np.ptp(done.path.places, axis=0).max() < 0.002


def test_reach_is_the_room_to_the_joints_limits(
    lay: Callable[..., SimWorld], hands_of, robot: RobotModel
) -> None:
    hands, _ = hands_of(lay())
    assert hands.reach(tool_pose(np.array([0.5, 0.0, 0.1]), 0.0)) > 0.3
    assert hands.reach(tool_pose(np.array([0.9, 0.4, 0.1]), 0.0)) == -1.0
    low, high = robot.q_min, robot.q_max
    for yaw in (0.0, 1.0, 1.9):
        T = tool_pose(np.array([0.55, 0.1, 0.15]), yaw)
        q = solve_ik(robot, T, np.array(HOME_Q), tolerance=1e-3)
        assert q is not None
        assert hands.reach(T) == pytest.approx(min((q - low).min(), (high - q).min()), abs=1e-6)
