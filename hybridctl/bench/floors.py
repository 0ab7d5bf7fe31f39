"""Policies with one part of the model's answer destroyed: what success is left without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hybridctl.messages.action import ActionSpec
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    VlaPolicy,
)
from hybridctl.vla.action_tokens import ActionTokenizer


class PassThrough:
    """Answers as the policy behind it does; subclasses destroy one part."""

    def __init__(self, policy: VlaPolicy, *, seed: int) -> None:
        self._policy = policy
        self._rng = np.random.default_rng(seed)
        self._actions = ActionTokenizer(policy.action_spec)

    @property
    def action_spec(self) -> ActionSpec:
        """The policy's."""
        return self._policy.action_spec

    def plan(self, request: PlanRequest) -> PlanAnswer:
        """Pass on."""
        return self._policy.plan(request)

    def act(self, request: ActRequest) -> ActAnswer:
        """Pass on."""
        return self._policy.act(request)

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """Pass on."""
        return self._policy.locate(request)

    def _with_tokens(self, answer: ActAnswer, tokens: tuple[int, ...]) -> ActAnswer:
        return replace(answer, tokens=tokens, action=self._actions.action(tokens))


class RandomTokens(PassThrough):
    """Eight uniform action tokens."""

    def act(self, request: ActRequest) -> ActAnswer:
        """Replace the tokens."""
        bins = self._rng.integers(0, self.action_spec.bins, size=self.action_spec.low.size)
        return self._with_tokens(self._policy.act(request), tuple(int(b) for b in bins))


class ShuffledTokens(PassThrough):
    """The model's own action tokens in a random order."""

    def act(self, request: ActRequest) -> ActAnswer:
        """Shuffle the tokens."""
        answer = self._policy.act(request)
        return self._with_tokens(answer, tuple(int(t) for t in self._rng.permutation(answer.tokens)))


class RandomLocation(PassThrough):
    """A uniform pixel for whatever is looked for."""

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """Replace the pixel."""
        height, width = request.observation.rgb.shape[:2]
        return replace(self._policy.locate(request), pixel=self._rng.uniform((0, 0), (width, height)))
