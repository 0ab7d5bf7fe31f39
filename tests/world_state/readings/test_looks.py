"""Who is who when several things are seen, moved, hidden and mistaken for each other."""

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from world_state.errors import MeasurementError
from world_state.memory import WorldMemory
from world_state.readings import READINGS, Looks
from world_state.store import EventStore

A, B, C = (0.5, 0.1), (0.5, -0.1), (0.6, 0.0)
OTHER_VIEW = np.array([0.5, 0.6, 0.7])


def test_a_thing_seen_elsewhere_after_its_place_was_seen_empty_is_moved_in_one_look(hands):
    hands.see({"red block": A}, stamp=0.0)
    hands.see({"red block": B}, stamp=1.0, says={"s1": "absent"})
    assert hands.at("red block") == B
    assert hands.id("red block") == "s1"
    assert hands.cause == "moved"
    assert len(hands.beliefs.slots) == 1


def test_a_thing_whose_old_place_is_hidden_is_moved_after_two_looks_and_keeps_its_id(hands):
    for k in range(4):
        hands.see({"red block": A}, stamp=float(k))
    hands.see({"red block": B}, stamp=5.0)
    assert hands.at("red block") == A
    hands.see({"red block": B}, stamp=6.0)
    assert hands.at("red block") == B
    assert hands.id("red block") == "s1"
    assert len(hands.beliefs.slots) == 1


def test_pointing_at_what_is_surely_another_thing_is_a_mistake(hands):
    for k in range(4):
        hands.see({"red block": A, "red cylinder": B}, stamp=float(k))
    hands.see({"red block": B}, stamp=5.0, says={"s1": "present", "s2": "present"})
    assert (hands.at("red block"), hands.at("red cylinder")) == (A, B)


def test_the_same_mistake_again_and_again_from_one_place_does_not_convince(hands):
    for view in (None, OTHER_VIEW):
        how = {} if view is None else {"view": view}
        hands.see({"red block": A, "red cylinder": B}, stamp=0.0 if view is None else 1.0, **how)
    for k in range(8):
        hands.see({"red block": B}, stamp=2.0 + k, says={"s1": "present", "s2": "present"})
    assert (hands.at("red block"), hands.at("red cylinder")) == (A, B)


def test_when_the_old_place_is_empty_the_answer_is_believed_though_the_thing_had_another_name(hands):
    hands.see({"red block": A, "red cylinder": B}, stamp=0.0)
    hands.see({"red block": B}, stamp=1.0, says={"s1": "absent", "s2": "present"})
    slot = hands.beliefs.slots["s1"]
    assert slot.p_exists < 0.2
    assert hands.beliefs.slots["s2"].labels.p("red block") > 0.1
    hands.see({"red block": B}, stamp=2.0, view=OTHER_VIEW, says={"s1": "absent", "s2": "present"})
    assert hands.id("red block") == "s2"


def test_two_things_may_share_a_name_and_are_told_apart_by_place(hands):
    hands.see({"red block": A}, stamp=0.0)
    hands.see({"red block": B}, stamp=1.0, says={"s1": "present"})
    hands.see({"red block": B}, stamp=2.0, says={"s1": "present", "s2": "present"})
    assert [slot.phrase for slot in hands.beliefs.slots.values()] == ["red block", "red block"]
    hands.see({"red block": (0.502, 0.1)}, stamp=3.0, says={"s1": "present", "s2": "present"})
    assert len(hands.beliefs.slots) == 2
    assert hands.beliefs.slots["s1"].last_seen == 3.0


def test_what_is_gone_is_no_more_believed_in_and_known_again_where_it_turns_up(hands):
    hands.see({"red block": A, "cup": C}, stamp=0.0)
    block = hands.id("red block")
    hands.see({"cup": C}, stamp=1.0, says={hands.id("red block"): "absent"})
    assert hands.beliefs.slot_named("red block") is None
    assert "gone" in hands.cause
    assert hands.surprise > 2.0
    hands.see({"red block": B}, stamp=20.0)
    assert (hands.at("red block"), hands.id("red block")) == (B, block)
    assert len(hands.beliefs.slots) == 2


def test_what_stays_away_for_long_is_forgotten(hands):
    hands.see({"red block": A, "cup": C}, stamp=0.0)
    block = hands.id("red block")
    for stamp in (1.0, 30.0, 100.0):
        hands.see({"cup": C}, stamp=stamp, says={block: "absent"})
    assert block not in hands.beliefs.slots


def test_a_push_of_centimetres_is_the_same_thing_though_its_place_still_shows_something(hands):
    hands.see({"red block": A}, stamp=0.0)
    hands.see({"red block": (0.5, 0.13)}, stamp=1.0, says={"s1": "present"})
    assert list(hands.beliefs.slots) == ["s1"]
    assert hands.at("red block") == (0.5, 0.13)


def test_an_older_picture_changes_nothing(hands):
    hands.see({"red block": A}, stamp=5.0)
    before = hands.beliefs.slots["s1"].to_json()
    hands.see({"red block": B}, stamp=1.0, says={"s1": "absent"})
    assert hands.beliefs.slots["s1"].to_json() == before
    assert hands.cause == "ignored: older than the belief"


def test_surprise_is_small_for_what_was_expected_and_large_for_what_was_not(hands):
    hands.see({"red block": A}, stamp=0.0)
    hands.see({"red block": A}, stamp=1.0, says={"s1": "present"})
    expected = hands.surprise
    hands.see({"red block": B}, stamp=2.0)
    assert expected < 1.0 < hands.surprise


def test_repeated_looks_from_one_place_make_no_name_sure_and_other_views_do(scenes):
    def doubt(*views):
        hands = scenes()
        hands.see({"red block": A}, stamp=0.0, p_right=0.6)
        for k, view in enumerate(views):
            hands.see({"red block": A}, stamp=1.0 + k, view=view, p_right=0.6)
        return 1.0 - hands.beliefs.slots["s1"].labels.p("red block")

    eye = np.array([0.86, 0.0, 0.72])
    assert doubt(eye) > 0.75 * doubt()
    assert doubt(OTHER_VIEW) < 0.5 * doubt()


@settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # `scenes` makes a new one each time
)
@given(
    st.permutations(["red block", "blue ball", "cup", "red cylinder", "bowl"]),
    st.lists(st.sampled_from([A, B, C, (0.42, 0.15), (0.42, -0.15)]), min_size=5, max_size=5),
)
def test_the_order_of_simultaneous_looks_changes_nothing(scenes, phrases, places):
    def beliefs(names):
        hands = scenes()
        hands.see({"red block": A, "blue ball": B, "cup": C}, stamp=0.0)
        where = dict(zip(sorted(phrases), places, strict=True))
        hands.see({name: where[name] for name in names}, stamp=1.0, says={"s1": "present", "s3": "absent"})
        return hands.beliefs.to_json()

    assert beliefs(phrases) == beliefs(sorted(phrases))


def test_looks_survive_json_and_correct_the_same(hands):
    hands.see({"red block": A}, stamp=0.0)
    reading = hands.looks({"red block": B, "cup": C}, stamp=1.0, says={"s1": "absent"})
    again = READINGS[Looks.kind].from_json(reading.to_json())
    assert again.to_json() == reading.to_json()
    one, other = (r.correct(hands.beliefs, hands.noise) for r in (reading, again))
    assert one.beliefs.to_json() == other.beliefs.to_json()


def test_filtered_anew_a_glance_finds_its_thing_by_place(scenes):
    hands = scenes().see({"red block": A}, stamp=0.0)
    reading = hands.looks({"cup": C}, stamp=1.0, says={"s1": "absent"})
    other = scenes().see({"cup": C}, stamp=-2.0).see({"red block": A}, stamp=-1.0)
    other.take(reading)
    assert other.beliefs.slots["s2"].p_exists < 0.2


def test_everything_together_through_pictures(tabletop, shapes, clock):
    before = tabletop(shapes["block"](*A) + shapes["ball"](*C))
    memory = WorldMemory(None, clock=clock)
    answers = {"red block": before.locate((*A, 0.0225)), "blue ball": before.locate((*C, 0.0225))}
    assert set(memory.see_all(before.locate((*A, 0.0)).observation, answers)) == set(answers)
    after = tabletop(shapes["ball"](*C))
    clock.time = 1.0
    with pytest.raises(MeasurementError):
        memory.see("red block", after.locate((*A, 0.0), stamp=1.0))
    assert not memory.has("red block")
    assert memory.has("blue ball")


def test_one_look_among_twenty_things_costs_a_millisecond_however_long_the_history(hands, tmp_path, clock):
    places = [(0.35 + 0.08 * i, -0.2 + 0.1 * j) for i in range(4) for j in range(5)]
    with EventStore(tmp_path / "events.db") as store:
        memory = WorldMemory(store, clock=clock)
        costs = []
        for k in range(600):
            hands.beliefs = memory.beliefs
            says = dict.fromkeys(memory.beliefs.slots, "present")
            reading = hands.looks({f"thing {k % 20}": places[k % 20]}, stamp=0.1 * k, says=says)
            started = time.thread_time()
            memory.take(reading)
            costs.append(time.thread_time() - started)
        assert len(memory.beliefs.slots) == 20
        assert WorldMemory.from_events(store, clock=clock).beliefs.to_json() == memory.beliefs.to_json()
    # `hybridctl bench memory` holds it to 1 ms; a test shares its machine with others.
    assert np.median(costs[100:]) < 0.004
    assert np.median(costs[-200:]) < 2.0 * np.median(costs[100:300])
