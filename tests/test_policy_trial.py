"""The checks find what a policy does wrong, each by its own name."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    Confidence,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    VlaPolicy,
)
from hybridctl.policy_trial import PHRASE, PolicyTrial
from hybridctl.vla.backends.scripted import ScriptedPolicy
from hybridctl.vla.statistics import EMBEDDED_STATISTICS

SPEC = EMBEDDED_STATISTICS.action_spec()
KINDS = ("locate", "act", "plan")


class Good(ScriptedPolicy):
    """Answers in form, and looks: its confidence follows the picture."""

    def __init__(self) -> None:
        super().__init__(
            SPEC, plans=lambda _: f"pick {PHRASE}", places=lambda _: (3, 4), actions=lambda _: SPEC.low
        )

    def locate(self, request: LocateRequest) -> LocateAnswer:
        sure = Confidence(-float(request.observation.rgb.mean()), 0.0, p_right=0.5)
        return replace(super().locate(request), confidence=sure)


class Outside(Good):
    def locate(self, request: LocateRequest) -> LocateAnswer:
        return replace(super().locate(request), pixel=np.array([40.0, 1.0]))


class TooSure(Good):
    def locate(self, request: LocateRequest) -> LocateAnswer:
        return replace(super().locate(request), pixel_std=np.zeros(2))


class Mixed(Good):
    def act(self, request: ActRequest) -> ActAnswer:
        answer = super().act(request)
        return replace(answer, action=replace(answer.action, gripper=0.7))


class Stray(Good):
    def act(self, request: ActRequest) -> ActAnswer:
        return replace(super().act(request), tokens=(256,) * 8)


class Adventurous(Good):
    def plan(self, request: PlanRequest) -> PlanAnswer:
        return ScriptedPolicy(SPEC, plans=lambda _: "open drawer").plan(request)


class Late(Good):
    def plan(self, request: PlanRequest) -> PlanAnswer:
        return replace(super().plan(request), stamp=0.0)


class Raising(Good):
    def plan(self, request: PlanRequest) -> PlanAnswer:
        raise RuntimeError("out of memory")


class Moody(Good):
    def act(self, request: ActRequest) -> ActAnswer:
        self.count = getattr(self, "count", 0) + 1
        return replace(super().act(request), confidence=Confidence(-self.count, 0.0))


class Blind(Good):
    def locate(self, request: LocateRequest) -> LocateAnswer:
        return replace(super().locate(request), confidence=Confidence(0.0, 0.0))


def trial(policy: VlaPolicy) -> PolicyTrial:
    return PolicyTrial(policy, size=32, pictures=1, skills=("pick", "place_in"))


def test_a_policy_that_does_all_passes_all_and_is_timed() -> None:
    tried = trial(Good())
    assert all(finding.passed for finding in tried.findings(KINDS))
    assert set(tried.ms) == set(KINDS)
    assert tried.calibrated


@pytest.mark.parametrize(
    ("policy", "name", "detail"),
    [
        (Outside, "points into the picture", "(?s).*40.0, 1.0. lies outside the picture of 32×32"),
        (TooSure, "points into the picture", "standard deviation .* more than 0"),
        (Mixed, "acts in eight tokens", "gripper is not at the centre of its bin"),
        (Stray, "acts in eight tokens", r"expected bins in 0\.\.255"),
        (Adventurous, "plans with its skills", "plans to open, which are none of its skills"),
        (Late, "plans with its skills", r"its stamp is 0\.0"),
        (Raising, "plans with its skills", "raised RuntimeError: out of memory"),
        (Moody, "answers the same question the same", "act gave two answers"),
        (Blind, "looks at the picture", "do they reach the model"),
    ],
)
def test_what_is_wrong_is_found_by_its_name(policy: Callable[[], Any], name: str, detail: str) -> None:
    (failed,) = (finding for finding in trial(policy()).findings(KINDS) if not finding.passed)
    assert failed.name.startswith(name)
    assert re.search(detail, failed.detail)
