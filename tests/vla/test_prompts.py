"""Prompts and plans in words."""

import pytest

from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.vla import prompts


def test_the_action_question_names_the_subgoal_and_ends_with_the_state() -> None:
    text = prompts.act_prompt(Subgoal(Skill.PICK, "red block"), [1, 2, 255])
    assert text == "Q: what action should the robot take to pick the red block? tool 1 2 255 A:"


@pytest.mark.parametrize("template", [*prompts.PUT_INSTRUCTIONS, *prompts.PICK_INSTRUCTIONS])
def test_every_template_has_one_place_for_the_object(template: str) -> None:
    assert template.count("{o}") == 1


def test_templates_for_putting_name_the_bowl_and_those_for_picking_do_not() -> None:
    assert all("bowl" in text for text in prompts.PUT_INSTRUCTIONS)
    assert not any("bowl" in text for text in prompts.PICK_INSTRUCTIONS)


def test_a_plan_without_subgoals_reads_none() -> None:
    assert prompts.plan_text(()) == "none"
    plan = Plan((Subgoal(Skill.PICK, "red block"), Subgoal(Skill.PLACE_IN, "bowl")))
    assert prompts.plan_text(plan.subgoals) == "pick red block ; place_in bowl"
