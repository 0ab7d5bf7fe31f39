"""Answers of a policy as evidence."""

import numpy as np
import pytest

from hybridctl.messages.arm import ArmState
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import AskAnswer, Confidence
from world_state.memory import WorldMemory
from world_state.readings import READINGS, Answered
from world_state.store import EventStore

EYE, ELSEWHERE = np.array([0.86, 0.0, 0.72]), np.array([0.2, 0.6, 0.7])


def said(question, *, stamp=1.0, view=EYE, **probabilities):
    logs = {answer: float(np.log(p)) for answer, p in probabilities.items()}
    return Answered(stamp, question, logs, view)


def test_whether_the_drawer_is_open_is_of_the_articulation(hands):
    hands.take(said("is the drawer open", yes=0.95, no=0.05))
    drawer = hands.beliefs.articulations["drawer"]
    assert drawer.p_open > 0.5 > drawer.p_ajar > drawer.p_closed
    hands.take(said("is the drawer open", yes=0.05, no=0.95, stamp=2.0))
    assert hands.beliefs.articulations["drawer"].p_closed > drawer.p_closed
    assert hands.surprise > 0.5


def test_whether_there_is_a_thing_is_of_its_existence(hands):
    hands.see({"red block": (0.5, 0.1)}, stamp=0.0)
    before = hands.beliefs.slots["s1"].p_exists
    hands.take(said("is there a red block", yes=0.01, no=0.99))
    assert hands.beliefs.slots["s1"].p_exists < 0.2 < before
    hands.take(said("is there a blue ball", yes=0.9, no=0.1))
    assert hands.beliefs.facts["is there a blue ball"].probability(1.0) == pytest.approx(0.9)


def test_what_colour_it_is_is_an_attribute(hands):
    hands.see({"cup": (0.5, 0.1)}, stamp=0.0)
    hands.take(said("what colour is the cup", red=0.8, green=0.1, blue=0.1))
    colour = hands.beliefs.slots["s1"].attributes["colour"]
    assert colour.best() == "red"
    assert colour.p("red") < 0.8
    hands.take(said("what shape is the cup", round=0.95, square=0.025, other=0.025))
    assert hands.beliefs.slots["s1"].attributes["shape"].p("round") == pytest.approx(0.9, abs=0.01)


def test_anything_else_is_a_fact_and_of_many_answers_each_is_one(hands):
    hands.take(said("is the light on", yes=0.9, no=0.1))
    assert hands.beliefs.facts["is the light on"].probability(1.0) == pytest.approx(0.9)
    hands.take(said("how many cups are there", one=0.8, two=0.1, three=0.1))
    facts = hands.beliefs.facts
    assert facts["how many cups are there: one"].probability(1.0) == pytest.approx(0.8)
    assert facts["how many cups are there: two"].probability(1.0) < 0.2


def test_the_same_answer_from_one_place_carries_next_to_no_new_weight(hands):
    def log_odds():
        return hands.beliefs.facts["is the light on"].log_odds

    hands.take(said("is the light on", yes=0.9, no=0.1))
    once = log_odds()
    hands.take(said("Is the light on?", yes=0.9, no=0.1, stamp=1.5))
    assert log_odds() < 1.15 * once
    hands.take(said("is the light on", yes=0.9, no=0.1, stamp=2.0, view=ELSEWHERE))
    assert log_odds() > 1.9 * once


def test_one_question_is_one_however_it_is_written(hands):
    hands.take(said("is the light on", yes=0.9, no=0.1))
    once = hands.beliefs.facts["is the light on"].log_odds
    hands.take(said("Is the  light on?", yes=0.9, no=0.1, stamp=1.5))
    assert hands.beliefs.facts["is the light on"].log_odds < 1.15 * once
    assert list(hands.beliefs.voices) == ["is the light on"]


def test_the_memory_does_not_grow_by_each_question(hands):
    for k in range(50):
        hands.take(said(f"is light {k} on", yes=0.9, no=0.1, stamp=600.0 * k))
    beliefs = hands.beliefs
    assert list(beliefs.voices) == ["is light 49 on"]
    assert 1 < len(beliefs.facts) < 10
    assert "is light 49 on" in beliefs.facts


def test_a_look_drops_voices_too(hands):
    hands.see({"red block": (0.5, 0.1)}, stamp=0.0)
    hands.see({"blue block": (0.5, -0.1)}, stamp=100.0)
    assert all(voice.stamp == 100.0 for said in hands.beliefs.voices.values() for voice in said.voices)


def test_a_reading_survives_json():
    reading = said("is the light on", yes=0.9, no=1 / 3)
    assert READINGS["answered"].from_json(reading.to_json()).to_json() == reading.to_json()


def test_a_memory_hears_and_remembers(tmp_path, clock):
    blank = np.zeros((4, 4, 3), dtype=np.uint8)
    arm = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.08, 0.0, 1.0)
    T = np.eye(4)
    picture = Observation(blank, np.ones((4, 4)), np.eye(3), T, T, arm, 1.0, "fixed")
    logs = np.log([0.9, 0.1])
    with EventStore(tmp_path / "events.db") as store:
        memory = WorldMemory(store, clock=clock)
        memory.hear(AskAnswer("is the drawer open", ("yes", "no"), logs, picture, Confidence(-0.1, 0.1)))
        memory.be_told("is the light on", "no")
        again = WorldMemory.from_events(store, clock=clock)
        assert again.beliefs.to_json() == memory.beliefs.to_json()
    assert memory.beliefs.facts["is the light on"].probability(0.0) < 0.1
    assert memory.beliefs.articulations["drawer"].p_open > 0.5
