"""What a tree can ask: things, what is held, relations, and another time's beliefs."""

import time
from dataclasses import replace

import numpy as np
import pytest

from hybridctl.messages.arm import ArmState
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.reach import HOME_POSITION
from world_state.beliefs import Beliefs
from world_state.errors import UnknownSlot
from world_state.hand import Grip, Hand
from world_state.holding import HoldingState, Touch
from world_state.memory import WorldMemory
from world_state.queries import AsOf

FLAT = [0.15, 0.15, 0.04]


def test_things_are_found_by_phrase_and_aged(thing, recall):
    asked = recall(thing("red block", 0.5, 0.0), thing("bowl", 0.6, 0.1), now=10.0)
    assert asked.has("red block")
    assert not asked.has("blue block")
    assert (
        asked.slot("red block").covariance[0, 0]
        > recall(thing("red block", 0.5, 0)).slot("red block").covariance[0, 0]
    )
    assert asked.age("red block") == 10.0
    assert [slot.phrase for slot in asked.slots()] == ["red block", "bowl"]
    with pytest.raises(UnknownSlot, match="'bowl', 'red block'"):
        asked.slot("blue block")


def test_of_look_alikes_the_more_probable_is_meant(thing, recall):
    pair = thing("cup", 0.5, 0.0, id="a", exists=1.0), thing("cup", 0.6, 0.0, id="b", exists=3.0)
    assert recall(*pair).slot("cup").id == "b"


@pytest.mark.parametrize(
    ("log_odds", "held", "expected"),
    [(5.0, "cup", "cup"), (5.0, None, None), (0.0, "cup", None), (-5.0, None, None)],
)
def test_what_is_held_is_named_only_when_sure(thing, recall, log_odds, held, expected):
    hand = Hand(grip=None if held is None else Grip(held, np.eye(4), 0.04))
    touch = Touch(log_odds=log_odds)
    asked = recall(thing("cup", 0.5, 0.0), hand=hand, touch=touch)
    assert asked.holding() == expected
    assert asked.holding_state() == HoldingState(
        Touch(log_odds=log_odds).state, Touch(log_odds=log_odds).probability, held
    )


def test_is_in_takes_existence_for_granted_and_a_held_thing_is_in_nothing(thing, recall):
    bowl, ball = thing("bowl", 0.5, 0.0, size=FLAT), thing("ball", 0.5, 0.0, z=0.03, exists=1.0)
    hand = Hand(grip=Grip("ball", np.eye(4), 0.04))
    assert recall(bowl, ball).is_in("ball", "bowl") is True
    assert recall(bowl, ball).believes(Condition(Predicate.IN, "ball", "bowl")).truth is None
    assert recall(bowl, ball, hand=hand, touch=Touch(log_odds=5.0)).is_in("ball", "bowl") is False
    assert recall(bowl, ball, hand=hand).is_in("ball", "bowl") is None
    assert recall(bowl, thing("ball", 0.5, 0.3)).is_in("ball", "bowl") is False
    assert recall(bowl).is_in("ball", "bowl") is None
    assert recall(bowl, ball).is_in("bowl", "bowl") is None


def test_is_open_of_an_unknown_drawer_is_not_sure(recall):
    assert recall().is_open("drawer").truth is None
    assert "drawer" in recall().is_open("drawer").why


def test_relations_are_asked_by_name(thing, recall):
    asked = recall(thing("cup", 0.5, -0.1), thing("plate", 0.5, 0.0), thing("bowl", 0.5, -0.2))
    assert asked.relation("left of", "cup", "plate").truth is True
    assert asked.relation("right of", "cup", "plate").truth is False
    assert asked.relation("between", "cup", "plate", "bowl").truth is True
    assert asked.relation("left of", "cup", "gizmo").why == "nothing is known of a gizmo"
    with pytest.raises(ValueError, match="no relation 'under'"):
        asked.relation("under", "cup", "plate")


def test_asking_changes_nothing_and_another_time_is_asked_as_if_it_were_then(thing):
    cup = thing("cup", 0.5, 0.0)
    beliefs = Beliefs(slots={"cup": cup})
    before = beliefs.to_json()
    soon, late = AsOf(beliefs, 1.0), AsOf(beliefs, 100.0)
    assert late.slot("cup").covariance[0, 0] > soon.slot("cup").covariance[0, 0]
    soon.refer("the cup")
    soon.believes(Condition(Predicate.SEEN, "cup"))
    assert beliefs.to_json() == before


def test_simple_queries_of_twenty_things_take_well_below_a_millisecond(thing, recall):
    rng = np.random.default_rng(5)
    slots = [thing(f"gizmo {i}", *rng.uniform(0.3, 0.7, 2), size=0.05) for i in range(20)]
    asked = recall(*slots, now=1.0)
    conditions = [Condition(Predicate.IN, "gizmo 1", "gizmo 2"), Condition(Predicate.HAND_EMPTY),
                  Condition(Predicate.SEEN, "gizmo 3"), Condition(Predicate.HOLDING, "gizmo 4")]  # fmt: skip
    for condition in conditions:
        took = []
        for _ in range(30):
            begin = time.perf_counter()
            asked.believes(condition)
            took.append(time.perf_counter() - begin)
        assert min(took) < 0.001, f"{condition}: {min(took) * 1e3:.2f} ms"


def test_a_memory_that_felt_the_arm_knows_whether_it_rests_at_home(clock):
    memory = WorldMemory(None, clock=clock)
    rests, at_home = Condition(Predicate.AT_REST), Condition(Predicate.AT_HOME)
    assert memory.believes(rests).truth is None
    T = np.eye(4)
    T[:3, 3] = HOME_POSITION
    memory.feel(ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.08, 0.0, 0.1), T, commanded_width=0.08)
    assert (memory.believes(rests).truth, memory.believes(at_home).truth) == (True, True)
    moving = ArmState(np.zeros(7), np.full(7, 0.3), np.zeros(7), 0.08, 0.0, 0.2)
    memory.feel(moving, np.eye(4), commanded_width=0.08)
    assert (memory.believes(rests).truth, memory.believes(at_home).truth) == (False, False)
    clock.time = 10.0
    assert memory.believes(rests).truth is None


def test_a_memory_finds_what_it_saw_by_an_expression(clock, tabletop, shapes):
    memory = WorldMemory(None, clock=clock)
    table = tabletop(shapes["block"](0.5, -0.1) + shapes["block"](0.5, 0.1, side=0.03))
    for phrase, y in (("red block", -0.1), ("blue block", 0.1)):
        memory.see(phrase, table.locate([0.5, y, 0.03]))
    for text, phrase in (("the smallest block", "blue block"), ("the leftmost block", "red block")):
        assert memory.refer(text).best == memory.slot(phrase).id
    assert memory.relation("left of", "red block", "blue block").probability > 0.7


def test_a_close_look_tells_where_the_hands_camera_looks(clock, tabletop, shapes):
    memory, in_view = WorldMemory(None, clock=clock), Condition(Predicate.IN_VIEW, "red block")
    block = shapes["block"](0.525, 0.0)
    memory.see("red block", tabletop(block).locate([0.525, 0.0, 0.045]))
    above = tabletop(block, eye=np.array([0.53, 0.0, 0.35])).locate([0.525, 0.0, 0.045]).observation
    T = np.diag([1.0, -1.0, -1.0, 1.0])
    T[:3, 3] = 0.53, 0.0, 0.2
    state = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.08, 0.0, 0.1)
    memory.feel(state, T, commanded_width=0.08)
    assert memory.believes(in_view).truth is None
    memory.see_close("red block", replace(above, T_base_tool=T, stamp=0.1))
    for y, seen in ((0.0, True), (0.3, False)):
        T = T.copy()
        T[1, 3] = y
        memory.feel(replace(state, stamp=0.2 + y), T, commanded_width=0.08)
        assert (memory.believes(in_view).probability > 0.5) is seen
