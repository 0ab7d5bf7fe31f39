"""What a question in words is about."""

import math

import pytest

from world_state.questions import Asked, by_state, understood

YES_NO = ("yes", "no")


@pytest.mark.parametrize(
    ("question", "answers", "asked"),
    [
        ("is the drawer open", YES_NO, Asked("articulation", "drawer", "open")),
        ("Is the top drawer shut?", YES_NO, Asked("articulation", "top drawer", "closed")),
        ("is the drawer open, ajar or closed", ("open", "ajar", "closed"), Asked("articulation", "drawer")),
        ("is the drawer open or closed?", ("open", "closed"), Asked("articulation", "drawer")),
        ("is the drawer open or closed?", YES_NO, Asked("fact", "is the drawer open or closed")),
        ("is there a red block", YES_NO, Asked("existence", "red block")),
        ("do you see a cup on the table?", YES_NO, Asked("existence", "cup")),
        ("what colour is the cup", ("red", "blue"), Asked("attribute", "cup", "colour")),
        ("what color is the cup", ("red", "blue"), Asked("attribute", "cup", "colour")),
        ("Is the light  on?", YES_NO, Asked("fact", "is the light on")),
        ("is the drawer open or closed", YES_NO, Asked("fact", "is the drawer open or closed")),
        ("what colour is the cup", YES_NO, Asked("fact", "what colour is the cup")),
    ],
)
def test_a_question_is_understood_by_its_wording_and_its_answers(question, answers, asked):
    assert understood(question, answers) == asked


def test_to_open_or_not_ajar_is_neither():
    states = by_state(Asked("articulation", "drawer", "open"), {"yes": math.log(0.9), "no": math.log(0.1)})
    assert math.exp(states["ajar"]) == pytest.approx(0.5)
    assert states["open"] > states["ajar"] > states["closed"]
