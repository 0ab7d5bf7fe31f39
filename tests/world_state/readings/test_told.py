"""What a person says."""

import pytest

from hybridctl.messages.arrays import MessageError
from world_state.readings import READINGS, Told


def test_a_person_is_believed_as_far_as_people_are_trusted(hands):
    hands.take(Told(1.0, "is the light on", "yes"))
    assert hands.beliefs.facts["is the light on"].probability(1.0) == pytest.approx(0.95)
    hands.take(Told(2.0, "is the drawer open, ajar or closed", "ajar", ("open", "ajar", "closed")))
    assert hands.beliefs.articulations["drawer"].p_ajar > 0.9


def test_an_answer_that_the_question_does_not_admit_is_refused():
    with pytest.raises(MessageError, match="expected one of"):
        Told(1.0, "is the light on", "perhaps")


def test_it_survives_json():
    told = Told(1.0, "which way", "left", ("left", "right"))
    assert READINGS["told"].from_json(told.to_json()) == told
