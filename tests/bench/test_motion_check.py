"""The independent check catches a planted violation of every limit, and agrees with finite differences."""

import numpy as np
import pytest

from controllers.gains import load_gains
from controllers.obstacles import Obstacle
from controllers.robot_model import RobotModel
from hybridctl.bench.motion_check import LIMITS, MotionCheck

GAINS = load_gains()
STILL = np.zeros(7)


@pytest.fixture(scope="module")
def check(model: RobotModel) -> MotionCheck:
    return MotionCheck(model, GAINS)


def at(model: RobotModel, **joints: float) -> np.ndarray:
    q = np.array(model.q_rest)
    for name, value in joints.items():
        q[int(name[1:]) - 1] = value
    return q


def ball(centre: np.ndarray, velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Obstacle:
    return Obstacle("ball", centre, centre, 0.05, np.array(velocity))


def test_a_state_within_all_limits_breaks_none(model: RobotModel, check: MotionCheck) -> None:
    judged = check.judge(model.q_rest, STILL, STILL)
    assert set(judged.room) == set(LIMITS)
    assert judged.broken == {}
    assert np.allclose(judged.T_base_tool, model.forward_kinematics(model.q_rest), atol=1e-9)


@pytest.mark.parametrize(
    ("broken", "q", "dq", "ddq"),
    [
        ("position", {"q1": 2.9}, 0.0, 0.0),
        ("velocity", {}, 1.2, 0.0),
        ("acceleration", {}, 0.0, 3.1),
        ("torque", {"q2": 1.2, "q4": -0.3}, 0.0, 60.0),
        ("box", {"q1": 1.2}, 0.0, 0.0),
        ("table", {"q2": 0.9, "q4": -1.9}, 0.0, 0.0),
        ("self_collision", {"q4": -3.0, "q6": 0.3}, 0.0, 0.0),
    ],
)
def test_a_planted_violation_is_found(
    model: RobotModel, check: MotionCheck, broken: str, q: dict[str, float], dq: float, ddq: float
) -> None:
    judged = check.judge(at(model, **q), np.full(7, dq), np.full(7, ddq))
    assert judged.broken.get(broken, 0.0) > 0.0


def test_limits_are_those_of_the_gains_to_the_last_digit(model: RobotModel, check: MotionCheck) -> None:
    q = np.array(model.q_rest)
    q[0] = model.q_max[0] - GAINS.scales.joint_margin
    assert "position" not in check.judge(q, STILL, STILL).broken
    q[0] += 1e-4
    assert check.judge(q, STILL, STILL).broken["position"] == pytest.approx(1e-4)
    dq = GAINS.scales.velocity * model.dq_max
    ddq = GAINS.scales.acceleration * model.ddq_max
    assert {"velocity", "acceleration"}.isdisjoint(check.judge(model.q_rest, dq, ddq).broken)
    broken = check.judge(model.q_rest, dq + 1e-3, ddq + 1e-3).broken
    assert broken["velocity"] == pytest.approx(1e-3)
    assert broken["acceleration"] == pytest.approx(1e-3)


def test_the_distance_to_an_obstacle_is_that_to_the_nearest_body(model: RobotModel) -> None:
    T = model.forward_kinematics(model.q_rest)
    below = T[:3, 3] + 0.10 * T[:3, 2]  # 10 cm beyond the tool point, along the tool
    check = MotionCheck(model, GAINS, (ball(below),))
    room = check.judge(model.q_rest, STILL, STILL, (ball(below),)).room["world"]
    assert room == pytest.approx(np.hypot(0.040, 0.091) - 0.05, abs=1e-4)  # inner corners of the fingertips
    nearer = ball(below - 0.07 * T[:3, 2])
    judged = check.judge(model.q_rest, STILL, STILL, (nearer,))
    assert judged.broken["world"] == pytest.approx(0.05 - np.hypot(0.040, 0.021), abs=1e-4)


@pytest.mark.parametrize("joint", range(7))
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_what_moves_counts_only_where_the_arm_moves_into_it(
    model: RobotModel, joint: int, sign: float
) -> None:
    T = model.forward_kinematics(model.q_rest)
    obstacle = ball(T[:3, 3] + np.array([0.01, 0.015, -0.03]), velocity=(0.0, 0.0, 0.1))
    check = MotionCheck(model, GAINS, (obstacle,))
    dq = STILL.copy()
    dq[joint] = sign

    def room(ahead: float) -> float:
        return check.judge(model.q_rest + ahead * dq, STILL, STILL, (obstacle,)).room["world"]

    assert room(0.0) < 0.0
    deepening = (room(-1e-4) - room(1e-4)) / 2e-4  # of the nearest pair [m/s]
    judged = check.judge(model.q_rest, dq, STILL, (obstacle,))
    if deepening > 0.02:
        assert judged.world_of_arm == judged.room["world"]
    elif deepening < -0.02:
        assert judged.world_of_arm > judged.room["world"]
    at_rest = ball(obstacle.start)
    judged = check.judge(model.q_rest, dq, STILL, (at_rest,))
    assert judged.world_of_arm == judged.room["world"]


def test_pairs_are_of_all_three_kinds(model: RobotModel) -> None:
    pairs = MotionCheck(model, GAINS, (ball(np.ones(3)),)).pairs
    assert pairs["self_collision"] >= len(model.self_collision_pairs)
    assert pairs["table"] >= len(model.table_bodies)
    assert pairs["world"] == pairs["table"]
