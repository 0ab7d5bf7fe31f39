"""Whether a step that did not do what it should is noticed, and one that did is not."""

import pytest

from hybridctl.messages.plan import parse_subgoal
from world_state.beliefs import Beliefs
from world_state.holding import LIMIT, Touch
from world_state.prediction.imagine import imagine
from world_state.prediction.outcome import step_gaps
from world_state.prediction.surprise import SurpriseWatch

OPEN = parse_subgoal("open drawer")


@pytest.fixture
def shut(put, drawer):
    beliefs, _ = put(Beliefs(touch=Touch(log_odds=-LIMIT)), "drawer", 0.4, 0.0, extent=(0.2, 0.2, 0.095))
    return beliefs.with_articulation(drawer(0.0))


def gaps(shut, believed, *, success):
    expected = imagine(shut, OPEN, 10.0, success=success).beliefs
    return step_gaps(OPEN, before=shut, expected=expected, believed=believed, now=10.0)


def test_a_drawer_that_came_open_as_expected_is_no_surprise(shut, drawer):
    assert [gap.nats for gap in gaps(shut, shut.with_articulation(drawer(0.9)), success=0.9)] == [0.0, 0.0]


def test_a_failure_is_as_surprising_as_it_was_unlikely(shut):
    tried = max(gaps(shut, shut, success=0.9), key=lambda gap: gap.nats)
    assert tried.nats == pytest.approx(2.2, abs=0.3)
    assert not tried.surprising
    assert tried.why.startswith("after open drawer open(drawer) was expected with p = 0.90")
    assert "is not so (0.0" in tried.why


def test_a_step_that_claims_success_over_a_shut_drawer_is_surprising(shut):
    claimed = max(gaps(shut, shut, success=1.0), key=lambda gap: gap.nats)
    assert claimed.surprising
    watch = SurpriseWatch().after(claimed).after(claimed).after(claimed)
    assert watch.surprised
    assert "open(drawer)" in watch.why


def test_what_nobody_has_looked_at_yet_is_no_gap(shut, drawer):
    unsure = shut.with_articulation(drawer(0.7, std=0.2))
    assert [gap.why.split(" was")[0] for gap in gaps(shut, unsure, success=0.9)] == [
        "after open drawer hand_empty()"
    ]
