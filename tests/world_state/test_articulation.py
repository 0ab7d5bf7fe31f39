"""How far a drawer is open: limits, contradictions, and not knowing after a while."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridctl.messages.arrays import MessageError
from world_state.articulation import FRACTIONS, NUDGE, UNKNOWN, Articulation

TRAVEL = 0.2


def a_drawer():
    return Articulation.unknown("drawer", stamp=0.0)


def measured(drawer, distance, *, std=0.004, stamp=0.0):
    """As a sensor of one's own would say it: a Gaussian, and one in a hundred of something else."""
    inlier = np.exp(-0.5 * ((distance - FRACTIONS * TRAVEL) / std) ** 2) / (std * np.sqrt(2.0 * np.pi))
    return drawer.correct(np.log(0.99 * inlier + 0.01 / TRAVEL), stamp=stamp)


def states(drawer):
    return np.array([drawer.p_closed, drawer.p_ajar, drawer.p_open])


def test_of_an_unseen_one_each_state_is_as_likely():
    np.testing.assert_allclose(states(a_drawer()), [1 / 3] * 3)


@pytest.mark.parametrize(("distance", "state"), [(0.0, 0), (0.004, 0), (0.06, 1), (0.16, 2), (0.2, 2)])
def test_a_measured_distance_tells_the_state(distance, state):
    drawer = measured(a_drawer(), distance)
    assert states(drawer)[state] > 0.9
    assert drawer.fraction == pytest.approx(distance / TRAVEL, abs=0.03)
    assert drawer.std < 0.1


@pytest.mark.parametrize(
    ("fraction", "states_of"), [(0.04, (1, 0)), (0.05, (0, 1)), (0.7, (0, 1)), (0.71, (0, 0))]
)
def test_the_edges_of_the_states_are_where_conditions_have_them(fraction, states_of):
    weights = (np.abs(FRACTIONS - fraction) < 1e-9).astype(float)
    drawer = Articulation("drawer", weights, 0.0)
    assert (drawer.p_closed, drawer.p_ajar) == states_of
    assert sum(states(drawer)) == pytest.approx(1.0)


@given(distance=st.floats(-0.05, 0.3), std=st.floats(1e-4, 0.1))
def test_noise_beyond_an_end_speaks_for_that_end(distance, std):
    drawer = measured(a_drawer(), distance, std=std)
    assert 0.0 <= drawer.fraction <= 1.0
    if distance < -3 * std:
        assert drawer.fraction < a_drawer().fraction + 1e-9
    if distance > TRAVEL + 3 * std:
        assert drawer.fraction > a_drawer().fraction - 1e-9


def test_contradicting_looks_leave_it_open_and_more_of_them_settle_it():
    drawer = a_drawer()
    for _ in range(3):
        drawer = measured(drawer, 0.0)
    assert drawer.p_closed > 0.99
    once = measured(drawer, 0.18)
    assert once.p_open < 0.9  # one look may be of something else
    for _ in range(6):
        once = measured(once, 0.18)
    assert once.p_open > 0.99


@given(
    by=st.lists(st.dictionaries(st.sampled_from(["closed", "ajar", "open"]), st.floats(-30, 30), min_size=1))
)
def test_it_stays_a_distribution_that_can_still_change(by):
    drawer = a_drawer()
    for evidence in by:
        drawer = drawer.correct(evidence, stamp=0.0)
        assert drawer.weights.sum() == pytest.approx(1.0)
        assert drawer.weights.min() > 0.0
    for _ in range(12):
        drawer = drawer.correct({"open": 3.0, "ajar": 0.0, "closed": 0.0}, stamp=0.0)
    assert drawer.p_open > 0.9


def test_an_answer_weighs_the_states_as_bayes_says():
    drawer = a_drawer().correct({"open": np.log(0.8), "closed": np.log(0.1), "ajar": np.log(0.3)}, stamp=0.0)
    np.testing.assert_allclose(states(drawer), np.array([0.1, 0.3, 0.8]) / 1.2, rtol=1e-4)
    unnamed = a_drawer().correct({"open": 1.0, "closed": -1.0}, stamp=0.0)
    assert unnamed.p_ajar / 1.0 == pytest.approx(1.0 / (1.0 + np.e + 1 / np.e), rel=1e-3)


@given(dt=st.floats(0.0, 1e5))
@settings(deadline=None)
def test_ageing_never_makes_it_surer_and_keeps_it_within_its_limits(dt):
    drawer = measured(a_drawer(), 0.0)
    later = drawer.predict(dt)
    assert later.weights.sum() == pytest.approx(1.0)
    assert later.weights.min() >= 0.0
    assert later.p_closed <= drawer.p_closed + 1e-9
    assert later.stamp == drawer.stamp


def test_unseen_for_long_nobody_knows_and_for_a_moment_everybody_does():
    drawer = measured(a_drawer(), 0.1)
    assert drawer.predict(1.0).p_ajar > 0.95
    np.testing.assert_allclose(drawer.predict(1e5).weights, UNKNOWN, atol=1e-9)


def test_nudges_spread_it_as_a_random_walk_does():
    weights = (np.abs(FRACTIONS - 0.5) < 1e-9).astype(float)
    later = Articulation("drawer", weights, 0.0).predict(9.0)
    core = later.weights - (1 - np.exp(-9.0 / 600.0)) * UNKNOWN
    core = core / core.sum()
    variance = core @ (FRACTIONS - 0.5) ** 2
    assert np.sqrt(variance) == pytest.approx(3 * NUDGE, rel=1e-6)


def test_evidence_is_weighed_against_the_belief_as_it_has_aged():
    old = measured(a_drawer(), 0.0)
    stale = old.correct({"open": 2.0, "closed": 0.0, "ajar": 0.0}, stamp=3000.0)
    fresh = old.correct({"open": 2.0, "closed": 0.0, "ajar": 0.0}, stamp=0.0)
    assert stale.p_open > 0.5 > fresh.p_open
    assert stale.stamp == 3000.0


def test_json_round_trip_is_exact():
    drawer = measured(a_drawer(), 0.07, stamp=1 / 3)
    text = json.dumps(drawer.to_json())
    assert json.dumps(Articulation.from_json(json.loads(text)).to_json()) == text


def test_nonsense_is_refused():
    with pytest.raises(MessageError, match="closed, ajar, open"):
        a_drawer().correct({"shut": 1.0}, stamp=0.0)
    with pytest.raises(MessageError, match="closed, ajar, open"):
        a_drawer().correct({}, stamp=0.0)
    with pytest.raises(MessageError, match="shape"):
        a_drawer().correct(np.zeros(3), stamp=0.0)
    with pytest.raises(MessageError, match="probabilities"):
        Articulation("drawer", np.zeros(101), 0.0)
    with pytest.raises(MessageError, match="name"):
        Articulation("", UNKNOWN, 0.0)
