"""Answers written down while a policy gives them, and given again: a run repeated without its model."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from hybridctl.messages.action import ActionSpec
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    AskAnswer,
    AskRequest,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    PolicyError,
    Request,
    VlaPolicy,
)
from hybridctl.vla.backends.encoding import (
    KINDS,
    PROTOCOL,
    ProtocolError,
    answer_fields,
    answer_from,
    check_version,
    from_json,
    kind_of,
    spec_fields,
    spec_from,
    to_json,
)
from hybridctl.vla.queue import ask

FILE_NAME = "answers.jsonl"
"""In a run folder."""
_A = TypeVar("_A", PlanAnswer, ActAnswer, LocateAnswer, AskAnswer)


class RecordingPolicy:
    """Passes requests on to a policy and writes each with its answer to a file, line by line.

    A context manager; the first line says what actions mean, every other holds one request and its answer.

    Args:
        policy: Who answers.
        path: File to write; one that is there is refused.

    Raises:
        FileExistsError: with the path.
    """

    def __init__(self, policy: VlaPolicy, path: Path) -> None:
        self._policy = policy
        self._file = path.open("x", encoding="utf-8")
        self._write({"protocol": PROTOCOL, "action_spec": spec_fields(policy.action_spec)})

    @property
    def action_spec(self) -> ActionSpec:
        """The policy's."""
        return self._policy.action_spec

    def plan(self, request: PlanRequest) -> PlanAnswer:
        """See VlaPolicy."""
        return self._answered(request, PlanAnswer)

    def act(self, request: ActRequest) -> ActAnswer:
        """See VlaPolicy."""
        return self._answered(request, ActAnswer)

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """See VlaPolicy."""
        return self._answered(request, LocateAnswer)

    def ask(self, request: AskRequest) -> AskAnswer:
        """See QuestionAnswerer; PolicyError where the policy is none."""
        return self._answered(request, AskAnswer)

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answered(self, request: Request, of: type[_A]) -> _A:
        answer = ask(self._policy, request)
        assert isinstance(answer, of)
        self._write({"asked": _asked(request), "answer": answer_fields(answer)})
        return answer

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(to_json(line) + "\n")
        self._file.flush()


class ReplayPolicy:
    """Gives recorded answers again, to the same requests in the same order.

    Attributes:
        path: The file.

    Args:
        source: What RecordingPolicy wrote, or the folder of a run that holds it as `answers.jsonl`.

    Raises:
        ProtocolError: the file is missing, cut off or of another version.
    """

    def __init__(self, source: Path) -> None:
        self.path = source / FILE_NAME if source.is_dir() else source
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ProtocolError(f"no recorded answers can be read from {self.path}: {error}") from error
        if not lines:
            raise ProtocolError(f"{self.path} is empty: expected what RecordingPolicy writes")
        self._lines = [self._parsed(number, line) for number, line in enumerate(lines, 1)]
        first = self._lines.pop(0)
        check_version(first, who=str(self.path))
        self._spec = spec_from(first.get("action_spec"))
        self._next = 0

    @property
    def action_spec(self) -> ActionSpec:
        """The recorded policy's."""
        return self._spec

    @property
    def kinds(self) -> dict[str, int]:
        """How many requests of each kind are recorded."""
        asked = [str(line["asked"].get("kind")) for line in self._lines]
        return {kind: asked.count(kind) for kind in KINDS}

    def plan(self, request: PlanRequest) -> PlanAnswer:
        """See VlaPolicy; PolicyError where this is not what was asked next."""
        return self._recorded(request, PlanAnswer)

    def act(self, request: ActRequest) -> ActAnswer:
        """See VlaPolicy; PolicyError where this is not what was asked next."""
        return self._recorded(request, ActAnswer)

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """See VlaPolicy; PolicyError where this is not what was asked next."""
        return self._recorded(request, LocateAnswer)

    def ask(self, request: AskRequest) -> AskAnswer:
        """See QuestionAnswerer; PolicyError where this is not what was asked next."""
        return self._recorded(request, AskAnswer)

    def _recorded(self, request: Request, of: type[_A]) -> _A:
        asked = _asked(request)
        if self._next == len(self._lines):
            raise PolicyError(
                f"{self.path} ends after {self._next} requests, and {_words(asked)} is asked as well"
            )
        line = self._lines[self._next]
        was: dict[str, Any] = line["asked"]
        if was != asked:
            why = "" if _words(was) != _words(asked) else ", of another picture or with the tool elsewhere"
            raise PolicyError(
                f"request {self._next + 1} of {self.path} was {_words(was)}, now {_words(asked)} is asked"
                f"{why}: recorded answers are given to the same requests in the same order only"
            )
        self._next += 1
        answer = answer_from(asked["kind"], line["answer"], request)
        assert isinstance(answer, of)
        return answer

    def _parsed(self, number: int, line: str) -> dict[str, Any]:
        try:
            fields = from_json(line)
        except ProtocolError as error:
            raise ProtocolError(f"{self.path}, line {number}: {error}") from error
        if number > 1 and not all(isinstance(fields.get(name), dict) for name in ("asked", "answer")):
            raise ProtocolError(f"{self.path}, line {number}: expected `asked` and `answer`")
        return fields


def _asked(request: Request) -> dict[str, Any]:
    """Return what makes two requests the same."""
    shown = hashlib.sha256()
    for observation in (request.observation, *request.others):
        _add(shown, observation)
    subject = {"plan": "instruction", "act": "subgoal", "locate": "phrase", "ask": "question"}
    kind = kind_of(request)
    return {"kind": kind, "about": str(getattr(request, subject[kind])), "shown": shown.hexdigest()}


def _add(shown: Any, observation: Observation) -> None:
    shown.update(str(observation.rgb.shape).encode())
    shown.update(observation.rgb.tobytes())
    shown.update(observation.T_base_tool.tobytes())
    shown.update(repr(float(observation.arm.gripper_width)).encode())


def _words(asked: dict[str, Any]) -> str:
    return f"{asked.get('kind')} {asked.get('about')!r}"
