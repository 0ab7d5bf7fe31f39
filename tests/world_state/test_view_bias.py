"""Errors that looks have in common."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.arrays import MessageError
from world_state.view_bias import ViewBias, in_common


def spd(seed, scale):
    A = np.random.default_rng(seed).normal(size=(3, 3))
    return (A @ A.T + 0.1 * np.eye(3)) * scale**2


@given(seed=st.integers(0, 10_000), stds=st.tuples(*[st.floats(0.001, 0.03)] * 2))
def test_the_parts_add_up_to_both_claims(seed, stds):
    before, now = spd(seed, stds[0]), spd(seed + 1, stds[1])
    common = in_common(before, now)
    # b' = keep b + rest: its covariance is the common one, and with the look's own noise it is the look's.
    np.testing.assert_allclose(common.keep @ before @ common.keep.T + common.rest, common.prior, atol=1e-12)
    np.testing.assert_allclose(common.prior + common.noise, now, atol=1e-12)
    for part in (common.rest, common.noise, before - common.prior):
        assert np.linalg.eigvalsh(part)[0] > -1e-12


def test_equal_claims_are_of_one_error():
    assert in_common(spd(1, 0.01), 1.0005 * spd(1, 0.01)) is None


def test_a_bias_of_the_wrong_shape_is_refused():
    with pytest.raises(MessageError, match=r"ViewBias\.prior"):
        ViewBias(np.zeros(3), np.zeros(3), np.eye(2))
