"""The plans that a checkpoint can give: their grammar, and how its tokens are read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from hybridctl.messages.plan import Plan, Skill, parse_plan
from hybridctl.vla import prompts
from hybridctl.vla.automaton import Grammar, GrammarError
from hybridctl.vla.errors import LanguageError
from hybridctl.vla.grammar import closed_grammar, plan_grammar, plan_texts, spoken
from hybridctl.vla.language import Language
from hybridctl.vla.vocabulary import encode


@dataclass(frozen=True)
class Plans:
    """What may be planned.

    Attributes:
        grammar: Of a plan's tokens.
        read: From a plan's token ids, end token included, to its text and what it means.
        skills: The skills that a plan may hold.
    """

    grammar: Grammar
    read: Callable[[Sequence[int]], tuple[str, Plan]]
    skills: tuple[Skill, ...]


def make_plans(tokenizer: PreTrainedTokenizerBase, language: Language | None) -> Plans:
    """Return what a language admits, or the closed list of the model that ships where there is none.

    Raises:
        LanguageError: a phrase cannot be said or read back.
    """
    end = int(tokenizer.eos_token_id)
    if language is None:
        known = {tuple(encode(tokenizer, text)): (text, plan) for text, plan in plan_texts().items()}
        return Plans(
            closed_grammar([[*ids, end] for ids in known]), lambda ids: known[tuple(ids[:-1])], prompts.SKILLS
        )
    try:
        grammar = plan_grammar(
            language.phrases, spoken(tokenizer), end=end, skills=language.skills,
            most_subgoals=language.most_subgoals,
        )  # fmt: skip
    except GrammarError as error:
        raise LanguageError(f"language.json: {error}") from error

    def read(ids: Sequence[int]) -> tuple[str, Plan]:
        text = str(tokenizer.decode(list(ids[:-1]))).strip()
        return text, parse_plan(text)

    return Plans(grammar, read, language.skills)
