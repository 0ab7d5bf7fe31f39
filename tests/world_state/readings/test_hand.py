"""What is felt at a tick, and when it is worth an event."""

import numpy as np
import pytest

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import MessageError
from world_state.errors import MeasurementError
from world_state.readings import READINGS, Feeling, Forgotten, Intent

A = (0.5, 0.1)


def tool(at):
    T = np.diag([1.0, -1.0, -1.0, 1.0])
    T[:3, 3] = at
    return T


def tick(hands, at, k, *, width, force, commanded):
    state = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), width, force, 1.0 + 0.05 * k)
    return hands.take(Feeling.of(state, tool(at), commanded_width=commanded))


def pick(hands):
    hands.see({"red block": A}, stamp=0.0)
    hands.take(Intent(0.5, "s1"))
    causes = []
    for k in range(12):
        causes.append(tick(hands, (*A, 0.0225), k, width=0.08, force=0.0, commanded=0.08).cause)
    for k in range(12, 30):
        causes.append(tick(hands, (*A, 0.0225), k, width=0.045, force=15.0, commanded=0.0).cause)
    return causes


def test_only_ticks_that_change_an_answer_are_events(hands):
    causes = [cause for cause in pick(hands) if cause]
    assert causes == ["nothing held", "not sure", "grasped"]
    assert hands.beliefs.hand.grip.slot == "s1"


def test_what_is_dropped_is_a_surprise_and_what_is_let_go_is_none(scenes):
    surprise = {}
    for on_purpose in (True, False):
        hands = scenes()
        pick(hands)
        if on_purpose:
            hands.take(Intent(3.0))
        for k in range(40, 60):
            tick(hands, (*A, 0.2), k, width=0.001, force=5.0, commanded=0.0)
            if hands.cause == "let go":
                surprise[on_purpose] = hands.surprise
        expected = "released" if on_purpose else "dropped"
        assert hands.beliefs.slots["s1"].status == expected
    assert surprise[True] < 0.1 < 3.0 < surprise[False]


def test_a_weight_is_read_only_from_an_arm_at_rest():
    wrench = np.array([0.0, 0.0, 0.8, 0.0, 0.0, 0.0])  # along the tool's z axis, which points down
    still = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.04, 5.0, 1.0, wrench=wrench)
    moving = ArmState(np.zeros(7), np.full(7, 0.5), np.zeros(7), 0.04, 5.0, 1.0, wrench=wrench)
    assert Feeling.of(still, tool((0.5, 0, 0.2)), commanded_width=0.0).felt.pull == 0.8
    assert Feeling.of(moving, tool((0.5, 0, 0.2)), commanded_width=0.0).felt.pull is None


def test_forgetting_a_held_thing_forgets_the_grip(hands):
    pick(hands)
    hands.take(Forgotten(3.0, "s1"))
    assert hands.beliefs.hand.grip is None
    assert "s1" not in hands.beliefs.slots


def test_they_survive_json():
    state = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.04, 5.0, 1 / 3)
    for reading in (
        Feeling.of(state, tool((0.5, 0, 0.2)), commanded_width=0.0),
        Intent(1.0, "s1"),
        Intent(2.0),
        Forgotten(1.0, "s1"),
    ):
        assert READINGS[reading.kind].from_json(reading.to_json()).to_json() == reading.to_json()


def test_what_is_not_known_cannot_be_grasped(hands):
    before = hands.beliefs
    with pytest.raises(MeasurementError, match=r"to grasp 's7', expected one of \[\]"):
        hands.take(Intent(1.0, "s7"))
    assert hands.beliefs is before


def test_a_width_that_is_no_number_is_refused_where_it_comes_in():
    state = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.04, 5.0, 1.0)
    with pytest.raises(MessageError, match="commanded_width is nan"):
        Feeling.of(state, tool((0.5, 0, 0.2)), commanded_width=float("nan"))
