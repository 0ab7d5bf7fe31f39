"""What one imagined step leads to and lacks."""

import pytest

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_subgoal
from world_state.beliefs import Beliefs
from world_state.holding import LIMIT, Touch
from world_state.prediction.imagine import SUCCESS, imagine
from world_state.queries import AsOf

HOLDING = Condition(Predicate.HOLDING, "red ball")


@pytest.fixture
def table(put):
    beliefs, _ = put(Beliefs(touch=Touch(log_odds=-LIMIT)), "red ball", 0.5, 0.0)
    return beliefs


@pytest.mark.parametrize("success", [0.0, 0.3, SUCCESS, 1.0])
def test_what_a_step_brings_about_is_as_probable_as_its_success(table, success):
    after = imagine(table, parse_subgoal("pick red ball"), 2.0, success=success).beliefs
    believed = AsOf(after, 2.0).believes(HOLDING).probability
    assert believed == pytest.approx(success, abs=0.02)


def test_what_a_step_lacks_is_named(table):
    imagined = imagine(table, parse_subgoal("place_in bowl"), 2.0)
    assert [condition.predicate for condition in imagined.unmet] == [Predicate.HOLDING, Predicate.SEEN]
    assert imagined.why == "nothing is believed to be in the hand; no bowl is known"
    assert imagine(table, parse_subgoal("pick red ball"), 2.0).why == ""


def test_a_step_that_may_fail_leaves_the_place_open(table):
    after = imagine(table, parse_subgoal("pick red ball"), 2.0, success=0.7).beliefs.slot_named("red ball")
    sure = imagine(table, parse_subgoal("pick red ball"), 2.0, success=1.0).beliefs.slot_named("red ball")
    assert after.position.tolist() == sure.position.tolist()
    # 0.3 × (0.12 m)² of having stayed below.
    assert after.covariance[2, 2] - sure.covariance[2, 2] == pytest.approx(0.3 * 0.12**2, rel=1e-6)
    assert after.attachment.probability == pytest.approx(0.7)
    assert after.p_exists < sure.p_exists
