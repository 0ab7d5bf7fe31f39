"""Rows on a function of the posture are its linearisation along the plan, at the nodes that were chosen."""

import numpy as np
import pytest

from controllers.limits.task_rows import TaskRows


@pytest.mark.parametrize(("every", "first"), [(1, 0), (2, 0), (3, 0), (4, 2)])
def test_rows_and_free_part_are_the_linearised_function(make_tick, horizon, every: int, first: int) -> None:
    tick, rng = make_tick(11), np.random.default_rng(11)
    value, G = rng.normal(size=(7, 2)), rng.normal(size=(7, 7, 2))  # transposed: (node, joint, value)
    task = TaskRows(horizon, joints=7, values=2, every=every)
    A = np.full((task.rows, 56), 7.0)
    free = task.write(A, value, G, tick.prediction)
    chosen = np.arange(first, 7, every)
    assert chosen[-1] == 6  # the last node is always one of them
    assert free.shape == (len(chosen), 2)
    for u in rng.normal(size=(4, 56)):
        moved = tick.motion(u)[0][1:] - tick.prediction.q_nominal
        expected = np.array([value[k] + G[k].T @ moved[k] for k in chosen])
        np.testing.assert_allclose((A @ u).reshape(-1, 2) + free, expected, atol=1e-9)
