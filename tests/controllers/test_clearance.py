"""Distances as symbols agree with plain geometry at random postures, and slopes with finite differences."""

from collections.abc import Callable

import casadi as ca
import numpy as np
import pytest

from controllers import RobotModel
from controllers.clearance import box_distance, capsule_distance, lowest_height, plane_distance
from controllers.collision import segment_distance
from controllers.symbols import Body, Node

NORMAL, OFFSET = np.array([0.6, 0.0, 0.8]), 0.1
LOW, HIGH = np.array([0.2, -0.3, 0.1]), np.array([0.5, 0.3, 0.4])
STICK = np.array([[0.6, 0.1, 0.2], [0.3, 0.4, 0.5]])


@pytest.fixture(scope="module")
def clearances(model: RobotModel, helpers) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Values, then Jacobians: self-collision pairs, heights, hand to plane, hand to box, hand to a stick."""

    def terms(node: Node) -> list:
        hand = node.body("hand")
        found = [capsule_distance(node, node.body(a), node.body(b)) for a, b in model.self_collision_pairs]
        found += [lowest_height(node, name) for name in model.table_bodies]
        found.append(plane_distance(node, hand, ca.SX(ca.DM(NORMAL)), OFFSET))
        found += box_distance(node, hand, ca.SX(ca.DM(LOW)), ca.SX(ca.DM(HIGH)))
        stick = Body("stick", ca.SX(ca.DM(STICK[0])), ca.SX(ca.DM(STICK[1])), 0.02, -1)
        found.append(capsule_distance(node, hand, stick))
        values, jacobians = zip(*found, strict=True)
        return [ca.vertcat(*values), ca.vertcat(*jacobians)]

    return helpers.on_posture(model, terms)


def point_to_box(point: np.ndarray) -> float:
    beyond = np.maximum(LOW - point, point - HIGH)
    return float(np.linalg.norm(np.maximum(beyond, 0.0)) + min(beyond.max(), 0.0))


def expected(model: RobotModel, q: np.ndarray) -> np.ndarray:
    poses, found = model.joint_poses(q), []
    for a, b in model.self_collision_pairs:
        first, second = model.capsule(a), model.capsule(b)
        gap = segment_distance(*first.ends(poses), *second.ends(poses))
        found.append(gap - first.radius - second.radius)
    for name in model.table_bodies:
        capsule = model.capsule(name)
        ends = capsule.ends(poses)
        lowest = min(end[2] for end in ends) - capsule.radius
        if capsule.half_sides is not None:  # a box: its lowest corner
            vertical = poses[capsule.joint][2, :3]
            lowest = (ends[0][2] + ends[1][2]) / 2 - np.abs(capsule.half_sides @ vertical).sum()
        found.append(lowest)
    hand = model.capsule("hand")
    start, end = hand.ends(poses)
    found.append(min(NORMAL @ start, NORMAL @ end) - OFFSET - hand.radius)
    found += [point_to_box(point) - hand.radius for point in (start, (start + end) / 2, end)]
    found.append(segment_distance(start, end, *STICK) - hand.radius - 0.02)
    return np.array(found)


def test_values_agree_with_plain_geometry(model: RobotModel, clearances) -> None:
    for q in np.random.default_rng(5).uniform(model.q_min, model.q_max, (80, 7)):
        np.testing.assert_allclose(clearances(q)[0][:, 0], expected(model, q), atol=1e-6)


def test_slopes_agree_with_finite_differences(model: RobotModel, clearances) -> None:
    step = 1e-6
    for q in np.random.default_rng(6).uniform(model.q_min, model.q_max, (20, 7)):
        value, jacobian = clearances(q)
        slopes = np.array([clearances(q + step * e)[0] - value for e in np.eye(7)])[:, :, 0].T / step
        np.testing.assert_allclose(jacobian, slopes, atol=2e-4)
