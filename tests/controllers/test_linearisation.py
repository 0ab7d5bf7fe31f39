"""Every value agrees with Pinocchio, every Jacobian with finite differences."""

import casadi as ca
import numpy as np
import pinocchio as pin
import pytest
from controllers.linearisation import Linearizer, rotation_log

from controllers import RobotModel
from controllers.collision import segment_distance


@pytest.fixture(scope="module")
def linearizer(model: RobotModel) -> Linearizer:
    return Linearizer(model, postures=8)


def test_values_agree_with_the_model(model: RobotModel, linearizer: Linearizer, helpers) -> None:
    target = helpers.tool_down(0.5, 0.1, 0.2)
    for qs in np.random.default_rng(5).uniform(model.q_min, model.q_max, (10, 8, 7)):
        lin = linearizer.evaluate(qs, target)
        for e, q in enumerate(qs):
            T, poses = model.forward_kinematics(q), model.joint_poses(q)
            np.testing.assert_allclose(lin.tool[e], T[:3, 3], atol=1e-9)
            np.testing.assert_allclose(lin.error[e, :3], T[:3, 3] - target[:3, 3], atol=1e-9)
            turn = pin.log3(target[:3, :3].T @ T[:3, :3])
            if np.linalg.norm(turn) < 3.1:
                np.testing.assert_allclose(lin.error[e, 3:], turn, atol=1e-8)
            for i, name in enumerate(model.table_bodies):
                capsule = model.capsule(name)
                ends = capsule.ends(poses)
                lowest = min(end[2] for end in ends) - capsule.radius
                if capsule.half_sides is not None:  # a box: its lowest corner
                    vertical = poses[capsule.joint][2, :3]
                    lowest = (ends[0][2] + ends[1][2]) / 2 - np.abs(capsule.half_sides @ vertical).sum()
                np.testing.assert_allclose(lin.heights[e, i], lowest, atol=1e-9)
            for i, (a, b) in enumerate(model.self_collision_pairs):
                first, second = model.capsule(a), model.capsule(b)
                gap = segment_distance(*first.ends(poses), *second.ends(poses))
                np.testing.assert_allclose(lin.distances[e, i], gap - first.radius - second.radius, atol=1e-6)


def test_jacobians_agree_with_finite_differences(model: RobotModel, linearizer: Linearizer, helpers) -> None:
    target, step = helpers.tool_down(0.5, 0.1, 0.2), 1e-6
    rng = np.random.default_rng(6)
    for _ in range(10):
        q = rng.uniform(model.q_min, model.q_max)
        lin = linearizer.evaluate(np.vstack((q, q + step * np.eye(7))), target)
        if np.linalg.norm(lin.error[0, 3:]) > 2.8:
            continue
        for value, jacobian in (
            (lin.error, lin.error_jacobian),
            (lin.tool, lin.tool_jacobian),
            (lin.heights, lin.height_jacobian),
            (lin.distances, lin.distance_jacobian),
        ):
            np.testing.assert_allclose((value[1:] - value[0]) / step, jacobian[0], atol=2e-4)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.5, 1.6, 3.0, 3.14])
def test_rotation_log_is_the_true_log_map(angle: float) -> None:
    turn = angle * np.array([1.0, 2.0, -2.0]) / 3.0
    R = ca.SX.sym("R", 3, 3)
    log = ca.Function("log", [R], [rotation_log(R)])
    np.testing.assert_allclose(np.array(log(pin.exp3(turn)))[:, 0], turn, atol=1e-9)
