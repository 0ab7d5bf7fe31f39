"""Expressions are read with all their readings, and refused by the word that is wrong."""

import pytest

from world_state.errors import ExpressionError, UnknownWord, WorldStateError
from world_state.referring.expression import Called, Clause, Described, Extreme, Focus, Held
from world_state.referring.grammar import MOST_READINGS, read

PLATE, BOWL, CUP = Described("plate"), Described("bowl"), Described("cup")


def that(noun, relation, *landmarks):
    return Described(noun, clauses=(Clause(relation, landmarks),))


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("it", Focus()),
        ("what I hold", Held()),
        ("what is in the gripper", Held()),
        ("the red block", Described("block", ("red",))),
        ("Red block.", Described("block", ("red",))),
        ("the orange", Described("orange")),
        ("the orange ball", Described("ball", ("orange",))),
        ("the orange orange", Described("orange", ("orange",))),
        ("the cup next to the plate", that("cup", "next to", PLATE)),
        ("cup to the left of the plate", that("cup", "left of", PLATE)),
        ("the cup that is to the right of a plate", that("cup", "right of", PLATE)),
        ("the cup in front of the plate", that("cup", "in front of", PLATE)),
        ("the thing inside the bowl", that("thing", "in", BOWL)),
        ("the cup on top of the plate", that("cup", "on", PLATE)),
        ("the cup between the plate and the bowl", that("cup", "between", PLATE, BOWL)),
        ("the smallest fruit", Described("fruit", extreme=Extreme("smallest"))),
        ("the big red block", Described("block", ("red",), extreme=Extreme("largest"))),
        ("the block nearest to the plate", Described("block", extreme=Extreme("nearest", PLATE))),
        ("the nearest block to the plate", Described("block", extreme=Extreme("nearest", PLATE))),
        ("the other block", that("block", "other than", Focus())),
        ("the block other than the cup", that("block", "other than", CUP)),
        ("the bowl of its colour", that("bowl", "same colour as", Focus())),
        ("the bowl that matches its color", that("bowl", "same colour as", Focus())),
        (
            "the block that is the same colour as the cup",
            that("block", "same colour as", CUP),
        ),
        ("the thing of the same kind as the cup", that("thing", "same kind as", CUP)),
        ("the block that is red", Described("block", ("red",))),
        ("the block that I hold", that("block", "is", Held())),
        ("the block in my hand", that("block", "is", Held())),
        ("the one smaller than the cup", that("one", "smaller than", CUP)),
    ],
)
def test_an_expression_has_its_reading(text, reading):
    assert read(text) == (reading,)


def test_what_a_clause_belongs_to_is_left_open():
    in_plate = that("plate", "in", BOWL)
    assert set(read("the cup next to the plate in the bowl")) == {
        that("cup", "next to", in_plate),
        Described("cup", clauses=(Clause("next to", (PLATE,)), Clause("in", (BOWL,)))),
    }


def test_expressions_nest_and_a_reading_in_words_says_how():
    readings = {str(r) for r in read("the block left of the smallest fruit next to the red cup")}
    assert "block left of (the smallest fruit next to the red cup)" in readings
    assert "block left of (the smallest fruit) and next to the red cup" in readings


def test_a_long_expression_has_a_bounded_number_of_readings():
    text = "the cup" + " next to the cup" * 12
    assert len(read(text)) == MOST_READINGS


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("the soda can", "soda can"),
        ("gizmo 7", "gizmo 7"),
        ("cup next to the plate", "cup next to the plate"),
    ],
)
def test_a_phrase_of_the_memory_is_a_noun_whatever_its_words(text, phrase):
    assert read(text, [phrase]) == (Called(phrase),)


def test_a_phrase_of_the_memory_can_be_a_landmark():
    gizmo = Called("gizmo 7")
    assert read("cup left of the gizmo 7", ["gizmo 7"]) == (that("cup", "left of", gizmo),)


def test_an_unknown_word_is_named_with_what_is_known():
    with pytest.raises(
        UnknownWord, match=r"'blok' is not known \(is 'block' or .*known nouns are .*plate"
    ) as error:
        read("the red blok on the plate")
    assert (error.value.word, error.value.text) == ("blok", "the red blok on the plate")
    assert "block" in error.value.similar
    assert isinstance(error.value, WorldStateError)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("the cup next to", "after 'the cup next to' it cannot go on with 'its end'"),
        ("the next cup", "after 'the' it cannot go on with 'next cup'"),
        ("the cup between the plate", "after 'the cup between the plate'"),
        ("red", "after 'red'"),
    ],
)
def test_words_that_make_no_expression_are_refused_where_they_stop_making_sense(text, problem):
    with pytest.raises(ExpressionError, match=problem):
        read(text)
