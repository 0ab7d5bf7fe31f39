"""Beliefs over names: Bayes' rule, and no certainty."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.arrays import MessageError
from world_state.categorical import LEAST, NEW_SHARE, OTHER, Categorical

NAMES = ["red", "green", "blue"]
EVIDENCE = st.dictionaries(st.sampled_from([*NAMES, "grey", OTHER]), st.floats(-50, 50), min_size=1)


def total(belief):
    return sum(math.exp(value) for value in belief.log_p.values())


@given(evidence=st.lists(EVIDENCE, max_size=20))
def test_probabilities_sum_to_one_and_none_is_ruled_out(evidence):
    belief = Categorical.of({"red": 0.6, "green": 0.3})
    for one in evidence:
        belief = belief.updated(one)
        assert total(belief) == pytest.approx(1.0)
        assert all(math.exp(value) > LEAST / 2 for value in belief.log_p.values())


def test_evidence_is_weighed_as_bayes_says():
    belief = Categorical.of({"red": 0.5, "green": 0.3}).updated(
        {"red": math.log(0.1), "green": math.log(0.8), OTHER: math.log(0.4)}
    )
    parts = {"red": 0.05, "green": 0.24, OTHER: 0.08}
    for name, part in parts.items():
        assert belief.p(name) == pytest.approx(part / sum(parts.values()))
    assert belief.best() == "green"


@given(evidence=EVIDENCE, constant=st.floats(-20, 20))
def test_a_constant_added_to_all_changes_nothing(evidence, constant):
    start = Categorical.of({"red": 0.6, "green": 0.3})
    a = start.updated(evidence)
    b = start.updated({name: value + constant for name, value in evidence.items()})
    for name in a.log_p:
        assert a.p(name) == pytest.approx(b.p(name), abs=1e-9)


def test_names_that_evidence_does_not_speak_of_keep_their_odds_to_each_other():
    before = Categorical.of({"red": 0.4, "green": 0.2, "blue": 0.3})
    after = before.updated({"red": 2.0, OTHER: 0.0})
    assert after.p("green") / after.p("blue") == pytest.approx(before.p("green") / before.p("blue"))
    assert after.p("red") > before.p("red")


def test_a_weight_of_zero_changes_nothing_and_half_counts_half():
    start, evidence = Categorical.of({"red": 0.5, "green": 0.4}), {"red": 1.0, "green": -1.0}
    assert start.updated(evidence, weight=0.0).p("red") == pytest.approx(0.5)
    half = start.updated(evidence, weight=0.5)
    assert half.updated(evidence, weight=0.5).p("red") == pytest.approx(start.updated(evidence).p("red"))


def test_a_new_name_gets_its_share_of_the_rest():
    start = Categorical.of({"red": 0.9})
    assert start.p("grey") == pytest.approx(NEW_SHARE * 0.1)
    even = start.updated({"grey": 0.0, OTHER: 0.0})
    assert even.p("grey") == pytest.approx(NEW_SHARE * 0.1)
    assert even.p("red") == pytest.approx(0.9)
    sure = start
    for _ in range(5):
        sure = sure.updated({"grey": 0.0, "red": -3.0, OTHER: -3.0})
    assert sure.best() == "grey"
    assert Categorical.of({}).best() == OTHER


def test_a_mind_can_be_changed_however_sure_it_was():
    belief = Categorical.of({"red": 0.5, "green": 0.4})
    for _ in range(1000):
        belief = belief.updated({"red": 3.0, "green": 0.0})
    for _ in range(8):
        belief = belief.updated({"red": 0.0, "green": 3.0})
    assert belief.best() == "green"


@given(evidence=st.lists(EVIDENCE, max_size=5))
def test_json_round_trip_is_exact(evidence):
    belief = Categorical.of({"red": 1 / 3})
    for one in evidence:
        belief = belief.updated(one)
    text = json.dumps(belief.to_json())
    assert json.dumps(Categorical.from_json(json.loads(text)).to_json()) == text


def test_nonsense_is_refused():
    with pytest.raises(MessageError, match="no part of 1"):
        Categorical.of({"red": 0.8, "green": 0.3})
    with pytest.raises(MessageError, match="no part of 1"):
        Categorical.of({"red": -0.1})
    with pytest.raises(MessageError, match="has no"):
        Categorical({"red": 0.0})
    with pytest.raises(MessageError, match="sum to"):
        Categorical({"red": 0.0, OTHER: 0.0})
    with pytest.raises(MessageError, match="finite"):
        Categorical.of({"red": 0.5}).updated({"red": math.nan})
    with pytest.raises(TypeError):
        Categorical.of({"red": 0.5}).log_p["red"] = 0.0
