"""What phrases say of kind and colour."""

import pytest

from hybridctl.sim.palette import ALL_COLOURS
from hybridctl.sim.tasks.lexicon import NOUNS
from hybridctl.sim.things import FRUITS as SIM_FRUITS
from world_state.lexicon import CATEGORIES, COLOURS, FRUITS, KINDS, named, words_of


@pytest.mark.parametrize(
    ("phrase", "kind", "colour"),
    [
        ("red block", "block", "red"),
        ("orange", "orange", "orange"),
        ("orange ball", "ball", "orange"),
        ("the red cup next to the blue plate", "cup", "red"),
        ("soda can", "can", None),
        ("lemon", "lemon", "yellow"),
        ("green apple", "apple", "green"),
        ("mango", "mango", None),
        ("first compartment", "compartment", None),
        ("smallest block", "block", None),
        ("thingamajig", None, None),
    ],
)
def test_a_phrase_says_what_kind_and_colour_its_thing_has(phrase, kind, colour):
    assert named(phrase) == (kind, colour)


def test_words_are_in_one_spelling():
    assert words_of("The Gray block, of its COLOR!") == ("the", "grey", "block", "of", "its", "colour")


def test_every_colour_fruit_and_noun_of_the_simulated_scenes_is_known():
    assert set(ALL_COLOURS) <= set(COLOURS)
    assert set(SIM_FRUITS) == set(FRUITS)
    nouns = {noun.split()[-1] for noun in NOUNS if not noun.isdigit()} - {"handle", "rim"}  # parts of a thing
    assert nouns <= KINDS | set(CATEGORIES)


def test_a_slot_takes_its_attributes_from_what_its_phrase_says(thing):
    assert thing("cup next to the plate", 0.5, 0.0).attributes["kind"].best() == "cup"
    assert thing("lemon", 0.5, 0.0).attributes["colour"].best() == "yellow"
    assert thing("small gizmo", 0.5, 0.0).attributes["kind"].best() == "gizmo"
    assert "colour" not in thing("small gizmo", 0.5, 0.0).attributes
