"""What a checkpoint can plan is read back as the plan that was decoded."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from hybridctl.messages.plan import Plan, Skill
from hybridctl.vla import prompts
from hybridctl.vla.automaton import Grammar
from hybridctl.vla.checkpoint import load_checkpoint
from hybridctl.vla.grammar import plan_texts
from hybridctl.vla.plans import make_plans


def drawn(grammar: Grammar, rng: np.random.Generator) -> list[int]:
    ids: list[int] = []
    state = 0
    while not grammar.done[state]:
        ids.append(int(rng.choice(grammar.tokens(state))))
        found = grammar.walk(ids)
        assert found is not None
        state = found
    return ids


def test_the_shipped_models_plans_are_its_closed_list(tokenizer: PreTrainedTokenizerFast) -> None:
    plans = make_plans(tokenizer, None)
    assert plans.skills == prompts.SKILLS
    rng = np.random.default_rng(0)
    seen = {plans.read(drawn(plans.grammar, rng))[0] for _ in range(300)}
    assert seen <= set(plan_texts())
    assert len(seen) > 20


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl"])
def test_whatever_a_languages_grammar_admits_is_read_as_a_plan_of_its_skills(
    saved: Callable[..., Path], family: str
) -> None:
    checkpoint = load_checkpoint(saved(family))
    assert checkpoint.language is not None
    plans = make_plans(checkpoint.tokenizer, checkpoint.language)
    rng = np.random.default_rng(0)
    found = [plans.read(drawn(plans.grammar, rng)) for _ in range(200)]
    assert all(text == str(plan).replace(";", " ;") for text, plan in found)
    skills = {subgoal.skill for _, plan in found for subgoal in plan.subgoals}
    assert skills == {Skill.PICK, Skill.PLACE_IN, Skill.OPEN} == set(plans.skills)
    assert max(len(plan.subgoals) for _, plan in found) == 3
    assert Plan(()) in [plan for _, plan in found]
