"""What a step needs besides its signature's preconditions, by geometry."""

from dataclasses import replace

import pytest

from hybridctl.messages.plan import parse_subgoal
from world_state.attachment import Attachment
from world_state.beliefs import Beliefs
from world_state.holding import LIMIT, Touch
from world_state.prediction.effects import Setting, succeeded
from world_state.prediction.requirements import requirements

EMPTY = Beliefs(touch=Touch(log_odds=-LIMIT))


def lacks(beliefs, text):
    """What a step lacks, and how sure that is."""
    needed = requirements(beliefs, parse_subgoal(text), 1.0)
    return {r.problem: 1.0 - r.probability for r in needed if r.truth is not True}


def attach(beliefs, slot, kind, to, probability=1.0):
    return beliefs.with_slot(replace(slot, attachment=Attachment(kind, to, probability)))


def test_a_thing_seen_on_another_stands_in_the_way_without_being_told(put):
    beliefs, _ = put(EMPTY, "blue block", 0.5, 0.0)
    beliefs, _ = put(beliefs, "red ball", 0.5, 0.0, z=0.0675)
    found = lacks(beliefs, "pick blue block")
    assert found == {"the red ball is believed to stand on the blue block": pytest.approx(0.95, abs=0.05)}
    assert lacks(beliefs, "pick red ball") == {}


@pytest.mark.parametrize(("x", "z"), [(0.56, 0.0675), (0.5, 0.3)])
def test_what_is_beside_or_far_above_does_not(put, x, z):
    beliefs, _ = put(EMPTY, "blue block", 0.5, 0.0)
    beliefs, _ = put(beliefs, "red ball", x, 0.0, z=z)
    assert lacks(beliefs, "pick blue block") == {}


def test_a_bowl_may_be_picked_with_what_is_in_it(put):
    beliefs, bowl = put(EMPTY, "bowl", 0.5, 0.0, extent=(0.15, 0.15, 0.04))
    beliefs, ball = put(beliefs, "red ball", 0.5, 0.0, z=0.03)
    assert lacks(attach(beliefs, ball, "in", bowl.id), "pick bowl") == {}


def test_what_is_in_a_bowl_in_a_shut_drawer_is_shut_away_too(put, drawer):
    beliefs, front = put(EMPTY, "drawer", 0.3, 0.0, extent=(0.2, 0.2, 0.095))
    beliefs, bowl = put(beliefs, "bowl", 0.3, 0.0, z=0.05, extent=(0.15, 0.15, 0.04))
    beliefs, ball = put(beliefs, "red ball", 0.3, 0.0, z=0.05)
    beliefs = attach(attach(beliefs, bowl, "in", front.id), ball, "in", bowl.id, 0.8)
    shut, opened = (beliefs.with_articulation(drawer(fraction)) for fraction in (0.0, 0.9))
    found = lacks(shut, "pick red ball")
    assert found["the red ball is believed to be in the closed drawer"] == pytest.approx(0.8, abs=0.02)
    assert lacks(opened, "pick red ball") == {}


def test_a_thing_attached_by_the_articulations_name_is_shut_away(put, drawer):
    beliefs, ball = put(EMPTY, "red ball", 0.3, 0.0, z=0.05)
    beliefs = attach(beliefs, ball, "in", "drawer").with_articulation(drawer(0.0))
    assert "the red ball is believed to be in the closed drawer" in lacks(beliefs, "pick red ball")


def test_attachments_in_a_circle_do_not_hang(put):
    beliefs, a = put(EMPTY, "bowl", 0.3, 0.0)
    beliefs, b = put(beliefs, "cup", 0.6, 0.0)
    lacks(attach(attach(beliefs, a, "in", b.id), b, "in", a.id), "pick cup")


def test_a_surface_that_is_taken_up_has_no_room(put):
    beliefs, plate = put(EMPTY, "plate", 0.5, 0.0, extent=(0.14, 0.14, 0.008))
    beliefs, book = put(beliefs, "book", 0.5, 0.0, z=0.012, extent=(0.1, 0.12, 0.01))
    beliefs, _ = put(beliefs, "lemon", 0.3, 0.2)
    beliefs = attach(beliefs, book, "on", plate.id)
    beliefs = succeeded(beliefs, parse_subgoal("pick lemon"), Setting(1.0))
    assert list(lacks(beliefs, "place_on plate")) == ["the plate is believed taken up (book)"]


@pytest.mark.parametrize(
    ("existence", "problem"),
    [(-4.0, "no red ball is known"), (0.5, "the red ball is not believed to be there")],
)
def test_a_thing_that_may_be_gone_is_not_there_to_be_picked(put, existence, problem):
    beliefs, _ = put(EMPTY, "red ball", 0.3, 0.0, existence=existence)
    assert problem in lacks(beliefs, "pick red ball")
