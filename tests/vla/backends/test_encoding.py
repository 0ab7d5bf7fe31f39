"""Every message survives both encodings bit by bit, and what is no message is refused by name."""

import json
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridctl.messages.action import Action, ActionSpec
from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    Answer,
    AskAnswer,
    AskRequest,
    Confidence,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    Request,
)
from hybridctl.vla.backends.encoding import (
    KINDS,
    ProtocolError,
    answer_fields,
    answer_from,
    check_version,
    from_json,
    kind_of,
    pack,
    request_fields,
    request_from,
    spec_fields,
    spec_from,
    to_json,
    unpack,
)

Observe = Callable[..., Observation]
SURE = Confidence(-0.25, 0.5, p_right=0.75)
LIMIT = 10_000_000


def through_msgpack(fields: dict[str, Any]) -> dict[str, Any]:
    return unpack(pack(fields, limit=LIMIT), limit=LIMIT)


def through_json(fields: dict[str, Any]) -> dict[str, Any]:
    line = to_json(fields)
    assert "\n" not in line
    return from_json(line)


BOTH = pytest.mark.parametrize("through", [through_msgpack, through_json])


def requests(seen: Observation, other: Observation) -> list[Request]:
    return [
        PlanRequest(seen, "put the red block in the bowl", (other,)),
        ActRequest(seen, Subgoal(Skill.PUSH, "red block", toward="bowl")),
        ActRequest(seen, Subgoal(Skill.WAIT, seconds=2.5)),
        LocateRequest(seen, "red block", (other, seen)),
        AskRequest(seen, "is the drawer open"),
    ]


def answers(seen: Observation) -> list[tuple[Request, Answer]]:
    action = Action(0.0, np.array([0.1, -0.2, 0.3]), np.array([0.0, 0.1, 0.2]), 1.0)
    plan = Plan((Subgoal(Skill.PICK, "mug", part="rim"), Subgoal(Skill.PLACE_IN, "bowl")))
    pixel = np.array([1.25, 99.5])
    yes_no = np.log([0.9, 0.1])
    asked = requests(seen, seen)
    return [
        (asked[0], PlanAnswer(plan, "Plan: x", seen.stamp, SURE)),
        (asked[0], PlanAnswer(Plan(()), "Plan: none", seen.stamp, Confidence(0.0, 0.0))),
        (asked[1], ActAnswer(action, tuple(range(8)), pixel, seen.T_base_tool, seen.stamp, SURE)),
        (asked[3], LocateAnswer(pixel, np.array([0.5, 2.0]), seen, SURE)),
        (asked[4], AskAnswer("is the drawer open", ("yes", "no"), yes_no, seen, SURE)),
    ]


def assert_alike(a: Any, b: Any) -> None:
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_alike(x, y)
    elif hasattr(a, "__dataclass_fields__"):
        for name in a.__dataclass_fields__:
            if name != "depth":
                assert_alike(getattr(a, name), getattr(b, name))
    else:
        assert a == b


@BOTH
@pytest.mark.parametrize("index", range(5))
def test_a_request_comes_back_as_it_was_but_for_the_depth_that_no_policy_reads(
    observe: Observe, through: Callable[..., dict[str, Any]], index: int
) -> None:
    request = requests(observe(1), observe(2, size=40))[index]
    back = request_from(kind_of(request), through(request_fields(request)))
    assert_alike(back, request)
    assert not back.observation.depth.any()


@BOTH
@pytest.mark.parametrize("index", range(5))
def test_an_answer_comes_back_with_what_its_request_held(
    observe: Observe, through: Callable[..., dict[str, Any]], index: int
) -> None:
    request, answer = answers(observe(1))[index]
    fields = through(answer_fields(answer))
    assert not {"observation", "T_base_tool", "stamp"} & set(fields)
    assert_alike(answer_from(kind_of(request), fields, request), answer)


@BOTH
@settings(max_examples=50)
@given(low=st.lists(st.floats(-1e6, 0), min_size=8, max_size=8), bins=st.integers(2, 10**6))
def test_a_spec_comes_back_for_any_bounds(
    through: Callable[..., dict[str, Any]], low: list[float], bins: int
) -> None:
    spec = ActionSpec(np.array(low), np.ones(8), bins, "tool")
    assert_alike(spec_from(through(spec_fields(spec))), spec)


def locate(seen: Observation, **change: Any) -> dict[str, Any]:
    fields = request_fields(LocateRequest(seen, "red block")) | change
    return {name: value for name, value in fields.items() if value != "drop"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phrase": 3}, r"locate\.phrase is a int, expected a str"),
        ({"phrase": "drop"}, r"locate\.phrase is missing"),
        ({"colour": "red"}, "unknown fields colour"),
        ({"others": {}}, r"locate\.others is a dict, expected a list"),
        ({"observation": None}, r"locate\.observation is a NoneType"),
    ],
)
def test_a_field_that_is_not_its_is_named(observe: Observe, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        request_from("locate", locate(observe(), **change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rgb": np.zeros((4, 4), dtype=np.uint8)}, "expected \\(H, W, 3\\) uint8"),
        ({"K": np.full((3, 3), np.nan)}, "NaN"),
        ({"stamp": float("inf")}, r"stamp is inf, expected a finite number"),
        ({"stamp": True}, r"stamp is a bool, expected a float"),
        ({"depth": np.zeros((128, 128))}, "unknown fields depth"),
        ({"rgb": "drop"}, r"rgb is a NoneType"),
    ],
)
def test_a_picture_that_is_none_is_refused(observe: Observe, change: dict[str, Any], message: str) -> None:
    fields = locate(observe())
    seen = {
        k: v for k, v in (fields["observation"] | change).items() if not isinstance(v, str) or v != "drop"
    }
    with pytest.raises(ProtocolError, match=message):
        request_from("locate", fields | {"observation": seen})


def test_a_skill_or_kind_that_does_not_exist_lists_those_that_do(observe: Observe) -> None:
    fields = request_fields(ActRequest(observe(), Subgoal(Skill.PICK, "red block")))
    fields["subgoal"]["skill"] = "fly"
    with pytest.raises(ProtocolError, match=r"act\.subgoal\.skill is 'fly', expected one of look, locate"):
        request_from("act", fields)
    with pytest.raises(
        ProtocolError, match="no question of kind 'sing', expected one of plan, act, locate, ask"
    ):
        request_from("sing", fields)


def test_an_answer_cannot_bring_its_own_picture(observe: Observe) -> None:
    request, answer = answers(observe())[3]
    with pytest.raises(ProtocolError, match="unknown fields stamp"):
        answer_from("locate", answer_fields(answer) | {"stamp": 7.0}, request)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xc1", b"\x93\x01\x02\x03", msgpack.packb({1: 2}), b"\x80\x80", msgpack.packb([1]),
        msgpack.packb({"a": {"dtype": "|O", "shape": [1], "data": b"12345678"}}),
        msgpack.packb({"a": {"dtype": "<f8", "shape": [2], "data": b"12345678"}}),
        msgpack.packb({"a": {"dtype": "<f8", "shape": [-1], "data": b"12345678"}}),
        msgpack.packb({"a": {"dtype": "<f8", "shape": [1, 1, 1, 1], "data": b"12345678"}}),
        b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
    ],
)  # fmt: skip
def test_bytes_that_are_no_message_are_refused_a_pickle_among_them(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        unpack(body, limit=LIMIT)


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_any_bytes_give_a_map_or_a_protocol_error(body: bytes) -> None:
    try:
        message = unpack(body, limit=LIMIT)
    except ProtocolError:
        return
    for kind in KINDS:
        with pytest.raises(ProtocolError):
            request_from(kind, message)


@pytest.mark.parametrize("line", ["", "{", "[1]", '{"a": {"dtype": "<f8", "shape": [1], "data": "!!"}}', "3"])
def test_a_line_that_is_no_message_is_refused(line: str) -> None:
    with pytest.raises(ProtocolError):
        from_json(line)


def test_a_message_past_its_limit_passes_neither_way(observe: Observe) -> None:
    fields = locate(observe())
    body = pack(fields, limit=LIMIT)
    with pytest.raises(ProtocolError, match=f"takes {len(body)} bytes, at most 1000 pass"):
        pack(fields, limit=1000)
    with pytest.raises(ProtocolError, match="at most 1000 pass"):
        unpack(body, limit=1000)


@pytest.mark.parametrize("message", [{}, {"protocol": 0}, {"protocol": "1"}])
def test_another_version_says_to_install_the_same_on_both_sides(message: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match=r"the other speaks protocol .* install the same version"):
        check_version(message, who="the other")


def test_a_recorded_line_is_plain_json(observe: Observe) -> None:
    _, answer = answers(observe())[2]
    assert json.loads(to_json(answer_fields(answer)))["tokens"] == list(range(8))
