"""A policy at an address answers as it does here; whatever goes wrong on the way is a PolicyError."""

import socket
from collections.abc import Callable
from time import perf_counter
from typing import Any

import msgpack
import numpy as np
import pytest

from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.messages.policy import ActRequest, AskRequest, LocateRequest, PlanRequest, PolicyError
from hybridctl.vla.backends.encoding import ANSWER_LIMIT, ProtocolError
from hybridctl.vla.backends.remote import RemotePolicy
from hybridctl.vla.backends.scripted import ScriptedPolicy
from hybridctl.vla.policy import CheckpointPolicy
from hybridctl.vla.statistics import EMBEDDED_STATISTICS

Observe = Callable[..., Observation]
SPEC = EMBEDDED_STATISTICS.action_spec()
TABLE = ScriptedPolicy(
    SPEC, places={"red block": (3.0, 4.0)}, answers={"is the drawer open": {"yes": 0.9, "no": 0.1}}
)
PICK = Subgoal(Skill.PICK, "red block")


def test_a_model_elsewhere_answers_as_it_does_here(
    serve: Callable[..., Any], tiny_policy: Callable[[int], CheckpointPolicy], observe: Observe
) -> None:
    here = tiny_policy(0)
    there = RemotePolicy(serve(here).address)
    assert there.skills == ("pick", "place_in")
    np.testing.assert_array_equal(there.action_spec.high, here.action_spec.high)
    seen = observe(1)
    assert there.plan(PlanRequest(seen, "pick the red block")) == here.plan(
        PlanRequest(seen, "pick the red block")
    )
    acted = there.act(ActRequest(seen, PICK))
    assert acted.tokens == here.act(ActRequest(seen, PICK)).tokens
    assert acted.T_base_tool is seen.T_base_tool
    located = there.locate(LocateRequest(seen, "red block"))
    assert located.confidence == here.locate(LocateRequest(seen, "red block")).confidence
    assert located.observation is seen


def test_questions_and_the_services_errors_pass(serve: Callable[..., Any], observe: Observe) -> None:
    policy = RemotePolicy(serve(TABLE).address)
    assert policy.asks
    assert policy.ask(AskRequest(observe(), "is the drawer open")).answers == ("yes", "no")
    with pytest.raises(PolicyError, match="PolicyError: the script has no phrase 'mug'"):
        policy.locate(LocateRequest(observe(), "mug"))


def test_one_connection_is_kept_and_opened_anew_when_the_service_drops_it(
    serve: Callable[..., Any], observe: Observe
) -> None:
    service = serve(TABLE)
    policy = RemotePolicy(service.address)
    for _ in range(3):
        policy.locate(LocateRequest(observe(), "red block"))
    assert service.connections == 1
    service.drop = True
    for _ in range(3):
        np.testing.assert_array_equal(policy.locate(LocateRequest(observe(), "red block")).pixel, [3.0, 4.0])
    assert service.connections == 3


def test_nobody_there_is_a_policy_error_that_names_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(PolicyError, match=f"no policy answers at {address} .* is the service running"):
            RemotePolicy(address)


def test_a_service_that_ends_is_a_policy_error_and_one_that_comes_back_is_used(
    serve: Callable[..., Any], observe: Observe
) -> None:
    service = serve(TABLE)
    service.drop = True
    policy = RemotePolicy(service.address)
    service.shutdown()
    service.server_close()
    with pytest.raises(PolicyError, match="no policy answers"):
        policy.locate(LocateRequest(observe(), "red block"))


def test_who_takes_the_request_and_says_nothing_is_given_up_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = perf_counter()
        with pytest.raises(PolicyError, match="TimeoutError"):
            RemotePolicy(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        assert perf_counter() - started < 2.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda body: b"<html>", "status 200 is no policy service"),
        (lambda body: body[:-1], "no policy service"),
        (lambda body: bytes(ANSWER_LIMIT + 1), "no policy service: the message takes"),
        (lambda body: msgpack.packb(msgpack.unpackb(body) | {"protocol": 99}), "speaks protocol 99"),
        (lambda body: msgpack.packb(msgpack.unpackb(body) | {"answer": {}}), r"locate\.pixel is missing"),
    ],
    ids=["no msgpack", "cut off", "too long", "version", "fields"],
)
def test_an_answer_that_is_none_is_a_protocol_error(
    serve: Callable[..., Any], observe: Observe, change: Callable[[bytes], bytes], message: str
) -> None:
    service = serve(TABLE)
    policy = RemotePolicy(service.address)
    service.change = change
    with pytest.raises(ProtocolError, match=message):
        policy.locate(LocateRequest(observe(), "red block"))
    service.change = lambda body: body
    policy.locate(LocateRequest(observe(), "red block"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost",
        "http://localhost",
        "https://a:1",
        "sim://a:1",
        "http://a:x",
        "http://:80",
        "http://a:1/x",
    ],
)
def test_an_address_of_another_form_says_what_would_be_right(address: str) -> None:
    with pytest.raises(PolicyError, match="expected http://HOST:PORT"):
        RemotePolicy(address)
