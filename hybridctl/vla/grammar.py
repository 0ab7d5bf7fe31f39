"""Grammars: which token may come next, so that a malformed answer cannot be decoded."""

from __future__ import annotations

from collections.abc import Sequence

from hybridctl.messages.action import ACTION_NAMES
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.vla import prompts

ACTION_SEPARATOR = ("Action:",)
"""What stands between the place and the action tokens in an answer to an action question."""


class Grammar:
    """A prefix tree over token ids: `allowed(prefix)` lists what may follow.

    A position where any of many tokens may stand (an integer) is one level of the tree, shared by all.
    """

    def __init__(self, levels: Sequence[Sequence[int]]) -> None:
        self._levels = [tuple(level) for level in levels]

    def allowed(self, prefix: Sequence[int]) -> tuple[int, ...]:
        """Return the token ids that may follow `prefix`; empty when the answer is complete."""
        return self._levels[len(prefix)] if len(prefix) < len(self._levels) else ()


class TrieGrammar(Grammar):
    """The answers themselves, as token sequences."""

    def __init__(self, answers: Sequence[Sequence[int]]) -> None:
        self._children: dict[tuple[int, ...], list[int]] = {}
        for answer in answers:
            for i, token in enumerate(answer):
                options = self._children.setdefault(tuple(answer[:i]), [])
                if token not in options:
                    options.append(token)

    def allowed(self, prefix: Sequence[int]) -> tuple[int, ...]:
        """Return the token ids that continue some answer."""
        return tuple(self._children.get(tuple(prefix), ()))


def locate_grammar(integers: Sequence[int]) -> Grammar:
    """Return the grammar of a place: two integers."""
    return Grammar([integers, integers])


def act_grammar(integers: Sequence[int], separator: Sequence[int]) -> Grammar:
    """Return the grammar of an action: a place, the separator, then exactly eight integers."""
    return Grammar([integers, integers, *([token] for token in separator), *[integers] * len(ACTION_NAMES)])


def plan_texts() -> dict[str, Plan]:
    """Return every plan that the grammar admits, by its text."""
    plans = [Plan(())]
    for phrase in prompts.object_phrases():
        pick = Subgoal(Skill.PICK, phrase)
        plans.append(Plan((pick,)))
        plans += [Plan((pick, Subgoal(Skill.PLACE_IN, c))) for c in prompts.CONTAINER_WORDS]
    return {prompts.plan_text(plan.subgoals): plan for plan in plans}
