"""Progress is read back from the events that the tree noted."""

from typing import NamedTuple

import pytest

from behaviors.progress import ATTEMPT, ENDED, PLANNED, PREFIX, RESUMED, STARTED, SUBGOAL, Progress
from hybridctl.messages.arrays import MessageError
from hybridctl.messages.plan import parse_plan

TEXT = "pick red block; place_in bowl"


class Event(NamedTuple):
    kind: str
    measurement: dict


def read(*events):
    return Progress.from_events([Event(PREFIX + kind, data) for kind, data in events])


BEGINNING = ((STARTED, {"instruction": "tidy up", "about": {}}), (PLANNED, {"plan": TEXT, "text": "Plan: …"}))


def subgoal(index, stage):
    return SUBGOAL, {"index": index, "stage": stage}


def test_a_run_that_did_not_get_to_a_plan_knows_its_instruction():
    progress = read(BEGINNING[0])
    assert progress.instruction == "tidy up"
    assert progress.pending_subgoal is None
    assert progress.last_done is None


@pytest.mark.parametrize(
    ("noted", "pending"),
    [
        ((), 0),
        ((subgoal(0, "begun"),), 0),
        ((subgoal(0, "begun"), subgoal(0, "done")), 1),
        ((subgoal(0, "begun"), subgoal(0, "done"), subgoal(1, "begun")), 1),
        ((subgoal(0, "done"), subgoal(1, "failed")), 1),
        ((subgoal(0, "done"), subgoal(1, "done")), 2),
    ],
)
def test_the_pending_subgoal_is_the_first_that_was_not_noted_as_done(noted, pending):
    progress = read(*BEGINNING, *noted)
    assert progress.plan == parse_plan(TEXT)
    assert progress.pending == pending
    assert progress.pending_subgoal == (progress.plan.subgoals[pending] if pending < 2 else None)
    assert progress.last_done == (progress.plan.subgoals[pending - 1] if pending else None)


def test_after_a_failed_attempt_there_is_no_plan_to_pick_up():
    progress = read(*BEGINNING, subgoal(0, "failed"), (ATTEMPT, {"failed": 1}))
    assert progress.failed_attempts == 1
    assert progress.plan.subgoals == ()


def test_resumptions_are_counted_and_keep_the_plan():
    progress = read(*BEGINNING, subgoal(0, "done"), (RESUMED, {}), (RESUMED, {}))
    assert (progress.resumptions, progress.pending) == (2, 1)


def test_a_run_that_has_ended_says_how():
    assert read(*BEGINNING).ended == ""
    assert read(*BEGINNING, (ENDED, {"status": "FAILURE", "cause": "…"})).ended == "FAILURE"


def test_other_events_change_nothing():
    events = [Event("seen", {}), Event("tree.act", {"tokens": []}), Event("tree.look", {})]
    assert Progress.from_events(events) == Progress()


@pytest.mark.parametrize("data", [{}, {"plan": "juggle balls"}, {"plan": 3}])
def test_an_event_of_another_version_is_refused_by_its_kind(data):
    with pytest.raises(MessageError, match=r"event 'tree\.plan' tells of no progress"):
        read((PLANNED, data))
