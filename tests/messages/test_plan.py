"""Plans in words."""

import pytest

from hybridctl.messages.arrays import MessageError
from hybridctl.messages.plan import Plan, Skill, Subgoal


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
