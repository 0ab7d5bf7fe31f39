"""Places explained by things: gates, words, sizes and what depth says."""

from dataclasses import replace

import numpy as np
import pytest

from world_state.association import explained, places
from world_state.noise import NoiseModel

NOISE = NoiseModel()
A, B = (0.5, 0.1), (0.5, -0.1)


def explain(hands, seen, *, stamp=1.0, says=None, **how):
    reading = hands.looks(seen, stamp=stamp, **how)
    found = places(reading.sightings, noise=NOISE)
    answers = explained(found, tuple(hands.beliefs.slots.values()), says or {}, noise=NOISE)
    return {place.words[0][0]: answer for place, answer in zip(found, answers, strict=True)}


def test_answers_that_point_at_one_thing_are_one_place(hands):
    found = places(hands.looks({"block": A, "red block": (0.501, 0.1)}, stamp=0.0).sightings, noise=NOISE)
    assert [[name for name, _ in place.words] for place in found] == [["block", "red block"]]


def test_nothing_known_makes_every_place_new(hands):
    answers = explain(hands, {"cup": A, "bowl": B})
    assert {answer.how for answer in answers.values()} == {"new"}
    assert explained((), (), {}, noise=NOISE) == ()


def test_one_thing_is_at_one_place_only(hands):
    hands.see({"red block": A}, stamp=0.0)
    answers = explain(hands, {"red block": (0.505, 0.1), "blue block": (0.495, 0.11)})
    assert sorted(answer.how for answer in answers.values()) == ["new", "stayed"]
    assert answers["red block"].slot == "s1"


def test_two_neighbours_both_shifted_are_told_apart_by_the_sum_of_both(hands):
    hands.see({"red block": (0.50, 0.0), "blue block": (0.56, 0.0)}, stamp=0.0)
    ids = {name: hands.id(name) for name in ("red block", "blue block")}
    # Both pushed by 3 cm: now the first stands where the second is nearest to.
    answers = explain(hands, {"red block": (0.53, 0.0), "blue block": (0.59, 0.0)})
    assert {name: answer.slot for name, answer in answers.items()} == ids


def test_what_is_much_smaller_is_not_it_though_it_stands_in_the_same_place(hands):
    hands.see({"bowl": A}, stamp=0.0, side=0.15)
    slot = hands.beliefs.slots["s1"]
    hands.beliefs = hands.beliefs.with_slot(replace(slot, extent=np.array([0.15, 0.15, 0.045])))
    answers = explain(hands, {"red block": A}, side=0.045)
    assert answers["red block"].how == "new"


def test_an_empty_place_frees_its_thing_to_be_elsewhere(hands):
    hands.see({"red block": A}, stamp=0.0)
    assert explain(hands, {"red block": B}, says={"s1": "absent"})["red block"].how == "moved"
    assert explain(hands, {"red block": B}, says={"s1": "present"})["red block"].how == "new"
    assert explain(hands, {"red block": B})["red block"].how == "new"


def test_what_stayed_surprises_less_the_nearer_it_is(hands):
    hands.see({"red block": A}, stamp=0.0)
    near, far = (explain(hands, {"red block": (0.5 + off, 0.1)})["red block"] for off in (0.0005, 0.003))
    assert near.surprise < far.surprise


@pytest.mark.parametrize(("std", "count"), [(0.004, 1), (0.001, 2)])
def test_two_looks_are_of_one_thing_as_far_as_their_noise_allows(hands, std, count):
    reading = hands.looks({"block": A, "red block": (A[0] + 0.008, A[1])}, stamp=0.0)
    sightings = [
        replace(one, look=replace(one.look, covariance=std**2 * np.eye(3))) for one in reading.sightings
    ]
    assert len(places(sightings, noise=NOISE)) == count
