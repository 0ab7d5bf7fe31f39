"""Facts: evidence adds up and fades."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.arrays import MessageError
from world_state.fact import LIMIT, Fact, sigmoid


def a_fact(log_odds=0.0, *, half_life=100.0, prior=0.0):
    return Fact("light is on", log_odds, stamp=10.0, half_life=half_life, prior_log_odds=prior)


def test_evidence_is_weighed_as_bayes_says():
    fact = a_fact().updated(math.log(0.8 / 0.1), 10.0)
    assert fact.probability(10.0) == pytest.approx(0.8 / 0.9)
    assert fact.updated(-math.log(8.0), 10.0).probability(10.0) == pytest.approx(0.5)


@given(log_odds=st.floats(-9, 9), prior=st.floats(-2, 2))
def test_a_half_life_halves_the_distance_to_the_prior(log_odds, prior):
    fact = a_fact(log_odds, prior=prior)
    assert fact.log_odds_at(110.0) == pytest.approx((log_odds + prior) / 2)
    assert fact.log_odds_at(1e6) == pytest.approx(prior)
    assert fact.log_odds_at(3.0) == log_odds


@given(age=st.floats(0, 1e9))
def test_what_nobody_changes_does_not_fade(age):
    assert a_fact(3.0, half_life=math.inf).log_odds_at(10.0 + age) == 3.0


def test_evidence_counts_on_top_of_what_is_left():
    later = a_fact(4.0).updated(1.0, 110.0)
    assert later.log_odds == pytest.approx(3.0)
    assert later.stamp == 110.0
    assert later.updated(1.0, 50.0).stamp == 110.0


@given(llrs=st.lists(st.floats(-100, 100), max_size=20))
def test_it_never_grows_certain(llrs):
    fact = a_fact()
    for llr in llrs:
        fact = fact.updated(llr, 10.0)
        assert abs(fact.log_odds) <= LIMIT
        assert 0.0 < fact.probability(10.0) < 1.0


def test_sigmoid_of_huge_log_odds_is_a_probability():
    assert [sigmoid(x) for x in (-1e4, 0.0, 1e4)] == [0.0, 0.5, 1.0]


@given(log_odds=st.floats(-9, 9), half_life=st.floats(1e-3, 1e9) | st.just(math.inf))
def test_json_round_trip_is_exact(log_odds, half_life):
    fact = a_fact(log_odds, half_life=half_life)
    assert Fact.from_json(json.loads(json.dumps(fact.to_json(), allow_nan=False))) == fact


def test_nonsense_is_refused():
    with pytest.raises(MessageError, match="half_life"):
        a_fact(half_life=0.0)
    with pytest.raises(MessageError, match="key"):
        Fact(" ", 0.0, 0.0, 1.0)
    with pytest.raises(MessageError, match="llr"):
        a_fact().updated(math.inf, 0.0)
