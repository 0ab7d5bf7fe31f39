"""Plans in words."""

import pytest

from hybridctl.messages.arrays import MessageError
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import SIGNATURES, Plan, Skill, Subgoal, parse_plan, parse_subgoal


@pytest.mark.parametrize("target", ["", "  ", "\t"])
def test_a_subgoal_without_a_target_is_refused(target: str) -> None:
    with pytest.raises(MessageError, match="pick names no target"):
        Subgoal(Skill.PICK, target)


def test_a_plan_reads_as_its_subgoals_in_order() -> None:
    plan = Plan((Subgoal(Skill.PICK, "red block"), Subgoal(Skill.PLACE_IN, "bowl")))
    assert str(plan) == "pick red block; place_in bowl"
    assert str(Plan(())) == "none"


def test_plans_are_equal_by_what_they_say() -> None:
    assert Plan((Subgoal(Skill.PICK, "red block"),)) == Plan((Subgoal(Skill("pick"), "red block"),))
    assert Plan((Subgoal(Skill.PICK, "red block"),)) != Plan((Subgoal(Skill.PICK, "red ball"),))


EXAMPLES = {
    Skill.LOOK: Subgoal(Skill.LOOK, "drawer"),
    Skill.LOCATE: Subgoal(Skill.LOCATE, "red block"),
    Skill.ASK: Subgoal(Skill.ASK, "is the drawer open"),
    Skill.PICK: Subgoal(Skill.PICK, "cup next to the plate", part="rim"),
    Skill.PLACE_IN: Subgoal(Skill.PLACE_IN, "blue bin"),
    Skill.PLACE_ON: Subgoal(Skill.PLACE_ON, "plate"),
    Skill.PUSH: Subgoal(Skill.PUSH, "red block", toward="heart"),
    Skill.OPEN: Subgoal(Skill.OPEN, "drawer"),
    Skill.CLOSE: Subgoal(Skill.CLOSE, "drawer"),
    Skill.INSERT: Subgoal(Skill.INSERT, "hole"),
    Skill.HAND_OVER: Subgoal(Skill.HAND_OVER, "person"),
    Skill.HOME: Subgoal(Skill.HOME),
    Skill.WAIT: Subgoal(Skill.WAIT, seconds=2.5),
    Skill.DONE: Subgoal(Skill.DONE),
}


@pytest.mark.parametrize("skill", list(Skill))
def test_every_skill_has_a_signature_and_its_text_reads_back(skill: Skill) -> None:
    subgoal = EXAMPLES[skill]
    assert skill in SIGNATURES
    assert parse_subgoal(str(subgoal)) == subgoal


def test_a_plans_text_reads_back() -> None:
    plan = Plan(tuple(EXAMPLES.values()))
    assert parse_plan(str(plan)) == plan
    assert parse_plan("none") == Plan(())


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("fly red block", "'fly' is no skill, expected one of look, "),
        ("push red block", "lacks toward"),
        ("wait", "expected a number"),
        ("wait 1e9", "expected a finite value"),
        ("wait nan", "expected a finite value"),
        ("look cup\nhome", "holds what separates"),
        ("home bowl", "takes no target"),
        ("open", "names no target, expected a drawer"),
    ],
)
def test_a_malformed_subgoal_says_what_is_wrong(text: str, wrong: str) -> None:
    with pytest.raises(MessageError, match=wrong):
        parse_subgoal(text)


def test_an_option_that_a_skill_does_not_take_is_refused() -> None:
    with pytest.raises(MessageError, match="place_in takes no part"):
        Subgoal(Skill.PLACE_IN, "bowl", part="rim")


def test_conditions_are_bound_to_the_subgoals_phrases() -> None:
    place = Subgoal(Skill.PLACE_IN, "bowl")
    assert [str(c) for c in place.preconditions(held="red block")] == ["holding(red block)", "seen(bowl)"]
    assert [str(c) for c in place.postconditions(held="red block")] == ["hand_empty()", "in(red block, bowl)"]
    push = Subgoal(Skill.PUSH, "red block", toward="heart")
    assert str(push.postconditions()[0]) == "at(red block, heart)"


def test_what_is_held_follows_from_the_steps_before() -> None:
    plan = parse_plan("open drawer; pick red block; look drawer; place_in drawer; close drawer")
    assert [plan.held_before(i) for i in range(5)] == ["", "", "red block", "red block", ""]


def test_postconditions_of_a_step_meet_preconditions_of_the_next() -> None:
    plan = parse_plan("locate red block; pick red block; locate bowl; place_in bowl; pick red block")
    believed = {Condition(Predicate.HAND_EMPTY)}
    for i, subgoal in enumerate(plan.subgoals):
        held = plan.held_before(i)
        assert set(subgoal.preconditions(held=held)) <= believed
        believed |= set(subgoal.postconditions(held=held))
        if subgoal.skill is Skill.PICK:
            believed.discard(Condition(Predicate.HAND_EMPTY))


def test_what_stands_by_something_is_no_part() -> None:
    assert parse_subgoal("pick cup by the plate") == Subgoal(Skill.PICK, "cup by the plate")
    with pytest.raises(MessageError, match="part is 'ear', expected one of rim, handle"):
        Subgoal(Skill.PICK, "cup", part="ear")


def test_any_length_of_a_wait_reads_back() -> None:
    subgoal = Subgoal(Skill.WAIT, seconds=1 / 3)
    assert parse_subgoal(str(subgoal)) == subgoal
