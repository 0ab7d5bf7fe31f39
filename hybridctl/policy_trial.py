"""Questions about made-up pictures that show whether a policy answers in form, and how fast."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from hybridctl.arms.conformance import Finding
from hybridctl.messages.action import ACTION_NAMES
from hybridctl.messages.arm import ArmState
from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    AskAnswer,
    AskRequest,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    Request,
    VlaPolicy,
)
from hybridctl.vla.queue import ask

REPEATS = 5
"""Pictures that each question is timed on."""
PHRASE = "red block"
INSTRUCTION = f"put the {PHRASE} in the bowl"
QUESTION = "is the drawer open"


class Unmet(Exception):  # noqa: N818  it is a finding and not an error
    """An answer is not what it must be."""


class PolicyTrial:
    """Questions about pictures of noise, which a policy must still answer in form.

    Args:
        policy: Who is asked.
        size: Edge of the pictures [px].
        pictures: How many a question shows.
        skills: Words of the skills that it says it has.

    Attributes:
        ms: Median time of an answer about a new picture, by kind of question [ms].
        calibrated: Whether an answer said how often it is right.
    """

    def __init__(self, policy: VlaPolicy, *, size: int, pictures: int, skills: tuple[str, ...]) -> None:
        self._policy, self._size, self._pictures, self._skills = policy, size, pictures, skills
        self._seed = 0
        self.ms: dict[str, float] = {}
        self.calibrated = False

    def findings(self, kinds: tuple[str, ...]) -> list[Finding]:
        """Ask these kinds of questions; where all are answered in form, also twice and of other pictures."""
        found = [self._finding(kind) for kind in kinds]
        if all(finding.passed for finding in found):
            found += [self._finding("repeat"), self._finding("look")]
        return found

    def _finding(self, name: str) -> Finding:
        """Make one check; what a policy raises is a finding."""
        checks: dict[str, tuple[str, Callable[[], str]]] = {
            "locate": ("points into the picture", partial(self._timed, "locate", _check_place)),
            "act": (
                "acts in eight tokens within bounds",
                partial(self._timed, "act", self._check_action),
            ),
            "plan": ("plans with its skills only", partial(self._timed, "plan", self._check_plan)),
            "ask": ("answers with evidence", partial(self._timed, "ask", _check_evidence)),
            "repeat": ("answers the same question the same", self._check_repeat),
            "look": ("looks at the picture", self._check_look),
        }
        words, check = checks[name]
        try:
            return Finding(words, True, check())
        except Unmet as unmet:
            return Finding(words, False, str(unmet))
        except Exception as error:  # whatever a policy raises is a finding
            return Finding(words, False, f"raised {type(error).__name__}: {error}")

    def _timed(self, kind: str, check: Callable[[Any], str]) -> str:
        spent, detail = [], ""
        for _ in range(REPEATS):
            request = self._request(kind)
            started = perf_counter()
            answer = ask(self._policy, request)
            spent.append(1e3 * (perf_counter() - started))
            if answer.stamp != request.observation.stamp:
                raise Unmet(f"its stamp is {answer.stamp}, the picture's {request.observation.stamp}")
            self.calibrated |= answer.confidence.p_right is not None
            detail = check(answer)
        self.ms[kind] = round(float(np.median(spent)), 2)
        return detail

    def _request(self, kind: str) -> Request:
        self._seed += 1
        seen, *others = (_noise(self._seed + 1000 * i, self._size) for i in range(self._pictures))
        if kind == "locate":
            return LocateRequest(seen, PHRASE, tuple(others))
        if kind == "act":
            return ActRequest(seen, Subgoal(Skill.PICK, PHRASE), tuple(others))
        if kind == "plan":
            return PlanRequest(seen, INSTRUCTION, tuple(others))
        return AskRequest(seen, QUESTION, tuple(others))

    def _check_action(self, answer: ActAnswer) -> str:
        spec = self._policy.action_spec
        bins = np.array(answer.tokens)
        if bins.min() < 0 or bins.max() >= spec.bins:
            raise Unmet(f"tokens {list(answer.tokens)}, expected bins in 0..{spec.bins - 1}")
        action = answer.action
        got = np.array([action.terminate, *action.translation, *action.rotation, action.gripper])
        wanted = spec.low + (bins + 0.5) * spec.bin_width
        if np.abs(got - wanted).max() > 1e-9:
            name = ACTION_NAMES[int(np.abs(got - wanted).argmax())]
            raise Unmet(f"{name} is not at the centre of its bin: the action does not belong to the tokens")
        return f"tokens {' '.join(map(str, answer.tokens))}"

    def _check_plan(self, answer: PlanAnswer) -> str:
        strange = {s.skill.value for s in answer.plan.subgoals} - set(self._skills)
        if strange:
            raise Unmet(f"plans to {', '.join(sorted(strange))}, which are none of its skills")
        return str(answer.plan)

    def _check_repeat(self) -> str:
        for kind in ("locate", "act", "plan"):
            request = self._request(kind)
            first = ask(self._policy, request)
            if ask(self._policy, request).confidence != first.confidence:
                raise Unmet(f"{kind} gave two answers to one question: runs cannot be repeated")
        return "three questions, twice each"

    def _check_look(self) -> str:
        sure = {ask(self._policy, self._request("locate")).confidence.log_probability for _ in range(3)}
        if len(sure) == 1:
            raise Unmet("three pictures gave one and the same confidence: do they reach the model?")
        return "another picture, another confidence"


def _check_place(answer: LocateAnswer) -> str:
    height, width = answer.observation.rgb.shape[:2]
    if not (np.all(answer.pixel >= 0) and answer.pixel[0] <= width and answer.pixel[1] <= height):
        raise Unmet(f"pixel {answer.pixel.tolist()} lies outside the picture of {width}×{height}")
    if not np.all(answer.pixel_std > 0):
        raise Unmet(f"standard deviation {answer.pixel_std.tolist()} px, expected more than 0")
    return f"({answer.pixel[0]:.1f}, {answer.pixel[1]:.1f}) of {width}×{height} px"


def _check_evidence(answer: AskAnswer) -> str:
    return ", ".join(f"{a} {v:.2f}" for a, v in zip(answer.answers, answer.log_likelihoods, strict=True))


def _noise(seed: int, size: int) -> Observation:
    """Return a picture of noise of a camera that looks down at the tool."""
    rng = np.random.default_rng(seed)
    stamp = 0.1 * seed
    T_base_camera = np.diag([1.0, -1.0, -1.0, 1.0])
    T_base_camera[:3, 3] = 0.5, 0.0, 1.0
    T_base_tool = np.diag([1.0, -1.0, -1.0, 1.0])
    T_base_tool[:3, 3] = 0.5, 0.0, 0.3
    return Observation(
        rgb=rng.integers(0, 256, (size, size, 3), dtype=np.uint8), depth=np.ones((size, size)),
        K=np.array([[size, 0, size / 2], [0, size, size / 2], [0, 0, 1.0]]), T_base_camera=T_base_camera,
        T_base_tool=T_base_tool, arm=ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.08, 0.0, stamp),
        stamp=stamp, camera="noise",
    )  # fmt: skip
