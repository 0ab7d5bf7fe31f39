"""Requests and answers as plain fields, and these as msgpack or JSON: for a wire and for a file.

A message is the map of its fields, as its class declares them: a field of another type, one too many or one
too few is refused, and each message checks its own values. A NumPy array is the map {dtype, shape, data} with
a dtype out of DTYPES, its data base64 in JSON. Nothing is ever unpickled. An answer leaves out what its
request holds already (picture, tool pose, stamp), and an observation leaves out the depth image, which no
policy reads.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgpack
import numpy as np

from hybridctl.messages.action import ActionSpec
from hybridctl.messages.arrays import MessageError
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    Answer,
    AskAnswer,
    AskRequest,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    PolicyError,
    Request,
)

PROTOCOL = 1
"""Version of the messages; both sides must speak the same."""
REQUEST_LIMIT = 64 * 1024 * 1024
"""Largest request [byte]: eight full-HD pictures fit."""
ANSWER_LIMIT = 1024 * 1024
"""Largest answer [byte]."""
DTYPES = ("<f8", "|u1")
"""Array types that pass: float64 and uint8, little-endian."""
KINDS: dict[str, tuple[type[Any], type[Any]]] = {
    "plan": (PlanRequest, PlanAnswer),
    "act": (ActRequest, ActAnswer),
    "locate": (LocateRequest, LocateAnswer),
    "ask": (AskRequest, AskAnswer),
}
_ARRAY_KEYS = {"dtype", "shape", "data"}
_KNOWN_FROM_REQUEST = ("observation", "T_base_tool", "stamp")


class ProtocolError(PolicyError):
    """What came over the wire, or out of a file, is no message of this protocol."""


def kind_of(request: Request) -> str:
    """Return `plan`, `act`, `locate` or `ask`."""
    return next(kind for kind, (of_request, _) in KINDS.items() if isinstance(request, of_request))


def request_fields(request: Request) -> dict[str, Any]:
    """Return a request as fields."""
    fields: dict[str, Any] = _plain(request)
    return fields


def request_from(kind: str, fields: Any) -> Request:
    """Return the request of fields.

    Raises:
        ProtocolError: there is no such kind, or the fields are not its.
    """
    request: Request = _built(_classes(kind)[0], fields, kind)
    return request


def answer_fields(answer: Answer) -> dict[str, Any]:
    """Return an answer as fields, without what its request holds."""
    return {name: value for name, value in _plain(answer).items() if name not in _KNOWN_FROM_REQUEST}


def answer_from(kind: str, fields: Any, request: Request) -> Answer:
    """Return the answer of fields to a request.

    Raises:
        ProtocolError: there is no such kind, or the fields are not its.
    """
    observation = request.observation
    of_answer = _classes(kind)[1]
    known = {
        "observation": observation, "T_base_tool": observation.T_base_tool, "stamp": observation.stamp
    }  # fmt: skip
    names = {field.name for field in dataclasses.fields(of_answer)}
    given = {name: value for name, value in known.items() if name in names}
    answer: Answer = _built(of_answer, fields, kind, given)
    return answer


def spec_fields(spec: ActionSpec) -> dict[str, Any]:
    """Return an action spec as fields."""
    fields: dict[str, Any] = _plain(spec)
    return fields


def spec_from(fields: Any) -> ActionSpec:
    """Return the action spec of fields; ProtocolError where they are not its."""
    spec: ActionSpec = _built(ActionSpec, fields, "action_spec")
    return spec


def check_version(message: Mapping[str, Any], *, who: str) -> None:
    """Raise ProtocolError unless a message is of this protocol."""
    if message.get("protocol") != PROTOCOL:
        raise ProtocolError(
            f"{who} speaks protocol {message.get('protocol')!r}, this side {PROTOCOL}: install the same "
            "version of hybridctl on both"
        )


def pack(message: Mapping[str, Any], *, limit: int) -> bytes:
    """Return a message as msgpack.

    Raises:
        ProtocolError: it is longer than `limit` [byte].
    """
    body = bytes(msgpack.packb(dict(message), default=_array_fields, use_bin_type=True))
    if len(body) > limit:
        raise ProtocolError(f"the message takes {len(body)} bytes, at most {limit} pass")
    return body


def unpack(body: bytes, *, limit: int) -> dict[str, Any]:
    """Return the message of msgpack bytes.

    Raises:
        ProtocolError: they are more than `limit`, or no msgpack map that passes.
    """
    if len(body) > limit:
        raise ProtocolError(f"the message takes {len(body)} bytes, at most {limit} pass")
    try:
        message = msgpack.unpackb(body, raw=False, strict_map_key=True, object_hook=_array)
    except ProtocolError:
        raise
    except Exception as error:  # msgpack raises ValueError, its own kinds and UnicodeDecodeError
        raise ProtocolError(f"the message is no msgpack: {type(error).__name__}: {error}") from error
    return _mapped(message)


def to_json(message: Mapping[str, Any]) -> str:
    """Return a message as one line of JSON."""
    return json.dumps(dict(message), default=_array_fields_in_text, allow_nan=False)


def from_json(line: str) -> dict[str, Any]:
    """Return the message of a line of JSON; ProtocolError where it is none."""
    try:
        return _mapped(json.loads(line, object_hook=_array))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"the message is no JSON: {error}") from error


def _mapped(message: Any) -> dict[str, Any]:
    if not isinstance(message, dict):
        raise ProtocolError(f"the message is a {type(message).__name__}, expected a map")
    return message


def _classes(kind: str) -> tuple[type[Any], type[Any]]:
    if kind not in KINDS:
        raise ProtocolError(f"there is no question of kind {kind!r}, expected one of {', '.join(KINDS)}")
    return KINDS[kind]


def _plain(value: Any) -> Any:
    """Return a value as maps, lists, numbers, text and arrays."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value):
        left_out = "depth" if isinstance(value, Observation) else ""
        names = [field.name for field in dataclasses.fields(value) if field.init and field.name != left_out]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value


def _built(hint: Any, value: Any, where: str, given: Mapping[str, Any] | None = None) -> Any:
    """Return the value that a type declares, out of what `_plain` made of it."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in parts:
            return None
        return _built(next(part for part in parts if part is not type(None)), value, where)
    if origin is np.ndarray:
        return _of(np.ndarray, value, where)
    if origin is tuple:
        listed = _of(list, value, where)
        each = [parts[0]] * len(listed) if parts[-1] is Ellipsis else list(parts)
        if len(each) != len(listed):
            raise ProtocolError(f"{where} has {len(listed)} entries, expected {len(each)}")
        return tuple(_built(h, v, f"{where}[{i}]") for i, (h, v) in enumerate(zip(each, listed, strict=True)))
    if dataclasses.is_dataclass(hint):
        return _message(hint, _of(dict, value, where), where, dict(given or {}))
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            known = ", ".join(str(member.value) for member in hint)
            raise ProtocolError(f"{where} is {value!r}, expected one of {known}") from None
    if hint is float and type(value) is int:
        value = float(value)
    return _of(hint, value, where)


def _message(hint: Any, fields: dict[str, Any], where: str, given: dict[str, Any]) -> Any:
    if hint is Observation:
        given["depth"] = np.zeros(_of(np.ndarray, fields.get("rgb"), f"{where}.rgb").shape[:2])
    hints = typing.get_type_hints(hint)
    wanted = {field.name: field for field in dataclasses.fields(hint) if field.init}
    strange = set(fields) - set(wanted) | set(fields) & set(given)
    if strange:
        raise ProtocolError(f"{where} has the unknown fields {', '.join(sorted(map(str, strange)))}")
    for name, field in wanted.items():
        if name in fields:
            given[name] = _built(hints[name], fields[name], f"{where}.{name}")
        elif name not in given and field.default is dataclasses.MISSING:
            raise ProtocolError(f"{where}.{name} is missing")
    try:
        return hint(**given)
    except MessageError as error:
        raise ProtocolError(f"{where}: {error}") from error


def _of(kind: type[Any], value: Any, where: str) -> Any:
    if type(value) is not kind:
        raise ProtocolError(f"{where} is a {type(value).__name__}, expected a {kind.__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ProtocolError(f"{where} is {value}, expected a finite number")
    return value


def _array_fields(value: Any) -> dict[str, Any]:
    if not isinstance(value, np.ndarray) or value.dtype.str not in DTYPES:
        raise TypeError(f"a {type(value).__name__} does not pass")
    return {"dtype": value.dtype.str, "shape": list(value.shape), "data": value.tobytes()}


def _array_fields_in_text(value: Any) -> dict[str, Any]:
    fields = _array_fields(value)
    return fields | {"data": base64.b64encode(fields["data"]).decode()}


def _array(fields: dict[Any, Any]) -> Any:
    if set(fields) != _ARRAY_KEYS:
        return fields
    dtype, shape, data = fields["dtype"], fields["shape"], fields["data"]
    if dtype not in DTYPES:
        raise ProtocolError(f"an array has dtype {dtype!r}, expected one of {', '.join(DTYPES)}")
    if not isinstance(shape, list) or len(shape) > 3 or any(type(n) is not int or n < 0 for n in shape):
        raise ProtocolError(f"an array has shape {shape!r}, expected at most 3 sizes")
    if isinstance(data, str):
        data = base64.b64decode(data, validate=True)
    if not isinstance(data, bytes) or len(data) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise ProtocolError(f"an array of shape {shape} and dtype {dtype} does not have the bytes for it")
    return np.frombuffer(data, dtype=dtype).reshape(shape)
