"""Rates with their intervals, and silence where there is too little to say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.bench.statistics import QUOTABLE, quantile, rate, wilson


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [
        (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662),
        (95, 100, 0.8882, 0.9785),
    ],
)  # fmt: skip
def test_wilson_intervals_are_those_of_the_tables(
    successes: int, count: int, low: float, high: float
) -> None:
    assert wilson(successes, count) == pytest.approx((low, high), abs=2e-4)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_rate_and_narrows_with_more_cases(case: tuple[int, int]) -> None:
    successes, count = case
    low, high = wilson(successes, count)
    assert 0.0 <= low <= successes / count + 1e-12
    assert successes / count - 1e-12 <= high <= 1.0
    low4, high4 = wilson(4 * successes, 4 * count)
    assert high4 - low4 < high - low


@pytest.mark.parametrize(("successes", "count"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_rate_has_no_interval(successes: int, count: int) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        wilson(successes, count)


def test_a_rate_over_fewer_than_fifty_is_not_quoted() -> None:
    assert QUOTABLE == 50
    assert rate([True] * 49) is None
    assert rate([]) is None
    assert rate([True] * 30 + [False] * 20) == 0.6


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert quantile([], 0.5) is None
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile(range(101), 0.99) == 99.0
