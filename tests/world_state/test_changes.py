"""What changed between two beliefs, in words that a person would use."""

from dataclasses import replace

import numpy as np

from world_state.articulation import Articulation
from world_state.attachment import Attachment
from world_state.beliefs import Beliefs
from world_state.categorical import Categorical
from world_state.changes import diff
from world_state.fact import Fact
from world_state.hand import Grip, Hand
from world_state.holding import Touch
from world_state.pose import initial
from world_state.slot import Slot, attributes_of


def block(id, *, x=0.5, phrase="red block"):
    return Slot(
        id=id, pose=initial(np.array([x, 0.1, 0.02]), 1e-6 * np.eye(3)), extent=np.full(3, 0.04),
        labels=Categorical.of({phrase: 0.9}), attributes=attributes_of(phrase), stamp=0.0, last_seen=0.0,
        last_view=np.array([1.0, 0.0, 0.5]),
    )  # fmt: skip


BEFORE = Beliefs().with_slot(block("s1", x=0.5)).with_slot(block("s2", x=0.3, phrase="bowl"))


def words(before, after):
    return [f"{change.subject} {change.what}" for change in diff(before, after)]


def test_nothing_changed_is_nothing_said():
    assert diff(BEFORE, Beliefs.from_json(BEFORE.to_json())) == ()


def test_things_that_come_go_and_move():
    after = BEFORE.without_slot("s2").with_slot(block("s1", x=0.62)).with_slot(block("s3", phrase="cup"))
    assert words(BEFORE, after) == [
        "red block (s1) moved 12.0 cm, from (0.500, 0.100, 0.020) m to (0.620, 0.100, 0.020) m",
        "cup (s3) is new, seen at (0.500, 0.100, 0.020) m",
        "bowl (s2) is forgotten, last seen at (0.300, 0.100, 0.020) m",
    ]


def test_a_nudge_below_a_centimetre_is_not_said_to_be_a_move():
    assert words(BEFORE, BEFORE.with_slot(block("s1", x=0.509))) == []


def test_a_thing_that_is_taken_into_the_hand():
    held = replace(block("s1"), status="held", attachment=Attachment("held", "hand", 1.0))
    after = replace(
        BEFORE.with_slot(held), hand=Hand(grip=Grip("s1", np.eye(4), 0.04)), touch=Touch(log_odds=5.0)
    )
    assert words(BEFORE, after) == [
        "red block (s1) is held, was seen",
        "red block (s1) held by the hand, before: stands for itself",
        "hand holds red block (s1), before: perhaps something",
    ]


def test_names_existence_and_how_well_a_place_is_known():
    one = BEFORE.slots["s1"]
    after = replace(
        one, labels=Categorical.of({"red cube": 0.9}), existence=-3.0, pose=one.pose.spread(1e-4 * np.eye(3))
    )
    assert words(BEFORE, BEFORE.with_slot(after)) == [
        "red cube (s1) is called so now, before 'red block'",
        "red cube (s1) is there with 5 %, was 95 %",
        "red cube (s1) is known to 10.0 mm, was 1.0 mm",
    ]


def test_drawers_and_facts():
    weights = np.zeros(101)
    weights[90] = 1.0
    after = BEFORE.with_articulation(Articulation("drawer", weights, 1.0)).with_fact(
        Fact("light is on", 3.0, 1.0, 60.0)
    )
    assert words(BEFORE, after) == [
        "drawer is open (100 %), to 90 %; was not known",
        "light is on is so with 95 %, before: not known",
    ]
