"""A policy out of a small table or of functions: a tree tried out in milliseconds, without a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from hybridctl.messages.action import ActionSpec
from hybridctl.messages.plan import Plan, parse_plan
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    AskAnswer,
    AskRequest,
    Confidence,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    PolicyError,
)
from hybridctl.vla.action_tokens import ActionTokenizer

_R = TypeVar("_R")
_V = TypeVar("_V")
_EMPTY: Mapping[str, Any] = MappingProxyType({})
SURE = Confidence(log_probability=0.0, entropy=0.0, p_right=1.0)


class ScriptedPolicy:
    """Answers by tables, each a mapping from what is asked about or a function of the request.

    What a table does not hold is a PolicyError that names what it does hold.

    Args:
        action_spec: What actions mean.
        plans: Plan by instruction, as text: `pick red block; place_in bowl`.
        places: Pixel (u, v) by phrase [px].
        actions: Eight values by subgoal as text (`pick red block`), in the order of ACTION_NAMES and in its
            units. They pass through the tokens, so they come out on bin centres.
        answers: By question, the probability of each answer that it admits.
        pixel_std: Standard deviation of a place [px].
    """

    def __init__(
        self, action_spec: ActionSpec, *,
        plans: Mapping[str, str] | Callable[[PlanRequest], str | Plan] = _EMPTY,
        places: Mapping[str, Sequence[float]] | Callable[[LocateRequest], Sequence[float]] = _EMPTY,
        actions: Mapping[str, Sequence[float]] | Callable[[ActRequest], Sequence[float]] = _EMPTY,
        answers: Mapping[str, Mapping[str, float]] | Callable[[AskRequest], Mapping[str, float]] = _EMPTY,
        pixel_std: float = 1.0,
    ) -> None:  # fmt: skip
        self._tokens = ActionTokenizer(action_spec)
        self._plans, self._places, self._actions, self._answers = plans, places, actions, answers
        self._pixel_std = pixel_std

    @property
    def action_spec(self) -> ActionSpec:
        """What actions mean."""
        return self._tokens.spec

    def plan(self, request: PlanRequest) -> PlanAnswer:
        """See VlaPolicy."""
        found = _looked_up(self._plans, request, request.instruction.strip(), "instruction")
        plan = found if isinstance(found, Plan) else parse_plan(found)
        return PlanAnswer(plan, f"Plan: {plan}", request.observation.stamp, SURE)

    def act(self, request: ActRequest) -> ActAnswer:
        """See VlaPolicy."""
        values = _looked_up(self._actions, request, str(request.subgoal), "subgoal")
        tokens = tuple(int(t) for t in self._tokens.encode(np.asarray(values, dtype=np.float64)))
        seen = request.observation
        middle = np.array(seen.rgb.shape[1::-1]) / 2
        return ActAnswer(self._tokens.action(tokens), tokens, middle, seen.T_base_tool, seen.stamp, SURE)

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """See VlaPolicy."""
        pixel = _looked_up(self._places, request, request.phrase, "phrase")
        std = np.full(2, self._pixel_std)
        return LocateAnswer(np.asarray(pixel, dtype=np.float64), std, request.observation, SURE)

    def ask(self, request: AskRequest) -> AskAnswer:
        """See QuestionAnswerer."""
        found = _looked_up(self._answers, request, request.question, "question")
        p = np.maximum(np.array(list(found.values()), dtype=np.float64), 1e-12)
        return AskAnswer(request.question, tuple(found), np.log(p), request.observation, SURE)


def _looked_up(table: Mapping[str, _V] | Callable[[_R], _V], request: _R, about: str, what: str) -> _V:
    if callable(table):
        return table(request)
    if about not in table:
        known = ", ".join(map(repr, table)) or "none"
        raise PolicyError(f"the script has no {what} {about!r}; it has {known}")
    return table[about]
