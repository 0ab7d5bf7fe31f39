"""A plan is picked up where what memory believes lets the rest go through, whatever the record says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from behaviors.kernels import believed_by, first_to_do, kernel, what_matters
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan

TWO = parse_plan("pick plum; place_in bowl; pick pear; place_in box")
EMPTY, HOLDING, IN = Predicate.HAND_EMPTY, Predicate.HOLDING, Predicate.IN


class Table:
    """What is so on a table: what is in the hand, and what is in what."""

    def __init__(self, held="", inside=()):
        self.held, self.inside = held, dict(inside)

    def do(self, subgoal):
        if subgoal.skill.value == "pick":
            self.held = subgoal.target
            self.inside.pop(subgoal.target, None)
        else:
            self.inside[self.held] = subgoal.target
            self.held = ""

    def __call__(self, condition):
        if condition.predicate is EMPTY:
            return self.held == ""
        if condition.predicate is HOLDING:
            return self.held == condition.subject
        assert condition.predicate is IN
        return self.inside.get(condition.subject) == condition.object


pairs = st.lists(
    st.tuples(st.sampled_from(["plum", "pear", "cup", "die"]), st.sampled_from(["bowl", "box"])),
    min_size=1, max_size=4, unique_by=lambda pair: pair[0],
)  # fmt: skip


@given(pairs, st.data())
def test_after_any_number_of_subgoals_the_next_one_is_picked_up(moves, data):
    plan = parse_plan("; ".join(f"pick {thing}; place_in {where}" for thing, where in moves))
    done = data.draw(st.integers(0, len(plan.subgoals)))
    noted = data.draw(st.integers(0, len(plan.subgoals)))
    table = Table()
    for subgoal in plan.subgoals[:done]:
        table.do(subgoal)
    assert first_to_do(plan, table, noted_as_done=noted) == done


@pytest.mark.parametrize(
    ("table", "start"),
    [
        (Table(), 0),
        (Table(held="plum"), 1),
        (Table(inside={"plum": "bowl"}), 2),
        (Table(held="pear", inside={"plum": "bowl"}), 3),
        (Table(held="cup"), 0),  # the wrong thing is laid down by the subtree of `pick`
        (Table(held="pear"), 0),  # the plum was taken out again
        (Table(inside={"plum": "box", "pear": "box"}), 0),
        (Table(inside={"plum": "bowl", "pear": "box"}), 4),
    ],
)
def test_what_was_lost_is_done_again_and_what_is_there_is_left_out(table, start):
    assert first_to_do(TWO, table, noted_as_done=3) == start


def test_not_sure_counts_as_no():
    assert first_to_do(TWO, lambda condition: None, noted_as_done=4) == 0


def test_the_kernel_holds_what_the_rest_needs_and_what_it_leaves_alone():
    assert kernel(TWO, 3) == {Condition(HOLDING, "pear"), Condition(IN, "plum", "bowl")}
    assert kernel(TWO, 2) == {Condition(EMPTY), Condition(IN, "plum", "bowl")}


def test_a_drawer_that_is_closed_again_at_the_end_need_not_be_open():
    plan = parse_plan("open drawer; pick plum; place_in drawer; close drawer")
    opened, closed = Condition(Predicate.OPEN, "drawer"), Condition(Predicate.CLOSED, "drawer")
    assert closed in kernel(plan, 4)
    assert opened not in kernel(plan, 4)


def test_a_step_that_leaves_nothing_behind_is_done_only_where_the_record_says_so():
    plan = parse_plan("pick plum; place_in bowl; home; wait 2")
    there = Table(inside={"plum": "bowl"})
    assert first_to_do(plan, there, noted_as_done=1) == 2
    assert first_to_do(plan, there, noted_as_done=3) == 3
    assert first_to_do(plan, there, noted_as_done=4) == 4


def test_what_matters_is_what_is_pending_and_what_memory_is_no_longer_sure_of():
    sure = Table(inside={"plum": "bowl"})
    assert what_matters(TWO, sure, pending=0) == ("plum", "bowl", "pear", "box")
    assert what_matters(TWO, sure, pending=2) == ("plum", "bowl", "pear", "box")  # as it was just put there
    assert what_matters(TWO, sure, pending=3) == ("pear", "box")
    assert what_matters(TWO, sure, pending=4) == ("pear", "box")
    vague = what_matters(TWO, lambda condition: None, pending=3)
    assert vague == ("pear", "box", "plum", "bowl")


class Hand:
    """A memory of which only the hand is known."""

    def __init__(self, state, phrase):
        self.state, self.phrase = state, phrase

    def holding_state(self):
        return self


@pytest.mark.parametrize(
    ("state", "phrase", "empty", "plum"),
    [
        (False, None, True, False),
        (True, "plum", False, True),
        (True, "pear", False, False),
        (True, None, False, None),  # something, nobody knows what
        (None, "plum", None, None),
        (None, None, None, None),
    ],
)
def test_the_hand_answers_for_what_it_holds(state, phrase, empty, plum):
    believes = believed_by(Hand(state, phrase))
    assert believes(Condition(EMPTY)) is empty
    assert believes(Condition(HOLDING, "plum")) is plum
    assert believes(~Condition(EMPTY)) is (None if empty is None else not empty)
