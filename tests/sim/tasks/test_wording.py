"""Templates are filled with articles, cases and endings as each language has them."""

import pytest

from hybridctl.sim.palette import COLOURS, UNSEEN_COLOURS
from hybridctl.sim.symbols import SYMBOLS
from hybridctl.sim.tasks.wording import LANGUAGES, WordingError, fill
from hybridctl.sim.things import FRUITS, SHAPES, UNSEEN_SHAPES


@pytest.mark.parametrize(
    ("phrase", "case", "expected"),
    [
        ("red block", "acc", "den roten Block"),
        ("red block", "dat", "dem roten Block"),
        ("red block", "nom", "der rote Block"),
        ("red block", "bare", "roter Block"),
        ("yellow pyramid", "acc", "die gelbe Pyramide"),
        ("yellow pyramid", "dat", "der gelben Pyramide"),
        ("first compartment", "acc", "das erste Fach"),
        ("heart", "dat", "dem Herzen"),
        ("3", "acc", "die 3"),
    ],
)
def test_german_declines(phrase: str, case: str, expected: str) -> None:
    assert fill(f"{{x:{case}}}", "de", x=phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("red ball", "la pelota roja"),
        ("blue bin", "el contenedor azul"),
        ("second compartment", "el segundo compartimento"),
        ("soda can", "la lata de refresco"),
    ],
)
def test_spanish_agrees(phrase: str, expected: str) -> None:
    assert fill("{x}", "es", x=phrase) == expected


def test_prepositions_merge_with_articles_where_people_merge_them() -> None:
    assert fill("de {x} a {y}", "es", x="drawer", y="plate") == "del cajón al plato"
    assert fill("para {x}", "es", x="plate") == "para el plato"
    assert fill("zu {x:dat}, in {y}", "de", x="red block", y="first compartment") == (
        "zum roten Block, ins erste Fach"
    )


def test_chinese_puts_a_particle_before_a_noun_of_one_syllable() -> None:
    assert fill("{x}, {y}", "zh", x="red block", y="red ball") == "红色方块, 红色的球"


def test_several_are_listed_and_numbers_stand() -> None:
    assert (
        fill("{n}: {x}", "en", n=3, x=("plum", "lime", "red cup")) == "3: the plum, the lime and the red cup"
    )
    assert fill("{x}", "de", x=("plum", "apple")) == "die Pflaume und den Apfel"


def test_every_thing_of_every_split_has_words_in_every_language() -> None:
    colours, shapes = (*COLOURS, *UNSEEN_COLOURS), (*SHAPES, *UNSEEN_SHAPES, "cup", "bowl", "bin")
    phrases = {f"{c} {s}" for c in colours for s in shapes} | {*FRUITS, *SYMBOLS, "soda can", "peg", "person"}
    for language in LANGUAGES:
        names = [fill("{x}", language, x=phrase) for phrase in phrases]
        assert len(set(names)) == len(names)


def test_what_has_no_words_is_named() -> None:
    with pytest.raises(WordingError, match="magenta block"):
        fill("{x}", "de", x="magenta block")
    with pytest.raises(WordingError, match="'fr'"):
        fill("{x}", "fr", x="plum")
    with pytest.raises(WordingError, match="place"):
        fill("{x} to {place}", "en", x="plum")
    with pytest.raises(WordingError, match="gen"):
        fill("{x:gen}", "en", x="plum")
