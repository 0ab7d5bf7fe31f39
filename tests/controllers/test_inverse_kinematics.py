"""Inverse kinematics finds what can be reached, within the limits, and says None otherwise."""

import numpy as np
import pytest

from controllers import ControllerError, RobotModel, solve_ik


def test_reaches_every_tool_down_pose_of_the_work_area(model: RobotModel, helpers) -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        T = helpers.tool_down(*rng.uniform((0.3, -0.35, 0.02), (0.65, 0.35, 0.4)))
        q = solve_ik(model, T, model.q_rest)
        assert q is not None
        assert np.all((q >= model.q_min) & (q <= model.q_max))
        np.testing.assert_allclose(model.forward_kinematics(q), T, atol=3e-4)


def test_stays_at_a_start_that_is_already_there(model: RobotModel) -> None:
    q = solve_ik(model, model.forward_kinematics(model.q_rest), model.q_rest)
    np.testing.assert_allclose(q, model.q_rest, atol=1e-6)


def test_out_of_reach_gives_none(model: RobotModel, helpers) -> None:
    assert solve_ik(model, helpers.tool_down(1.5, 0.0, 0.3), model.q_rest) is None


def test_nan_target_is_refused(model: RobotModel, helpers) -> None:
    with pytest.raises(ControllerError, match="NaN"):
        solve_ik(model, helpers.tool_down(np.nan, 0.0, 0.3), model.q_rest)


def test_reaches_poses_of_any_arm_within_its_limits(any_arm: RobotModel) -> None:
    rng, found = np.random.default_rng(7), 0
    low, high = any_arm.q_min, any_arm.q_max
    for _ in range(20):
        away = np.clip(any_arm.q_rest + rng.uniform(-0.4, 0.4, any_arm.n), low, high)
        T = any_arm.forward_kinematics(away)
        q = solve_ik(any_arm, T, any_arm.q_rest)
        if q is None:
            continue
        found += 1
        assert np.isfinite(q).all()
        assert np.all((q >= low) & (q <= high))
        np.testing.assert_allclose(any_arm.forward_kinematics(q), T, atol=3e-4)
    assert found >= 18


def test_an_endless_joint_is_left_in_its_turn(arm_named) -> None:
    jaco = arm_named("jaco")
    q0 = jaco.q_rest + 2 * np.pi * np.array([3, 0, 0, -2, 0, 1])
    q = solve_ik(jaco, jaco.forward_kinematics(jaco.q_rest + 0.1), q0)
    np.testing.assert_allclose(q, q0 + 0.1, atol=1e-2)
