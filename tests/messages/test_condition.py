"""Conditions take as many phrases as their predicate has places."""

import pytest

from hybridctl.messages.arrays import MessageError
from hybridctl.messages.condition import PLACES, Condition, Predicate


@pytest.mark.parametrize("predicate", list(Predicate))
def test_a_predicate_takes_exactly_its_number_of_phrases(predicate: Predicate) -> None:
    phrases = ("red block", "bowl")
    for count in range(3):
        if count == PLACES[predicate]:
            assert str(Condition(predicate, *phrases[:count])).startswith(f"{predicate.value}(")
        else:
            with pytest.raises(MessageError, match=f"{predicate.value} takes {PLACES[predicate]} phrases"):
                Condition(predicate, *phrases[:count])


def test_an_object_without_a_subject_is_refused() -> None:
    with pytest.raises(MessageError, match="takes 1 phrases"):
        Condition(Predicate.OPEN, "", "drawer")


def test_the_contrary_of_the_contrary_is_the_condition() -> None:
    holding = Condition(Predicate.HOLDING, "cup")
    assert str(~holding) == "not holding(cup)"
    assert ~~holding == holding != ~holding
