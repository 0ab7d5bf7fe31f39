"""The MPC keeps its limits by itself and survives a failing QP without a jump."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import daqp
import numpy as np
import pinocchio as pin
import pytest

from controllers import ControllerError, Gains, RobotModel, codegen
from controllers.mpc import Mpc
from controllers.obstacles import Obstacle
from controllers.qp import SOFT


@pytest.fixture
def mpc(model: RobotModel, gains: Gains) -> Mpc:
    return Mpc(model, gains)


def drive(
    mpc: Mpc, q: np.ndarray, dq: np.ndarray, T: np.ndarray, ticks: int
) -> tuple[np.ndarray, np.ndarray, list]:
    log = []
    for _ in range(ticks):
        result = mpc.solve(q, dq, T)
        q, dq = result.q, result.dq
        log.append(result)
    return q, dq, log


def test_limits_hold_without_the_limiter(mpc: Mpc, model: RobotModel, gains: Gains, helpers) -> None:
    rng = np.random.default_rng(7)
    q, dq, scales = np.array(model.q_rest), np.zeros(7), gains.scales
    for _ in range(12):
        far = model.forward_kinematics(rng.uniform(model.q_min, model.q_max))
        T = model.forward_kinematics(q)
        T[:3, 3] += 0.3 * (far[:3, 3] - T[:3, 3])
        q, dq, log = drive(mpc, q, dq, T, 60)
        for result in log:
            assert result.ok
            assert np.all(np.abs(result.ddq) <= scales.acceleration * model.ddq_max + 1e-9)
            assert np.all(np.abs(result.dq) <= scales.velocity * model.dq_max + 1e-9)
            assert np.all(result.q <= model.q_max - scales.joint_margin + 1e-9)
            assert np.all(result.q >= model.q_min + scales.joint_margin - 1e-9)


def test_failed_qp_replays_the_plan_then_brakes_to_rest(
    mpc: Mpc, model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    T = helpers.tool_down(0.5, 0.1, 0.4)
    q, dq, log = drive(mpc, np.array(model.q_rest), np.zeros(7), T, 10)
    assert np.abs(dq).max() > 0.1
    planned = mpc.solve(q, dq, T)
    with monkeypatch.context() as patch:
        helpers.fail_qp(patch, mpc)
        q, dq, log = drive(mpc, planned.q, planned.dq, T, 60)
    assert not any(result.ok for result in log)
    np.testing.assert_array_equal(log[0].ddq, mpc_control(planned, mpc, log))
    for result in log:
        assert np.all(np.abs(result.ddq) <= gains.scales.acceleration * model.ddq_max + 1e-9)
    np.testing.assert_allclose(dq, 0.0, atol=1e-12)
    _, _, log = drive(mpc, q, dq, T, 200)
    np.testing.assert_allclose(model.forward_kinematics(log[-1].q)[:3, 3], T[:3, 3], atol=1e-3)


def mpc_control(planned, mpc: Mpc, log: list) -> np.ndarray:
    """The replayed acceleration is held over the second interval, which is two periods long."""
    np.testing.assert_array_equal(log[0].ddq, log[1].ddq)
    assert np.abs(log[0].ddq - planned.ddq).max() < 2.0
    return log[0].ddq


def test_same_inputs_give_the_same_plan(model: RobotModel, gains: Gains, helpers) -> None:
    T = helpers.tool_down(0.45, 0.15, 0.35)
    runs = [drive(Mpc(model, gains), np.array(model.q_rest), np.zeros(7), T, 40)[:2] for _ in range(2)]
    np.testing.assert_array_equal(runs[0], runs[1])


def test_start_in_violation_recovers(mpc: Mpc, model: RobotModel, gains: Gains, helpers) -> None:
    q = np.array(model.q_rest)
    q[3] = model.q_max[3] + 0.05
    dq = 1.5 * gains.scales.velocity * model.dq_max
    T = helpers.tool_down(0.5, 0.1, 0.4)
    q, dq, log = drive(mpc, q, dq, T, 100)
    assert log[0].violations["velocity"] > 0.3
    assert log[0].violations["position"] > 0.05
    assert all(result.ok for result in log)
    assert "velocity" not in log[-1].violations


def test_joint_outside_its_limit_comes_back(mpc: Mpc, model: RobotModel, helpers) -> None:
    q = np.array(model.q_rest)
    q[2] = model.q_max[2] + 0.09
    T = model.forward_kinematics(q)
    q, _, log = drive(mpc, q, np.zeros(7), T, 250)
    outside = [result.q[2] for result in log if result.q[2] > model.q_max[2]]
    assert len(outside) > 10
    assert np.all(np.diff(outside) < 0.0)
    assert q[2] <= model.q_max[2]


def reference(mpc: Mpc, q: np.ndarray, dq: np.ndarray, T: np.ndarray, plan, ddq: np.ndarray) -> np.ndarray:
    """The accelerations of one QP with every row of the problem, shape (N, n)."""
    evaluation, hessian, target = mpc._evaluation, mpc._hessian, mpc._target
    for part, value in zip(target, (T[:3, 3], T[:3, :3].T.ravel(), 0.0), strict=True):
        part[:] = value
    evaluation.evaluate(q=q, dq=dq, ddq=ddq, plan=plan)
    H, f = evaluation.quadratic()
    table = evaluation.table
    every = np.arange(len(table.soft))
    solver = daqp.Model()
    solver.settings = {"w_soft": mpc._gains.safety.slack_weight, "rho_soft": 1e-6, "iter_limit": 5000}
    lower = np.concatenate((evaluation.lower, table.lower))
    upper = np.concatenate((evaluation.upper, table.upper))
    sense = np.concatenate((np.zeros(len(evaluation.lower)), SOFT * table.soft)).astype(np.int32)
    f = f + hessian.gradient(dq, ddq)
    assert solver.setup(H + hessian.H, f, table.matrix(every), upper, lower, sense)[0] >= 0
    x, _, flag, _ = solver.solve()
    assert flag > 0
    return x.reshape(-1, 7)


@pytest.mark.parametrize("seed", range(6))
def test_rows_that_were_left_out_would_have_changed_nothing(
    model: RobotModel, all_on: Gains, helpers, seed: int
) -> None:
    """From states at, near and beyond limits, soft ones broken too: the answer is that of the whole QP."""
    rng, mpc = np.random.default_rng(90 + seed), helpers.build(model, all_on)
    compared, broken, left_out = 0, set(), 0
    for _ in range(20):
        q = np.clip(model.q_rest + rng.uniform(-0.9, 0.9, 7), model.q_min + 0.1, model.q_max - 0.1)
        q[rng.integers(7)] += rng.uniform(0.0, 0.1)
        dq = rng.uniform(-1.0, 1.0, 7) * all_on.scales.velocity * model.dq_max
        tool = model.forward_kinematics(q)
        spot = tool[:3, 3] + rng.uniform(-0.12, 0.12, 3)
        mpc.set_obstacles([Obstacle("ball", spot, spot, 0.05, rng.uniform(-0.3, 0.3, 3))])
        mpc.reset()
        for tick in range(4):
            if tick % 2 == 0:
                T = tool.copy()
                T[:3, 3] += rng.uniform(-0.1, 0.1, 3)
                T[:3, :3] = T[:3, :3] @ pin.exp3(rng.uniform(-0.4, 0.4, 3))
            plan, ddq = mpc._plan, mpc._ddq
            result = mpc.solve(q, dq, T)
            assert result.ok
            room, u = mpc._evaluation.table.room(mpc._plan[2]), mpc._plan[2]
            left_out += int((room > 0.1).sum())
            np.testing.assert_allclose(u, reference(mpc, q, dq, T, plan, ddq), atol=1e-5)
            broken |= {name for name, slack in result.slacks.items() if slack > 1e-4}
            q, dq, compared = result.q, result.dq, compared + 1
    assert compared == 80
    assert {"obstacles", "cartesian_speed"} <= broken
    assert left_out > 100 * compared


def test_rows_in_conflict_are_all_in_the_qp_in_the_end(
    model: RobotModel, all_on: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few rows are near at first, none is broken unseen."""
    few, whole = helpers.build(model, all_on), helpers.build(model, all_on)
    monkeypatch.setattr(few._evaluation.table, "near", lambda room: np.array([int(room.argmin())]))
    monkeypatch.setattr(whole._evaluation.table, "near", lambda room: np.arange(len(room)))
    q, dq = np.array(model.q_rest), 0.9 * all_on.scales.velocity * model.dq_max
    T = helpers.tool_down(0.85, 0.5, -0.1)
    answers = [helpers.drive(mpc, model, T, 40, q=q, dq=dq) for mpc in (few, whole)]
    for one, other in zip(*answers, strict=True):
        np.testing.assert_allclose(one.ddq, other.ddq, atol=1e-3)


def test_a_stretched_out_target_slows_the_arm_and_nothing_jumps(
    model: RobotModel, gains: Gains, helpers
) -> None:
    """Past the arm's reach and back, through the singular posture."""
    wide = helpers.tuned(gains, workspace={"lower": (-1.5, -1.5, -1.5), "upper": (1.5, 1.5, 1.5)})
    mpc, q, dq = helpers.build(model, wide), np.array(model.q_rest), np.zeros(7)
    out = model.forward_kinematics(q)
    out[:3, 3] = 1.1, 0.0, 0.4
    back = helpers.tool_down(0.5, 0.1, 0.4)
    least, log = np.inf, []
    for T, ticks in ((out, 300), (back, 300)):
        steps = helpers.drive(mpc, model, T, ticks, q=q, dq=dq)
        q, dq = steps[-1].q, steps[-1].dq
        least = min(least, min(np.linalg.svd(model.jacobian(step.q))[1].min() for step in steps))
        log += steps
        if T is out:
            assert np.abs(dq).max() < 0.05
    assert least < 0.03
    for before, after in pairwise(log):
        assert after.ok
        assert np.all(np.abs(after.ddq) <= wide.scales.acceleration * model.ddq_max + 1e-9)
        assert np.linalg.norm((after.dq - before.dq) / wide.scales.velocity / model.dq_max) < 0.2
    np.testing.assert_allclose(model.forward_kinematics(q)[:3, 3], back[:3, 3], atol=2e-3)


def test_weights_are_read_without_compiling_anew_and_other_grids_are_not(
    model: RobotModel, gains: Gains, helpers
) -> None:
    one = helpers.build(model, gains)
    softer = helpers.build(
        model,
        helpers.tuned(gains, weights={"position": 50.0}, scales={"velocity": 0.2}, table={"height": 0.1}),
    )
    assert one._evaluation.problem is softer._evaluation.problem
    T, q = helpers.tool_down(0.5, 0.1, 0.4), np.array(model.q_rest)
    first, second = (mpc.solve(q, np.zeros(7), T) for mpc in (one, softer))
    assert np.abs(first.ddq - second.ddq).max() > 0.1
    shorter = helpers.build(model, helpers.tuned(gains, node_times=gains.node_times[:5]))
    assert shorter._evaluation.problem is not one._evaluation.problem
    assert shorter.solve(q, np.zeros(7), T).ok


def test_without_a_compiler_the_answer_is_the_same(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    T, q, vm = helpers.tool_down(0.5, 0.3, 0.05), np.array(model.q_rest), replace(model)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(codegen, "_warned", False)
    with pytest.warns(RuntimeWarning, match="install gcc"):
        uncompiled = Mpc(vm, gains)
    monkeypatch.undo()
    logs = [helpers.drive(mpc, model, T, 100, q=q) for mpc in (uncompiled, Mpc(model, gains))]
    for one, other in zip(*logs, strict=True):
        np.testing.assert_allclose(one.q, other.q, atol=1e-6)
        np.testing.assert_allclose(one.dq, other.dq, atol=1e-5)


def test_slacks_name_what_gives_way_and_by_how_much(model: RobotModel, gains: Gains, helpers) -> None:
    """A box the tool is 5 cm outside of, told as 5 cm however the rows are scaled."""
    q = np.array(model.q_rest)
    tool = model.forward_kinematics(q)[:3, 3]
    upper = (tool[0] - 0.05 + gains.workspace.margin, *gains.workspace.upper[1:])
    mpc = helpers.build(model, helpers.tuned(gains, workspace={"upper": upper}))
    result = mpc.solve(q, np.zeros(7), model.forward_kinematics(q))
    assert result.violations == {"workspace": pytest.approx(0.05)}
    # By the first node that counts, 0.03 s from now, it is hardly nearer.
    assert result.slacks["workspace"] == pytest.approx(0.05, abs=2e-3)
    assert result.slacks["table"] == 0.0
    assert set(result.slacks) == {
        "cartesian_speed",
        "jerk",
        "obstacles",
        "self_collision",
        "table",
        "workspace",
    }


def test_obstacles_that_do_not_fit_or_contacts_of_nobody_are_refused(
    model: RobotModel, gains: Gains, helpers
) -> None:
    mpc, ball = helpers.build(model, gains), Obstacle("ball", np.ones(3), np.ones(3), 0.1)
    with pytest.raises(ControllerError, match=r"5 obstacles, expected at most obstacles\.slots = 4"):
        mpc.set_obstacles([ball] * 5)
    with pytest.raises(ControllerError, match=r"no body palm .* expected one of left_finger, .*, held"):
        mpc.set_obstacles([ball], allowed=frozenset({("palm", "ball")}))
    with pytest.raises(ControllerError, match="no obstacle cup to allow a contact with, there are: ball"):
        mpc.set_obstacles([ball], allowed=frozenset({("hand", "cup")}))
    without = helpers.build(model, helpers.tuned(gains, obstacles={"slots": 0}))
    without.set_obstacles([])
    with pytest.raises(ControllerError, match=r"1 obstacles, expected at most obstacles\.slots = 0"):
        without.set_obstacles([ball])
