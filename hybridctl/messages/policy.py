"""The protocols by which trees meet a VLA: what is asked, what is answered, and how to wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hybridctl.messages.action import ACTION_NAMES, Action, ActionSpec
from hybridctl.messages.arrays import (
    FloatArray,
    MessageError,
    checked,
    checked_scalar,
    checked_transform,
)
from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Plan, Subgoal


@dataclass(frozen=True)
class Confidence:
    """How sure a policy is of an answer, from its own token probabilities.

    Attributes:
        log_probability: Sum over the answer's tokens of log p [nat], at most 0.
        entropy: Mean entropy of the answer's free tokens [nat], at least 0.
        p_right: Calibrated probability that the answer is right; None of a policy without calibration.
    """

    log_probability: float
    entropy: float
    p_right: float | None = None

    def __post_init__(self) -> None:
        checked_scalar("Confidence.log_probability", self.log_probability, high=1e-6)
        checked_scalar("Confidence.entropy", self.entropy, low=-1e-6)
        if self.p_right is not None:
            checked_scalar("Confidence.p_right", self.p_right, low=0.0, high=1.0)


# A request's `others` are further pictures for models that look at several: of a wrist camera, or of before,
# in the order that the policy's `pictures` names them.


@dataclass(frozen=True)
class PlanRequest:
    """Which subgoals carry out `instruction` in the scene that `observation` shows?"""

    observation: Observation
    instruction: str
    others: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class ActRequest:
    """Which action brings `subgoal` forward from the state that `observation` shows?"""

    observation: Observation
    subgoal: Subgoal
    others: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class LocateRequest:
    """In which pixel of `observation` is the thing that `phrase` names?"""

    observation: Observation
    phrase: str
    others: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class AskRequest:
    """What does `observation` show of `question`, such as `is the drawer open`?"""

    observation: Observation
    question: str
    others: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class PlanAnswer:
    """A plan, the stamp of the observation it rests on [s], and its confidence."""

    plan: Plan
    text: str
    stamp: float
    confidence: Confidence


@dataclass(frozen=True)
class ActAnswer:
    """An action with the tool pose it is relative to.

    Attributes:
        action: The detokenized action.
        tokens: The action bins it was decoded from, eight integers.
        pixel: Where in the image the policy meant to act, (u, v) [px], shape (2,).
        T_base_tool: Tool pose at the observation's stamp, shape (4, 4) [m].
        stamp: Stamp of the observation [s].
        confidence: Over all tokens of the answer.
    """

    action: Action
    tokens: tuple[int, ...]
    pixel: FloatArray
    T_base_tool: FloatArray
    stamp: float
    confidence: Confidence

    def __post_init__(self) -> None:
        object.__setattr__(self, "pixel", checked("ActAnswer.pixel", self.pixel, shape=(2,)))
        T = checked_transform("ActAnswer.T_base_tool", self.T_base_tool)
        object.__setattr__(self, "T_base_tool", T)
        checked_scalar("ActAnswer.stamp", self.stamp)
        if len(self.tokens) != len(ACTION_NAMES):
            raise MessageError(f"ActAnswer has {len(self.tokens)} tokens, expected {len(ACTION_NAMES)}")


@dataclass(frozen=True)
class LocateAnswer:
    """A pixel (u, v) [px] with its standard deviation a coordinate [px], both of shape (2,)."""

    pixel: FloatArray
    pixel_std: FloatArray
    observation: Observation
    confidence: Confidence

    def __post_init__(self) -> None:
        object.__setattr__(self, "pixel", checked("LocateAnswer.pixel", self.pixel, shape=(2,)))
        object.__setattr__(self, "pixel_std", checked("LocateAnswer.pixel_std", self.pixel_std, shape=(2,)))

    @property
    def stamp(self) -> float:
        """Stamp of the observation that the answer rests on [s]."""
        return self.observation.stamp


@dataclass(frozen=True)
class AskAnswer:
    """What a policy saw of a question, as evidence for each answer that the question admits.

    Attributes:
        question: What was asked.
        answers: The answers that it admits, `yes` and `no` for instance; each once.
        log_likelihoods: For each, ln of the calibrated probability of what the policy said, were that answer
            true [nat], shape (n,). A constant added to all of them changes nothing: only ratios count.
        observation: The picture that was looked at.
        confidence: Over the tokens of what it said.
    """

    question: str
    answers: tuple[str, ...]
    log_likelihoods: FloatArray
    observation: Observation
    confidence: Confidence

    def __post_init__(self) -> None:
        if not self.question.strip():
            raise MessageError("AskAnswer.question is empty, expected what was asked")
        if len(self.answers) < 2 or len(set(self.answers)) != len(self.answers):
            raise MessageError(f"AskAnswer.answers is {self.answers}, expected two or more different answers")
        values = checked("AskAnswer.log_likelihoods", self.log_likelihoods, shape=(len(self.answers),))
        object.__setattr__(self, "log_likelihoods", values)

    @property
    def stamp(self) -> float:
        """Stamp of the observation that the answer rests on [s]."""
        return self.observation.stamp


Request = PlanRequest | ActRequest | LocateRequest | AskRequest
Answer = PlanAnswer | ActAnswer | LocateAnswer | AskAnswer


@runtime_checkable
class VlaPolicy(Protocol):
    """A vision-language-action model; each call is one forward decode and may take long."""

    @property
    def action_spec(self) -> ActionSpec:
        """What its actions mean."""
        ...

    def plan(self, request: PlanRequest) -> PlanAnswer:
        """Decompose an instruction into subgoals."""
        ...

    def act(self, request: ActRequest) -> ActAnswer:
        """Predict the next action for a subgoal."""
        ...

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """Point at a named thing."""
        ...


@runtime_checkable
class QuestionAnswerer(Protocol):
    """A policy that also answers questions about a picture; not every one has learned to."""

    def ask(self, request: AskRequest) -> AskAnswer:
        """Say what the picture shows of the question."""
        ...


class PolicyError(RuntimeError):
    """A policy could not answer: the model raised, or the answer missed its deadline."""


class PolicyQueue(Protocol):
    """Non-blocking access to a policy: submit now, poll on later ticks."""

    wall_ms: list[float]
    """Wall time of each answer's computation so far [ms]."""

    @property
    def action_spec(self) -> ActionSpec:
        """What the policy's actions mean."""
        ...

    def submit(self, request: Request, *, timeout: float) -> int:
        """Hand in a request and return its id; its answer is worthless after `timeout` [s]."""
        ...

    def poll(self, request_id: int) -> Answer | None:
        """Return the answer once it is there, None before.

        Raises:
            PolicyError: the policy failed, or the deadline passed.
        """
        ...

    def cancel(self, request_id: int) -> None:
        """Forget a request; unknown ids are ignored."""
        ...
