"""Quantities to bins and back: exact on bins, within half a bin on values, without bias."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.action import ActionSpec
from hybridctl.messages.arrays import MessageError
from hybridctl.vla.action_tokens import ActionTokenizer, from_bins, to_bins
from hybridctl.vla.statistics import EMBEDDED_STATISTICS

TOKENS = ActionTokenizer(EMBEDDED_STATISTICS.action_spec())
SPEC = TOKENS.spec
eight_bins = st.lists(st.integers(0, 255), min_size=8, max_size=8)
specs = st.builds(
    lambda low, width, bins: ActionSpec(
        low=np.array(low), high=np.array(low) + np.array(width), bins=bins, frame="base"
    ),
    st.lists(st.floats(-5, 5), min_size=8, max_size=8),
    st.lists(st.floats(0.01, 10), min_size=8, max_size=8),
    st.integers(2, 256),
)


def test_every_bin_of_every_dimension_survives_the_round_trip() -> None:
    for bin_ in range(SPEC.bins):
        bins = np.full(8, bin_)
        np.testing.assert_array_equal(TOKENS.encode(TOKENS.decode(bins)), bins)


@given(specs, st.data())
def test_the_round_trip_is_exact_for_any_spec(spec: ActionSpec, data: st.DataObject) -> None:
    tokens = ActionTokenizer(spec)
    bins = np.array(data.draw(st.lists(st.integers(0, spec.bins - 1), min_size=8, max_size=8)))
    np.testing.assert_array_equal(tokens.encode(tokens.decode(bins)), bins)


@given(specs, st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_a_value_within_the_bounds_is_off_by_half_a_bin_at_most(spec: ActionSpec, share: list[float]) -> None:
    tokens = ActionTokenizer(spec)
    values = np.clip(spec.low + np.array(share) * (spec.high - spec.low), spec.low, spec.high)
    error = np.abs(tokens.decode(tokens.encode(values)) - values)
    assert np.all(error <= spec.bin_width / 2 * (1 + 1e-9) + 1e-12)


def test_the_error_has_no_bias() -> None:
    values = SPEC.low + np.linspace(0, 1, 25_601)[:, None] * (SPEC.high - SPEC.low)
    bins = to_bins(values, low=SPEC.low, high=SPEC.high, bins=SPEC.bins)
    error = from_bins(bins, low=SPEC.low, high=SPEC.high, bins=SPEC.bins) - values
    assert np.all(np.abs(error.mean(axis=0)) < 0.005 * SPEC.bin_width)


def test_values_outside_are_clipped_to_the_first_and_last_bin() -> None:
    np.testing.assert_array_equal(TOKENS.encode(SPEC.low - 5.0), np.zeros(8))
    np.testing.assert_array_equal(TOKENS.encode(SPEC.high + 5.0), np.full(8, 255))
    np.testing.assert_array_equal(TOKENS.encode(SPEC.high), np.full(8, 255))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_gets_no_token(bad: float) -> None:
    with pytest.raises(MessageError, match="NaN or infinite"):
        TOKENS.encode([0.0] * 7 + [bad])


def test_seven_or_nine_values_get_no_tokens() -> None:
    for count in (7, 9):
        with pytest.raises(MessageError, match="shape"):
            TOKENS.encode(np.zeros(count))
        with pytest.raises(ValueError, match=f"has 8 tokens, got {count}"):
            TOKENS.decode([0] * count)


@pytest.mark.parametrize("bad", [-1, 256])
def test_a_bin_out_of_range_is_refused(bad: int) -> None:
    with pytest.raises(ValueError, match=r"lie in 0\.\.255"):
        TOKENS.decode([0] * 7 + [bad])


@given(eight_bins)
def test_an_action_holds_the_bin_centres_in_order(bins: list[int]) -> None:
    action, centres = TOKENS.action(bins), TOKENS.decode(bins)
    named = [action.terminate, *action.translation, *action.rotation, action.gripper]
    np.testing.assert_array_equal(named, centres)
    expected = SPEC.low + (np.array(bins) + 0.5) * SPEC.bin_width
    np.testing.assert_allclose(centres, expected, atol=1e-12)
