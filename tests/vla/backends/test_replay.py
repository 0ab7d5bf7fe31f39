"""A recording gives the same answers to the same requests, and to no others."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.messages.policy import ActRequest, AskRequest, LocateRequest, PlanRequest, PolicyError, Request
from hybridctl.vla.backends.encoding import ProtocolError
from hybridctl.vla.backends.replay import FILE_NAME, RecordingPolicy, ReplayPolicy
from hybridctl.vla.backends.scripted import ScriptedPolicy
from hybridctl.vla.policy import CheckpointPolicy
from hybridctl.vla.queue import ask
from hybridctl.vla.statistics import EMBEDDED_STATISTICS

Observe = Callable[..., Observation]
SPEC = EMBEDDED_STATISTICS.action_spec()


def asked(observe: Observe) -> list[Request]:
    return [
        PlanRequest(observe(1), "put the red block in the bowl"),
        LocateRequest(observe(1), "red block"),
        ActRequest(observe(2), Subgoal(Skill.PICK, "red block")),
        ActRequest(observe(3, yaw=0.2), Subgoal(Skill.PICK, "red block")),
    ]


@pytest.fixture
def recording(tiny_policy: Callable[[int], CheckpointPolicy], observe: Observe, tmp_path: Path) -> Path:
    path = tmp_path / FILE_NAME
    with RecordingPolicy(tiny_policy(0), path) as policy:
        for request in asked(observe):
            ask(policy, request)
    return path


def test_a_model_and_its_recording_answer_the_same(
    tiny_policy: Callable[[int], CheckpointPolicy], observe: Observe, recording: Path
) -> None:
    model, replay = tiny_policy(0), ReplayPolicy(recording)
    assert replay.kinds == {"plan": 1, "act": 2, "locate": 1, "ask": 0}
    np.testing.assert_array_equal(replay.action_spec.low, model.action_spec.low)
    for request in asked(observe):
        own, again = ask(model, request), ask(replay, request)
        assert own.confidence == again.confidence
        assert own.stamp == again.stamp
        for name in ("plan", "tokens"):
            assert getattr(own, name, None) == getattr(again, name, None)
        for name in ("pixel", "pixel_std", "T_base_tool"):
            np.testing.assert_array_equal(getattr(own, name, 0), getattr(again, name, 0))


def test_a_run_folder_is_replayed_by_its_recording(observe: Observe, recording: Path) -> None:
    ask(ReplayPolicy(recording.parent), asked(observe)[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda r: LocateRequest(r.observation, "red block"),
            "was plan 'put .*', now locate 'red block' is asked",
        ),
        (lambda r: replace(r, instruction="pick the red block"), "now plan 'pick the red block' is asked"),
        (
            lambda r: replace(r, observation=replace(r.observation, rgb=255 - r.observation.rgb)),
            "another picture",
        ),
        (lambda r: replace(r, others=(r.observation,)), "another picture"),
    ],
    ids=["kind", "words", "picture", "more pictures"],
)
def test_another_request_is_refused_with_both(
    observe: Observe, recording: Path, change: Callable[[Request], Request], message: str
) -> None:
    replay = ReplayPolicy(recording)
    with pytest.raises(PolicyError, match=rf"request 1 of .*{message}.*same order"):
        ask(replay, change(asked(observe)[0]))
    ask(replay, asked(observe)[0])  # a refused request uses nothing up


def test_another_order_is_refused(observe: Observe, recording: Path) -> None:
    replay, requests = ReplayPolicy(recording), asked(observe)
    ask(replay, requests[0])
    with pytest.raises(PolicyError, match=r"request 2 .* was locate 'red block', now act 'pick red block'"):
        ask(replay, requests[2])


def test_behind_the_end_nothing_is_made_up(observe: Observe, recording: Path) -> None:
    replay, requests = ReplayPolicy(recording), asked(observe)
    for request in requests:
        ask(replay, request)
    with pytest.raises(PolicyError, match="ends after 4 requests"):
        ask(replay, requests[0])


def test_questions_are_recorded_of_a_policy_that_answers_them(observe: Observe, tmp_path: Path) -> None:
    request = AskRequest(observe(), "is the drawer open")
    table = ScriptedPolicy(SPEC, answers={"is the drawer open": {"yes": 0.9, "no": 0.1}})
    with RecordingPolicy(table, tmp_path / "a.jsonl") as policy:
        own = policy.ask(request)
    again = ReplayPolicy(tmp_path / "a.jsonl").ask(request)
    np.testing.assert_array_equal(again.log_likelihoods, own.log_likelihoods)


def test_what_a_policy_does_not_answer_is_passed_on_and_not_recorded(
    tiny_policy: Callable[[int], CheckpointPolicy], observe: Observe, tmp_path: Path
) -> None:
    with (
        RecordingPolicy(ScriptedPolicy(SPEC), tmp_path / "a.jsonl") as policy,
        pytest.raises(PolicyError, match="no phrase"),
    ):
        policy.locate(LocateRequest(observe(), "mug"))
    assert sum(ReplayPolicy(tmp_path / "a.jsonl").kinds.values()) == 0


def test_a_recording_is_never_written_over(recording: Path) -> None:
    with pytest.raises(FileExistsError):
        RecordingPolicy(ScriptedPolicy(SPEC), recording)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"), ("{}", "protocol None"), ('{"protocol": 99}', "protocol 99"),
        ('{"protocol": 1}', "action_spec is a NoneType"), ("{", "line 1"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(ProtocolError, match=message):
        ReplayPolicy(tmp_path)


def test_a_line_that_was_cut_off_is_named(recording: Path) -> None:
    recording.write_text(recording.read_text()[:-20])
    with pytest.raises(ProtocolError, match="line 5"):
        ReplayPolicy(recording)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"no recorded answers can be read from .*nowhere"):
        ReplayPolicy(tmp_path / "nowhere")
