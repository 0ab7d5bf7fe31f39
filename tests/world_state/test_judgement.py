"""Judgements: thresholds, no bool by accident, and connectives that never claim too much."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.arrays import MessageError
from world_state.judgement import Judgement, unsure

chance = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("probability", "truth"),
    [(1.0, True), (0.91, True), (0.9, None), (0.5, None), (0.1, None), (0.09, False), (0, False)],
)
def test_truth_is_told_by_two_thresholds(probability, truth):
    assert Judgement(probability).truth is truth


def test_a_judgement_is_no_bool_and_says_what_to_write_instead():
    with pytest.raises(TypeError, match=r"\.truth is True"):
        bool(Judgement(1.0))
    with pytest.raises(TypeError, match="no bool"):
        assert not Judgement(0.0)


@pytest.mark.parametrize("bad", [-0.01, 1.01, float("nan")])
def test_a_probability_outside_0_and_1_is_refused(bad):
    with pytest.raises(MessageError, match="probability"):
        Judgement(bad)


def test_what_cannot_be_known_is_one_half_with_a_reason():
    assert unsure("nobody looked").truth is None
    assert unsure("nobody looked").why == "nobody looked"


@given(chance, chance)
def test_connectives_stay_within_what_any_dependence_allows(a, b):
    p, q = Judgement(a, age=1.0), Judgement(b, age=3.0)
    both, either = p & q, p | q
    assert max(0.0, a + b - 1.0) - 1e-12 <= both.probability <= min(a, b) + 1e-12
    assert max(a, b) - 1e-12 <= either.probability <= min(1.0, a + b) + 1e-12
    assert both.age == either.age == 3.0
    assert (~(~p)).probability == pytest.approx(a)
    assert (p & q).probability == pytest.approx((q & p).probability)


@given(st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4))
def test_true_and_false_hold_under_every_joint_distribution_of_the_two(weights):
    """Where `&` says true, P(A and B) is at least 0.8 whatever the dependence; `|` says false likewise."""
    total = sum(weights)
    joint = dict(zip(itertools.product((True, False), repeat=2), (w / total for w in weights), strict=True))
    a = Judgement(min(1.0, joint[True, True] + joint[True, False]))
    b = Judgement(min(1.0, joint[True, True] + joint[False, True]))
    if (a & b).truth is True:
        assert joint[True, True] >= 0.9 - 1e-9
    if (a & b).truth is False:
        assert joint[True, True] <= 0.1 + 1e-9
    if (a | b).truth is True:
        assert 1.0 - joint[False, False] >= 0.9 - 1e-9
    if (a | b).truth is False:
        assert 1.0 - joint[False, False] <= 0.1 + 1e-9
