"""Whether a right belief stays unsurprising, and a wrong one is noticed, and how soon."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from hybridctl.messages.arrays import MessageError
from world_state.motion import DRIFT_VARIANCE, rest
from world_state.pose import correct_position, initial, nis
from world_state.prediction.surprise import Gap, SurpriseWatch, measurement_gap, outcome_gap


def gaps(rng, count, *, dimensions=3, offset=0.0):
    """Gaps of looks at a thing that stands `offset` standard deviations from where it is believed."""
    innovations = rng.standard_normal((count, dimensions))
    innovations[:, 0] += offset
    return [measurement_gap(float(nu @ nu), dimensions, f"off by {offset}") for nu in innovations]


@pytest.mark.parametrize("dimensions", [1, 2, 3, 6])
def test_a_right_belief_is_surprised_by_one_reading_in_a_hundred(dimensions):
    found = gaps(np.random.default_rng(dimensions), 20_000, dimensions=dimensions)
    assert np.mean([gap.nats for gap in found]) == pytest.approx(1.0, abs=0.03)
    assert 0.007 < np.mean([gap.surprising for gap in found]) <= 0.0125


def test_the_gap_of_a_measurement_is_its_chi_square_tail():
    assert measurement_gap(11.345, 3, "").nats == pytest.approx(-math.log(chi2.sf(11.345, 3)))
    assert measurement_gap(0.0, 3, "").nats == 0.0
    assert measurement_gap(5000.0, 3, "").nats == 2500.0


@given(st.lists(st.floats(0.001, 1.0), min_size=2, max_size=5))
def test_an_answer_as_predicted_is_rarely_surprising_whatever_the_prediction(weights):
    total = sum(weights)
    predicted = {str(n): weight / total for n, weight in enumerate(weights)}
    surprising = sum(p for name, p in predicted.items() if outcome_gap(predicted, name, "").surprising)
    assert surprising <= 0.01 + 1e-9


def test_a_drawer_believed_shut_that_is_seen_open_is_surprising():
    predicted = {"closed": 0.995, "open": 0.005}
    assert outcome_gap(predicted, "open", "").surprising
    assert outcome_gap(predicted, "closed", "").nats == 0.0


def test_the_running_detector_gives_few_false_alarms():
    rng = np.random.default_rng(7)
    alarms = readings = 0
    for _ in range(40):
        watch = SurpriseWatch()
        for gap in gaps(rng, 500):
            watch = watch.after(gap)
            alarms, readings = alarms + watch.surprised, readings + 1
    assert alarms / readings <= 0.01


@pytest.mark.parametrize(("offset", "most"), [(3.0, 4.0), (4.0, 2.0), (6.0, 1.0)])
def test_a_thing_that_was_moved_is_noticed_within_a_few_looks(offset, most):
    delays = []
    for seed in range(100):
        watch = SurpriseWatch()
        for gap in gaps(np.random.default_rng(seed), 50):
            watch = watch.after(gap)
        assert not watch.surprised
        delays.append(0)
        for gap in gaps(np.random.default_rng(1000 + seed), 100, offset=offset):
            watch, delays[-1] = watch.after(gap), delays[-1] + 1
            if watch.surprised:
                break
    assert np.median(delays) <= most
    assert max(delays) <= 6 * most


VIEWS = (np.array([0.86, 0.0, 0.72]), np.array([0.5, 0.5, 0.6]), np.array([0.5, -0.5, 0.6]))
NOISE, SHARED = 0.003**2 * np.eye(3), 0.005**2 * np.eye(3)


def looks(rng, count, *, moved_at=None, by=0.0):
    """Gaps of looks, one a second from one of three places, at a thing that drifts as the filter says."""
    place = np.array([0.5, 0.1, 0.02])
    errors = [rng.multivariate_normal(np.zeros(3), SHARED) for _ in VIEWS]

    def seen(k):
        return place + errors[k] + rng.multivariate_normal(np.zeros(3), NOISE)

    pose = initial(seen(0), NOISE, view=VIEWS[0], bias=SHARED)
    for n in range(count):
        place = place + rng.normal(0.0, DRIFT_VARIANCE**0.5, 3) + (n == moved_at) * np.array([by, 0.0, 0.0])
        k, pose = int(rng.integers(3)), rest(pose, 1.0)
        z = seen(k)
        yield measurement_gap(nis(pose, z, NOISE, view=VIEWS[k], bias=SHARED), 3, "a look")
        pose = correct_position(pose, z, NOISE, view=VIEWS[k], bias=SHARED)


def test_under_the_filters_own_noise_looks_surprise_in_one_of_a_hundred():
    surprising, alarms, total = 0, 0, 0
    for seed in range(20):
        watch = SurpriseWatch()
        for gap in looks(np.random.default_rng(seed), 200):
            watch = watch.after(gap)
            surprising, alarms, total = surprising + gap.surprising, alarms + watch.surprised, total + 1
    assert surprising / total <= 0.0125  # 1 % and two standard deviations of 4,000 looks
    assert alarms / total <= 0.01


def test_a_thing_that_somebody_shifts_is_noticed_by_the_filters_looks():
    delays = []
    for seed in range(30):
        watch, delay = SurpriseWatch(), 0
        for n, gap in enumerate(looks(np.random.default_rng(seed), 40, moved_at=30, by=0.03)):
            watch = watch.after(gap)
            if n >= 30 and not watch.surprised:
                delay += 1
            elif n >= 30:
                break
        delays.append(delay)
    assert np.median(delays) == 0
    assert max(delays) <= 2


def test_a_watch_says_what_surprised_it_and_calms_down():
    watch = SurpriseWatch().after(Gap(0.5, "the cup where it was")).after(Gap(20.0, "the bowl 9 cm off"))
    assert watch.surprised
    assert watch.why == "the bowl 9 cm off"
    for _ in range(20):
        watch = watch.after(Gap(0.5, "as predicted"))
    assert not watch.surprised
    assert watch.why == ""
    assert watch == SurpriseWatch()


def test_what_is_no_gap_is_refused():
    with pytest.raises(MessageError, match="nis"):
        measurement_gap(-1.0, 3, "")
    with pytest.raises(MessageError, match="dimensions"):
        measurement_gap(1.0, 0, "")
    with pytest.raises(MessageError, match="sum to 1"):
        outcome_gap({"a": 0.5, "b": 0.2}, "a", "")
    with pytest.raises(MessageError, match="expected one of a, b"):
        outcome_gap({"a": 0.5, "b": 0.5}, "c", "")
