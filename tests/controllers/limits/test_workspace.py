"""The workspace rows are the tool point's room in the box, by Pinocchio, and keep the tool in it."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.limits.workspace import WorkspaceLimit

LOW, HIGH, MARGIN = np.array([0.3, -0.2, 0.1]), np.array([0.6, 0.25, 0.5]), 0.01


def boxed(helpers, gains: Gains, low: np.ndarray, high: np.ndarray, margin: float = 0.0) -> Gains:
    return helpers.tuned(gains, workspace={"lower": tuple(low), "upper": tuple(high), "margin": margin})


def test_rows_are_the_tools_distances_from_the_walls(
    make_tick, model: RobotModel, all_on: Gains, helpers
) -> None:
    tick, step = make_tick(12, tuning=boxed(helpers, all_on, LOW, HIGH, MARGIN)), 1e-6
    rows = tick.rows("workspace")

    def points(u: np.ndarray) -> np.ndarray:
        return np.array([model.forward_kinematics(q)[:3, 3] for q in tick.motion(u)[0][1:]])

    u = tick.u.ravel()
    below, above = points(u) - LOW - MARGIN, HIGH - MARGIN - points(u)
    np.testing.assert_allclose((rows.A @ u - rows.lower).reshape(8, 3)[1:], below, atol=1e-9)
    np.testing.assert_allclose((rows.upper - rows.A @ u).reshape(8, 3)[1:], above, atol=1e-9)
    for way in np.random.default_rng(12).normal(size=(5, 56)):
        slope = (points(u + step * way) - points(u - step * way)) / (2 * step)
        np.testing.assert_allclose((rows.A @ way).reshape(8, 3)[1:], slope, atol=1e-7)


def test_the_present_posture_forbids_nothing(make_tick, all_on: Gains, helpers) -> None:
    tick = make_tick(12, tuning=boxed(helpers, all_on, HIGH + 0.1, HIGH + 0.2))
    rows = tick.rows("workspace")
    assert np.all(rows.lower[:3] < -1e6)
    assert np.all(rows.upper[:3] > 1e6)


def test_violation_is_how_far_the_tool_is_outside_now(
    make_tick, model: RobotModel, all_on: Gains, helpers
) -> None:
    tool = model.forward_kinematics(make_tick(13).q)[:3, 3]

    def violation(low: np.ndarray, high: np.ndarray) -> float:
        return make_tick(13, tuning=boxed(helpers, all_on, low, high)).violation("workspace")

    assert violation(tool - 0.1, tool + 0.1) == 0.0
    assert violation(tool - 0.1, tool + np.array([0.1, 0.1, -0.03])) == pytest.approx(0.03)
    assert violation(tool + np.array([0.1, 0.02, -0.1]), tool + 0.2) == pytest.approx(0.1)


@pytest.mark.parametrize("wall", [(0.5, 0.8, 0.4), (0.5, -0.8, 0.4), (0.1, 0.0, 0.5)])
def test_without_them_the_tool_leaves_the_box(
    model: RobotModel, gains: Gains, helpers, wall: tuple[float, ...]
) -> None:
    low, high = np.array(gains.workspace.lower), np.array(gains.workspace.upper)

    def furthest_out(*without: type) -> float:
        mpc = helpers.build(model, gains, without=without)
        log = helpers.drive(mpc, model, helpers.tool_down(*wall), 150, q=np.array(model.q_rest))
        tools = np.array([model.forward_kinematics(result.q)[:3, 3] for result in log])
        return float(np.maximum(low - tools, tools - high).max())

    assert furthest_out() < 1e-3 - gains.workspace.margin
    assert furthest_out(WorkspaceLimit) > 0.02
