"""The QP honours hard rows exactly and soft rows by an exact penalty."""

import numpy as np
import pytest

from controllers.qp import DenseQp


def solve(qp: DenseQp, *, soft: bool, highest: float = 0.25, **changes: np.ndarray) -> np.ndarray | None:
    """min ½|x|² − x₁ − x₂ with |x| ≤ 5 and x₁ ≤ highest."""
    problem = {"H": np.eye(2), "f": np.array([-1.0, -1.0]), "A": np.array([[1.0, 0.0]])} | changes
    lower, upper = np.array([-5.0, -5.0, -1e9]), np.array([5.0, 5.0, highest])
    answer = qp.solve(**problem, lower=lower, upper=upper, soft=np.array([soft]), duals=np.zeros(3))
    return None if answer is None else answer[0]


@pytest.fixture
def qp() -> DenseQp:
    return DenseQp(slack_weight=1e4)


@pytest.mark.parametrize("soft", [False, True])
def test_soft_row_is_exact_while_it_can_be_kept(qp: DenseQp, soft: bool) -> None:
    np.testing.assert_allclose(solve(qp, soft=soft), (0.25, 1.0), atol=1e-6)


def test_soft_row_gives_way_and_hard_row_fails(qp: DenseQp) -> None:
    np.testing.assert_allclose(solve(qp, soft=True, highest=-9.0), (-5.0, 1.0), atol=1e-5)
    assert solve(qp, soft=False, highest=-9.0) is None


def test_recovers_after_failure_and_refuses_nan(qp: DenseQp) -> None:
    assert solve(qp, soft=False, highest=-9.0) is None
    np.testing.assert_allclose(solve(qp, soft=False), (0.25, 1.0), atol=1e-6)
    for name, shape in (("H", (2, 2)), ("f", (2,)), ("A", (1, 2))):
        assert solve(qp, soft=False, **{name: np.full(shape, np.nan)}) is None
    np.testing.assert_allclose(solve(qp, soft=False), (0.25, 1.0), atol=1e-6)


def test_as_many_rows_as_a_tick_needs(qp: DenseQp) -> None:
    H, f, bound = np.eye(2), np.array([-1.0, -2.0]), np.full(2, 5.0)
    for rows in (0, 3, 1):
        A, hard = np.tile([1.0, 1.0], (rows, 1)), np.zeros(rows, dtype=bool)
        upper = np.concatenate((bound, np.full(rows, 1.0)))
        lower = -np.maximum(upper, 5.0)
        answer = qp.solve(H, f, A=A, lower=lower, upper=upper, soft=hard, duals=np.zeros(2 + rows))
        np.testing.assert_allclose(answer[0], (0.0, 1.0) if rows else (1.0, 2.0), atol=1e-6)


def test_from_the_last_multipliers_the_same_answer_takes_fewer_iterations(qp: DenseQp) -> None:
    rng = np.random.default_rng(2)
    root, A = rng.normal(size=(20, 20)), rng.normal(size=(30, 20))
    problem = {"A": A, "lower": np.full(50, -0.1), "upper": np.full(50, 0.1)}
    problem["soft"] = np.arange(30) < 15
    H, f = root @ root.T + np.eye(20), 10.0 * rng.normal(size=20)
    cold, duals = qp.solve(H, f, **problem, duals=np.zeros(50))
    iterations = qp.iterations
    warm, _ = qp.solve(H, f, **problem, duals=duals)
    np.testing.assert_allclose(warm, cold, atol=1e-5)
    assert qp.iterations < iterations / 2
    wrong, _ = qp.solve(H, f, **problem, duals=rng.normal(size=50))
    np.testing.assert_allclose(wrong, cold, atol=1e-5)
