"""The workspace rows are the tool point's room in the box, by Pinocchio, and keep the tool in it."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.limits.workspace import WorkspaceLimit
from controllers.mpc import Mpc

LOW, HIGH = np.array([0.3, -0.2, 0.1]), np.array([0.6, 0.25, 0.5])


def test_rows_are_the_tools_distances_from_the_walls(make_tick, model: RobotModel, horizon) -> None:
    tick, step = make_tick(12), 1e-6
    A, lower, upper = tick.rows(WorkspaceLimit(horizon, joints=7, low=LOW, high=HIGH))

    def points(u: np.ndarray) -> np.ndarray:
        return np.array([model.forward_kinematics(q)[:3, 3] for q in tick.motion(u)[0][1:]])

    u = tick.u.ravel()
    np.testing.assert_allclose((A @ u - lower).reshape(-1, 3), points(u) - LOW, atol=1e-9)
    np.testing.assert_allclose((upper - A @ u).reshape(-1, 3), HIGH - points(u), atol=1e-9)
    for way in np.random.default_rng(12).normal(size=(5, 56)):
        slope = (points(u + step * way) - points(u - step * way)) / (2 * step)
        np.testing.assert_allclose((A @ way).reshape(-1, 3), slope, atol=1e-7)


def test_violation_is_how_far_the_tool_is_outside_now(make_tick, model: RobotModel, horizon) -> None:
    now = make_tick(13).prediction
    tool = model.forward_kinematics(now.q)[:3, 3]
    inside = WorkspaceLimit(horizon, joints=7, low=tool - 0.1, high=tool + 0.1)
    assert inside.violation(now) == 0.0
    above = WorkspaceLimit(horizon, joints=7, low=tool - 0.1, high=tool + np.array([0.1, 0.1, -0.03]))
    assert above.violation(now) == pytest.approx(0.03)
    left = WorkspaceLimit(horizon, joints=7, low=tool + np.array([0.1, 0.02, -0.1]), high=tool + 0.2)
    assert left.violation(now) == pytest.approx(0.1)


@pytest.mark.parametrize("wall", [(0.5, 0.8, 0.4), (0.5, -0.8, 0.4), (0.1, 0.0, 0.5)])
def test_without_them_the_tool_leaves_the_box(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch, wall: tuple[float, ...]
) -> None:
    low, high = np.array(gains.workspace.lower), np.array(gains.workspace.upper)

    def furthest_out() -> float:
        log = helpers.drive(Mpc(model, gains), model, helpers.tool_down(*wall), 150, q=np.array(model.q_rest))
        tools = np.array([model.forward_kinematics(result.q)[:3, 3] for result in log])
        return float(np.maximum(low - tools, tools - high).max())

    assert furthest_out() < 1e-3 - gains.workspace.margin
    helpers.drop_rows(monkeypatch, WorkspaceLimit)
    assert furthest_out() > 0.02
