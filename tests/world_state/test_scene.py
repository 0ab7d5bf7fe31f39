"""One instant: things aged up to it, what they are like, and what is held."""

import pytest

from world_state.categorical import Categorical
from world_state.scene import Scene, p_same


def test_things_are_aged_up_to_the_instant(thing):
    slot = thing("red block", 0.5, 0.0)
    scene = Scene({slot.id: slot}, 100.0)
    assert scene.slot(slot.id).covariance[0, 0] > slot.covariance[0, 0]
    assert scene.slots[0] is scene.slot(slot.id)


def test_attributes_come_from_answers_first_and_else_from_names(thing):
    lemon, asked = thing("lemon", 0.5, 0.0), thing("block", 0.6, 0.0)
    asked = thing("block", 0.6, 0.0, attributes={**asked.attributes, "colour": Categorical.of({"red": 0.7})})
    scene = Scene({lemon.id: lemon, asked.id: asked}, 0.0)
    assert scene.colours("lemon")["yellow"] == pytest.approx(0.95, abs=0.01)
    assert scene.colours("block") == pytest.approx({"red": 0.7}, abs=1e-3)
    assert scene.kinds("block")["block"] > 0.9


def test_two_things_are_the_same_only_as_far_as_each_is_known():
    assert p_same({"red": 0.9, "blue": 0.1}, {"red": 0.5}) == pytest.approx(0.45)
    assert p_same({"red": 1.0}, {}) == 0.0


def test_what_is_not_said_to_be_held_is_not(thing):
    slot = thing("cup", 0.5, 0.0)
    assert Scene({"cup": slot}, 0.0).p_held(slot) == 0.0
    assert Scene({"cup": slot}, 0.0, {"cup": 0.8}).p_held(slot) == 0.8
