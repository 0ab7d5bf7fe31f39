"""The QP honours hard rows exactly and soft rows by an exact penalty."""

import numpy as np

from controllers.qp import DenseQp


def small(*, soft: bool) -> DenseQp:
    qp = DenseQp(variables=2, soft=np.array([soft]), slack_weight=1e4)
    qp.H[:] = np.eye(2)
    qp.f[:] = (-1.0, -1.0)
    qp.A[:] = (1.0, 0.0)
    qp.lower[:], qp.upper[:] = (-5, -5, -np.inf), (5, 5, 0.25)
    return qp


def test_soft_row_is_exact_while_it_can_be_kept() -> None:
    for soft in (False, True):
        np.testing.assert_allclose(small(soft=soft).solve(), (0.25, 1.0), atol=1e-6)


def test_soft_row_gives_way_and_hard_row_fails() -> None:
    for soft in (False, True):
        qp = small(soft=soft)
        qp.upper[2] = -9.0
        x = qp.solve()
        assert (x is not None) == soft
        if x is not None:
            np.testing.assert_allclose(x, (-5.0, 1.0), atol=1e-5)


def test_recovers_after_failure_and_refuses_nan() -> None:
    qp = small(soft=False)
    qp.upper[2] = -9.0
    assert qp.solve() is None
    qp.upper[2] = 0.25
    np.testing.assert_allclose(qp.solve(), (0.25, 1.0), atol=1e-6)
    qp.f[0] = np.nan
    assert qp.solve() is None
