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
