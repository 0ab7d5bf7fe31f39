"""Constraints held as equations: the minimum there, its multipliers, and the MPC's use of them."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.active_set import NO_EQUATIONS, ActiveSet, minimum_where
from controllers.mpc import Mpc


@pytest.fixture
def problem() -> tuple[np.ndarray, np.ndarray]:
    root = np.random.default_rng(1).normal(size=(6, 6))
    return root @ root.T + np.eye(6), np.arange(6.0)


def test_without_equations_it_is_the_unconstrained_minimum(problem) -> None:
    H, f = problem
    before = H.copy()
    x, duals = minimum_where(H, f, NO_EQUATIONS, NO_EQUATIONS)
    np.testing.assert_allclose(H @ x + f, 0.0, atol=1e-12)
    assert len(duals) == 0
    np.testing.assert_array_equal(H, before)


def test_with_equations_they_hold_and_the_rest_has_no_slope(problem) -> None:
    H, f = problem
    C = np.random.default_rng(2).normal(size=(3, 6))
    b = np.array([0.5, -1.0, 2.0])
    x, duals = minimum_where(H, f, C, b)
    np.testing.assert_allclose(C @ x, b, atol=1e-12)
    np.testing.assert_allclose(H @ x + f + C.T @ duals, 0.0, atol=1e-11)


def test_no_answer_where_there_is_none(problem) -> None:
    H, f = problem
    C = np.ones((1, 6))
    assert minimum_where(-H, f, NO_EQUATIONS, NO_EQUATIONS) is None
    assert minimum_where(H, np.full(6, np.nan), NO_EQUATIONS, NO_EQUATIONS) is None
    assert minimum_where(H, f, np.zeros((1, 6)), np.ones(1)) is None
    assert minimum_where(H, f, C, np.array([np.nan])) is None


def test_the_set_is_what_multipliers_push_and_where() -> None:
    active = ActiveSet.of(np.array([2, 5, 9, 11]), np.array([0.0, -3.0, 2.0, 0.0]))
    assert active.which.tolist() == [5, 9]
    assert active.upper.tolist() == [False, True]


def test_most_ticks_that_are_bound_need_no_qp(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A far target keeps accelerations at their bounds; a QP is solved only where the set changes."""
    mpc: Mpc = helpers.build(model, gains)
    solve, solved, bound = mpc._qp.solve, 0, 0

    def counted(*arguments: object, **more: object) -> object:
        nonlocal solved
        solved += 1
        return solve(*arguments, **more)

    monkeypatch.setattr(mpc._qp, "solve", counted)
    q, dq, T = np.array(model.q_rest), np.zeros(7), helpers.tool_down(0.6, 0.4, 0.1)
    for tick in range(240):
        if tick == 120:
            T = helpers.tool_down(0.5, -0.4, 0.3)
        (result,) = helpers.drive(mpc, model, T, 1, q=q, dq=dq)
        bound += bool(len(mpc._active.which))
        q, dq = result.q, result.dq
    assert bound > 30
    assert 0 < solved < 0.6 * bound
