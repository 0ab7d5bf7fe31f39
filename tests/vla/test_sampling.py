"""How tokens are taken: only allowed ones, by their probabilities, reproducibly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hybridctl.vla.sampling import GREEDY, DecodingError, Draw, choose

ANY_LOGITS = arrays.arrays(
    np.float32, (3, 6), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
)
SOME_ALLOWED = arrays.arrays(bool, (3, 6)).filter(lambda a: bool(a.any(1).all()))


@given(ANY_LOGITS, SOME_ALLOWED, st.integers(0, 1000))
def test_whatever_the_logits_only_the_allowed_is_taken(
    logits: np.ndarray, allowed: np.ndarray, seed: int
) -> None:
    draws = [GREEDY, Draw.seeded(1.0, seed=seed, sample=0), Draw.seeded(50.0, seed=seed, sample=1)]
    for taken in (choose(logits, allowed), choose(logits, allowed, draws)):
        assert allowed[np.arange(3), taken].all()


@given(ANY_LOGITS, SOME_ALLOWED)
def test_greedily_the_most_likely_allowed_one_is_taken(logits: np.ndarray, allowed: np.ndarray) -> None:
    taken = choose(logits, allowed)
    for row in range(3):
        assert logits[row, taken[row]] == logits[row][allowed[row]].max()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_tempered_distribution(temperature: float) -> None:
    p = np.array([0.6, 0.3, 0.1])
    logits = np.log(np.array([[0.6, 0.3, 0.1, 0.9]], dtype=np.float32))
    allowed = np.array([[True, True, True, False]])
    draw = [Draw.seeded(temperature, seed=3, sample=0)]
    taken = [int(choose(logits, allowed, draw)[0]) for _ in range(4000)]
    expected = p ** (1 / temperature) / (p ** (1 / temperature)).sum()
    np.testing.assert_allclose(np.bincount(taken, minlength=4)[:3] / 4000, expected, atol=0.03)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_are_named(value: float) -> None:
    logits = np.zeros((2, 3), dtype=np.float32)
    logits[1, :2] = value
    allowed = np.array([[True] * 3, [True, True, False]])
    with pytest.raises(DecodingError, match="answer 1 in the batch are not finite"):
        choose(logits, allowed)
    with pytest.raises(DecodingError, match="answer 1 in the batch are not finite"):
        choose(logits, allowed, [Draw.seeded(1.0, seed=0, sample=i) for i in range(2)])


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
def test_a_temperature_that_nothing_can_be_drawn_at_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature above 0"):
        Draw.seeded(temperature, seed=0, sample=0)
