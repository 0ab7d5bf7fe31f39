"""How far an answer is trusted."""

import pytest

from hybridctl.messages.arrays import MessageError
from hybridctl.messages.policy import Confidence
from world_state.noise import NoiseModel


def test_what_a_policy_says_of_itself_is_taken_but_never_for_certain():
    noise = NoiseModel()
    assert noise.p_right(Confidence(-1.0, 0.0, 0.7)) == 0.7
    assert 0.9 < noise.p_right(Confidence(-1.0, 0.0, 1.0)) < 1.0
    assert 0.0 < noise.p_right(Confidence(-1.0, 0.0, 0.0)) < 0.1


def test_without_that_entropy_says_it():
    noise = NoiseModel()
    sure, usual, torn = (noise.p_right(Confidence(-1.0, h)) for h in (0.1, 2.15, 4.2))
    assert sure == usual == pytest.approx(0.99)
    assert torn < 0.01


def test_a_probability_that_is_none_is_refused_by_name():
    with pytest.raises(MessageError, match=r"NoiseModel.alike is 1.0"):
        NoiseModel(alike=1.0)
