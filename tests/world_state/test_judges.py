"""Every predicate: believed, not believed, and not sure."""

import math

import numpy as np
import pytest

from hybridctl.messages.condition import PLACES, Condition, Predicate
from hybridctl.messages.reach import HOME_POSITION
from world_state.articulation import Articulation
from world_state.attachment import Attachment
from world_state.categorical import Categorical
from world_state.fact import Fact
from world_state.hand import Grip, Hand
from world_state.holding import Touch
from world_state.judges import JUDGES, STALE
from world_state.posture import HandCamera, Posture
from world_state.queries import AsOf

FLAT = [0.15, 0.15, 0.04]
HELD, EMPTY, MAYBE = Touch(log_odds=5.0), Touch(log_odds=-5.0), Touch()
DOWN = np.diag([1.0, -1.0, -1.0, 1.0])
CAMERA = HandCamera(np.eye(4), [[150.0, 0, 64], [0, 150.0, 64], [0, 0, 1]])


class WithPosture(AsOf):
    """A memory that felt the arm."""

    felt: Posture | None = None

    @property
    def posture(self) -> Posture | None:
        return self.felt


def grip(slot, away=0.0):
    T = np.eye(4)
    T[0, 3] = away
    return Hand(grip=Grip(slot, T, 0.04))


def drawer(fraction, *, std=0.02, stamp=0.0):
    weights = np.exp(-0.5 * ((np.linspace(0, 1, 101) - fraction) / std) ** 2)
    return {"drawer": Articulation("drawer", weights / weights.sum(), stamp)}


def posture(x, y, z, *, speed=0.0, stamp=0.0, camera=CAMERA):
    T = DOWN.copy()
    T[:3, 3] = x, y, z
    return Posture(T, speed, stamp, camera)


@pytest.fixture
def cases(thing, recall):
    """For each predicate, beliefs under which it is true, false and not sure of its arguments."""
    bowl, cup = thing("bowl", 0.5, 0.0, size=FLAT), thing("cup", 0.5, 0.0, z=0.04)
    away, vague = thing("cup", 0.5, 0.3), thing("cup", 0.55, 0.0, std=0.1)
    edge = thing("cup", 0.5, 0.075 + 0.0225 + 0.08)
    told = thing("cup", 0.5, 0.3, sources=("told",))
    place = thing("plate", 0.5, 0.0, size=[0.14, 0.14, 0.008])
    hole = thing("hole", 0.5, 0.0, size=[0.1, 0.1, 0.045])
    palm = thing("person", 0.5, 0.0, size=[0.12, 0.12, 0.115])
    on_palm = thing("cup", 0.5, 0.0, z=0.14)
    fact = {"is the light on": Fact("is the light on", 4.0, 0.0, 60.0)}

    def with_posture(felt, *slots, now=0.0):
        asked = WithPosture(recall(*slots).beliefs, now)
        object.__setattr__(asked, "felt", felt)
        return asked

    P = Predicate
    return {
        P.SEEN: (("cup",), recall(cup), recall(told), recall(thing("cup", 0.5, 0.0, exists=0.0))),
        P.KNOWN: (("is the light on",), recall(facts=fact), recall(), recall(facts=fact, now=600.0)),
        P.HOLDING: (
            ("cup",),
            recall(cup, hand=grip("cup"), touch=HELD),
            recall(cup, touch=EMPTY),
            recall(cup, touch=HELD),
        ),
        P.HELD_BY: (
            ("cup", "handle"),
            recall(cup, hand=grip("cup", 0.06), touch=HELD),
            recall(cup, hand=grip("cup", 0.034), touch=HELD),
            recall(cup, hand=grip("cup", 0.0), touch=HELD),
        ),
        P.HAND_EMPTY: ((), recall(touch=EMPTY), recall(touch=HELD), recall(touch=MAYBE)),
        P.IN: (("cup", "bowl"), recall(bowl, cup), recall(bowl, away), recall(bowl, vague)),
        P.ON: (("cup", "plate"), recall(place, cup), recall(place, away), recall(place, vague)),
        P.AT: (
            ("cup", "bowl"),
            recall(bowl, thing("cup", 0.5, 0.1)),
            recall(bowl, away),
            recall(bowl, vague),
        ),
        P.NEXT_TO: (
            ("cup", "bowl"),
            recall(bowl, thing("cup", 0.5, 0.1)),
            recall(bowl, away),
            recall(bowl, edge),
        ),
        P.INSERTED: (
            ("cup", "hole"),
            recall(hole, thing("cup", 0.5, 0.0, z=0.03)),
            recall(hole, away),
            recall(hole, thing("cup", 0.5, 0.018, z=0.03)),
        ),
        P.WITH: (
            ("cup", "person"),
            recall(palm, on_palm),
            recall(palm, away),
            recall(palm, thing("cup", 0.5, 0.06, z=0.14)),
        ),
        P.OPEN: (
            ("drawer",),
            recall(articulations=drawer(1.0)),
            recall(articulations=drawer(0.3)),
            recall(articulations=drawer(0.7)),
        ),
        P.CLOSED: (
            ("drawer",),
            recall(articulations=drawer(0.0)),
            recall(articulations=drawer(0.3)),
            recall(),
        ),
        P.IN_VIEW: (
            ("cup",),
            with_posture(posture(0.5, 0, 0.3), cup),
            with_posture(posture(0.5, 0.3, 0.3), cup),
            with_posture(posture(0.5, 0, 0.3), cup, now=2 * STALE),
        ),
        P.AT_HOME: ((), with_posture(posture(*HOME_POSITION)), with_posture(posture(0.5, 0, 0.1)), recall()),
        P.AT_REST: (
            (),
            with_posture(posture(0, 0, 1)),
            with_posture(posture(0, 0, 1, speed=0.2)),
            with_posture(posture(0, 0, 1, speed=0.03)),
        ),
    }


def test_every_predicate_has_its_judge_and_its_cases(cases):
    assert set(JUDGES) == set(Predicate) == set(cases)


@pytest.mark.parametrize("predicate", Predicate)
def test_a_predicate_is_believed_disbelieved_and_left_open(cases, predicate):
    arguments, *beliefs = cases[predicate]
    assert len(arguments) == PLACES[predicate]
    condition = Condition(predicate, *arguments)
    for asked, truth in zip(beliefs, (True, False, None), strict=True):
        judged = asked.believes(condition)
        assert judged.truth is truth, f"{condition}: {judged}"
        contrary = asked.believes(~condition)
        assert contrary.truth is (None if truth is None else not truth)
        assert contrary.probability == pytest.approx(1.0 - judged.probability)


@pytest.mark.parametrize("predicate", [p for p, places in PLACES.items() if places])
def test_of_what_nobody_spoke_nothing_is_believed(recall, predicate):
    judged = recall().believes(Condition(predicate, *("cup", "bowl")[: PLACES[predicate]]))
    assert judged.truth is not True
    if predicate not in (Predicate.SEEN, Predicate.KNOWN, Predicate.HOLDING, Predicate.HELD_BY):
        assert judged.probability == 0.5
        assert judged.why


def test_what_may_not_exist_is_less_surely_anywhere(thing, recall):
    bowl = thing("bowl", 0.5, 0.0, size=FLAT)
    inside = Condition(Predicate.IN, "cup", "bowl")
    p = [
        recall(bowl, thing("cup", 0.5, 0.0, z=0.04, exists=e)).believes(inside).probability
        for e in (6, 0, -3)
    ]
    assert p == pytest.approx([1.0, 0.5, 0.047], abs=0.01)


def test_of_two_that_are_called_the_same_each_counts_by_half(thing, recall):
    bowl = thing("bowl", 0.5, 0.0, size=FLAT)
    pair = thing("cup", 0.5, 0.0, z=0.04, id="a"), thing("cup", 0.5, 0.3, id="b")
    judged = recall(bowl, *pair).believes(Condition(Predicate.IN, "cup", "bowl"))
    assert judged.probability == pytest.approx(0.5, abs=0.01)


def test_what_rests_in_a_drawer_or_on_the_table_is_known_by_its_attachment(thing, recall):
    inside, on = Condition(Predicate.IN, "cup", "drawer"), Condition(Predicate.ON, "cup", "table")
    cup = thing("cup", 0.5, 0.0, attachment=Attachment("in", "drawer", 0.95))
    assert recall(cup).believes(inside).truth is True
    assert recall(cup, hand=grip("cup"), touch=HELD).believes(inside).truth is False
    assert recall(cup).believes(on).truth is None
    assert (
        recall(thing("cup", 0.5, 0.0, attachment=Attachment("on", "table", 0.95))).believes(on).truth is True
    )


def test_several_conditions_are_believed_only_if_each_is_whatever_they_share(thing, recall):
    bowl, cup = thing("bowl", 0.5, 0.0, size=FLAT), thing("cup", 0.5, 0.0, z=0.04)
    inside, empty = Condition(Predicate.IN, "cup", "bowl"), Condition(Predicate.HAND_EMPTY)
    assert recall(bowl, cup, touch=EMPTY).believes(inside, empty).truth is True
    assert recall(bowl, cup, touch=MAYBE).believes(inside, empty).truth is None
    assert recall(bowl, cup, touch=HELD).believes(inside, empty).truth is False
    assert recall().believes().truth is True


def test_a_ghost_does_not_make_the_one_that_is_there_less_sure(thing, recall):
    bowl, ghost = thing("bowl", 0.5, 0.0, size=FLAT), thing("cup", 0.5, 0.3, id="ghost", exists=-0.5)
    inside = Condition(Predicate.IN, "cup", "bowl")
    assert recall(bowl, thing("cup", 0.5, 0.0, z=0.04), ghost).believes(inside).truth is True
    assert recall(bowl, ghost).believes(inside).truth is False


def test_a_phrase_that_nothing_is_called_is_read_as_an_expression(thing, recall):
    bowl = thing("bowl", 0.5, 0.0, size=FLAT)
    fruits = thing("plum", 0.5, 0.0, size=0.03, z=0.021), thing("melon", 0.5, 0.2, size=0.058)
    asked = recall(bowl, *fruits)
    assert asked.believes(Condition(Predicate.IN, "smallest fruit", "bowl")).truth is True
    assert asked.believes(Condition(Predicate.IN, "largest fruit", "bowl")).truth is False


def test_what_was_told_counts_where_nothing_else_is_known(thing, recall):
    inside = Condition(Predicate.IN, "cup", "bowl")
    fact = {str(inside): Fact(str(inside), 4.0, 0.0, math.inf)}
    judged = recall(facts=fact).believes(inside)
    assert (judged.truth, judged.why) == (True, "told")
    assert recall(facts=fact).believes(~inside).truth is False
    bowl, away = thing("bowl", 0.5, 0.0, size=FLAT), thing("cup", 0.5, 0.3)
    assert recall(bowl, away, facts=fact).believes(inside).truth is False


def test_a_judgement_is_as_old_as_the_oldest_belief_it_rests_on(thing, recall):
    bowl, cup = thing("bowl", 0.5, 0.0, size=FLAT), thing("cup", 0.5, 0.0, z=0.04, stamp=4.0)
    assert recall(bowl, cup, now=5.0).believes(Condition(Predicate.IN, "cup", "bowl")).age == 5.0
    opened = recall(articulations=drawer(1.0, stamp=2.0), now=5.0)
    assert opened.believes(Condition(Predicate.OPEN, "drawer")).age == 3.0


def test_a_drawer_that_nobody_looked_at_for_long_may_be_anything(recall):
    opened = Condition(Predicate.OPEN, "drawer")
    assert recall(articulations=drawer(1.0), now=5.0).believes(opened).truth is True
    assert recall(articulations=drawer(1.0), now=3000.0).believes(opened).truth is None


def test_an_open_drawer_answers_the_question_whether_it_is(recall):
    asked = Condition(Predicate.KNOWN, "is the drawer open")
    assert recall(articulations=drawer(0.2)).believes(asked).truth is True
    assert recall(articulations=drawer(0.7)).believes(asked).truth is None
    how = Condition(Predicate.KNOWN, "is the drawer open or closed?")
    assert recall(articulations=drawer(0.2)).believes(how).truth is True
    assert recall(articulations=drawer(0.7)).believes(how).truth is None
    assert recall().believes(how).truth is False


def test_questions_about_things_are_answered_by_what_is_believed_of_them(thing, recall):
    there, colour = (
        Condition(Predicate.KNOWN, "is there a cup"),
        Condition(Predicate.KNOWN, "what colour is the cup"),
    )
    asked = recall(thing("cup", 0.5, 0.0))
    assert asked.believes(there).truth is True
    assert asked.believes(colour).truth is False
    assert recall(thing("cup", 0.5, 0.0, exists=0.0)).believes(there).truth is None
    red = thing("cup", 0.5, 0.0, attributes={"colour": Categorical.of({"red": 0.95})})
    assert recall(red).believes(colour).truth is True


def test_a_part_that_is_no_cups_is_held_perhaps(thing, recall):
    asked = recall(thing("cup", 0.5, 0.0), hand=grip("cup", 0.034), touch=HELD)
    assert asked.believes(Condition(Predicate.HELD_BY, "cup", "lid")).truth is None
    assert asked.believes(Condition(Predicate.HELD_BY, "cup", "rim")).truth is True
