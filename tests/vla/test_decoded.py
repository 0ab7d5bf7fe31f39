"""What a choice says of itself: probabilities, their logarithm, entropy."""

import numpy as np
import pytest

from hybridctl.vla.decoded import Choice, Decoded


def choice(position: int, token: int, allowed: list[int], p: list[float], shift: float = 0.0) -> Choice:
    logits = (np.log(p) + shift).astype(np.float32)
    return Choice(position, token, np.array(allowed), logits)


def test_log_probability_and_entropy_are_those_of_the_choices() -> None:
    answer = Decoded([4, 9, 6], [choice(0, 4, [4, 5], [0.5, 0.5]), choice(2, 6, [6, 7], [0.25, 0.75], 80.0)])
    assert answer.log_probability == pytest.approx(np.log(0.5) + np.log(0.25), abs=1e-5)
    second = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert answer.entropy == pytest.approx((np.log(2) + second) / 2, abs=1e-5)


def test_an_answer_without_a_choice_is_certain() -> None:
    answer = Decoded([4], [])
    assert (answer.log_probability, answer.entropy) == (0.0, 0.0)


def test_logits_of_any_size_give_probabilities() -> None:
    huge = Choice(0, 1, np.array([1, 2, 3]), np.array([3e38, -3e38, 3e38], dtype=np.float32))
    np.testing.assert_allclose(huge.p, [0.5, 0.0, 0.5])
    assert np.isfinite([huge.log_probability, huge.entropy]).all()
