"""The problem is linearised about the last plan, shifted to where the arm really is, and compiled once."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest

from controllers import Gains, RobotModel
from controllers.limits.table import TableLimit
from controllers.limits.workspace import WorkspaceLimit
from controllers.problem import compile_problem
from controllers.terms import joint_limits


def tools(model: RobotModel, postures: np.ndarray) -> np.ndarray:
    return np.array([model.forward_kinematics(q)[:3, 3] for q in postures])


def workspace_points(tick, gains: Gains, u: np.ndarray) -> np.ndarray:
    """Where the rows say that `u` brings the tool at nodes 2 to N, shape (N-1, 3)."""
    rows = tick.rows("workspace")
    low = np.array(gains.workspace.lower) + gains.workspace.margin
    return (rows.A @ u.ravel() - rows.lower).reshape(-1, 3)[1:] + low


@pytest.mark.parametrize("seed", [1, 2])
def test_an_altered_command_shifts_the_nominal_postures(
    make_tick, model: RobotModel, all_on: Gains, seed: int
) -> None:
    rng, tick = np.random.default_rng(seed), make_tick(seed)
    aside = rng.uniform(-0.02, 0.02, 7)
    nominal = tick.postures + aside
    altered = replace(tick, q=tick.q + aside, dq=tick.dq + rng.uniform(-0.05, 0.05, 7))
    free = altered.q + tick.horizon.times[:, None] * altered.dq
    u = np.linalg.solve(tick.horizon.position, nominal - free)
    np.testing.assert_allclose(workspace_points(altered, all_on, u), tools(model, nominal)[1:], atol=1e-9)


def test_an_altered_velocity_shifts_the_nominal_velocities(
    make_tick, model: RobotModel, gains: Gains
) -> None:
    tick = make_tick(3)
    faster = np.full(7, 0.1)
    rows = replace(tick, dq=tick.dq + faster).rows("torque")
    data = model.pin_model.createData()
    motions = zip(tick.postures[1:], tick.speeds[1:] + faster, strict=True)
    expected = [pin.rnea(model.pin_model, data, q, dq, np.zeros(7)) / model.tau_max for q, dq in motions]
    np.testing.assert_allclose(-rows.lower.reshape(8, 7)[1:] - gains.scales.torque, expected, atol=1e-9)


def test_without_a_plan_kinematics_are_those_of_the_present_posture(
    make_tick, model: RobotModel, all_on: Gains
) -> None:
    tick = replace(make_tick(4), plan=None)
    u = np.random.default_rng(4).normal(size=(8, 7))
    moved = tick.motion(u)[0][1:] - tick.q
    expected = tools(model, [tick.q]) + moved @ model.jacobian(tick.q)[:3].T
    np.testing.assert_allclose(workspace_points(tick, all_on, u), expected, atol=1e-9)


def test_equal_terms_share_a_problem_and_others_do_not(
    model: RobotModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []
    monkeypatch.setattr("controllers.problem.compiled", lambda function: compiled.append(1) or function)
    robot, joints = replace(model), joint_limits()
    first = compile_problem(robot, 4, (), (TableLimit(), WorkspaceLimit()), joints)
    assert compile_problem(robot, 4, (), (TableLimit(), WorkspaceLimit()), joints) is first
    assert len(compiled) == 1
    for nodes, limits in ((5, (TableLimit(), WorkspaceLimit())), (4, (TableLimit(),))):
        assert compile_problem(robot, nodes, (), limits, joints) is not first
    assert len(compiled) == 3
