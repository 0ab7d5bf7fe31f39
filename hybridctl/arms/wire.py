"""The wire between a program and an arm in another process: length-prefixed msgpack maps over TCP.

A frame is four bytes of length (big-endian) and one msgpack map. A NumPy array travels as the map
{dtype, shape, data} with a dtype out of DTYPES. Nothing is ever unpickled, and no frame is buffered beyond
its limit. A client's first frame is `hello` with PROTOCOL; each request carries an `id`, and its answer
the same `id` with either the fields asked for or `error` (a kind) and `message` (words).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np

from hybridctl.arms.errors import AddressError, WireError
from hybridctl.messages.arm import ArmState, JointCommand

PROTOCOL = 3
"""Version of what follows; both sides must speak the same."""
REQUEST_LIMIT = 64 * 1024
"""Largest frame that a server takes [byte]."""
ANSWER_LIMIT = 32 * 1024 * 1024
"""Largest frame that a client takes [byte]: a full-HD picture with its depth fits."""
LONGEST_SLEEP = 0.25
"""How far one `sleep_until` reaches at most [s]; unless its answer says `there`, it is asked again."""
DTYPES = ("<f8", "|u1")
"""Array types that pass: float64 and uint8, little-endian."""
_HEADER = 4
_ARRAY_KEYS = {"dtype", "shape", "data"}
_MAX_DIMENSIONS = 4


def encode(message: Mapping[str, Any], *, limit: int) -> bytes:
    """Return the frame of a message.

    Raises:
        WireError: it holds a type that does not pass, or is longer than `limit` [byte].
    """
    try:
        body = msgpack.packb(dict(message), default=_pack_array, use_bin_type=True)
    except (TypeError, ValueError, OverflowError) as error:
        raise WireError(f"the message cannot be packed: {error}") from error
    if len(body) > limit:
        raise WireError(f"the message takes {len(body)} bytes, a frame holds at most {limit}")
    return len(body).to_bytes(_HEADER, "big") + bytes(body)


class FrameReader:
    """Takes bytes as they come and gives out whole messages."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Take bytes and return the messages that are now complete, in order.

        Raises:
            WireError: a frame is announced longer than the limit, or is no msgpack map that passes.
        """
        self._buffer += data
        messages = []
        while len(self._buffer) >= _HEADER:
            size = int.from_bytes(self._buffer[:_HEADER], "big")
            if size > self._limit:
                raise WireError(
                    f"a frame of {size} bytes is announced, at most {self._limit} are taken: "
                    "is the other side a hybridctl simulator or client?"
                )
            if len(self._buffer) < _HEADER + size:
                break
            body = bytes(self._buffer[_HEADER : _HEADER + size])
            del self._buffer[: _HEADER + size]
            messages.append(_decode(body))
        return messages

    def finish(self) -> None:
        """Call at the end of the stream.

        Raises:
            WireError: it ended within a frame.
        """
        if self._buffer:
            raise WireError(f"the connection ended within a frame, {len(self._buffer)} bytes into it")


def require(message: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return a field of a message as `kind`; an int passes for a finite float, a bool for nothing else.

    Raises:
        WireError: the field is missing or of another type.
    """
    value = message.get(name)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        have = "missing" if name not in message else f"a {type(value).__name__}"
        raise WireError(f"field {name!r} is {have}, expected a {kind.__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise WireError(f"field {name!r} is {value}, expected a finite number")
    return value


def check_version(message: Mapping[str, Any], *, who: str) -> None:
    """Raise WireError unless `who`'s hello speaks this protocol."""
    version = message.get("protocol")
    if version != PROTOCOL:
        raise WireError(
            f"the {who} speaks protocol {version!r}, this side {PROTOCOL}: "
            "install the same version of hybridctl on both"
        )


def pack_state(state: ArmState) -> dict[str, Any]:
    """Return an ArmState as fields."""
    return {
        "q": state.q, "dq": state.dq, "tau": state.tau, "gripper_width": state.gripper_width,
        "gripper_force": state.gripper_force, "stamp": state.stamp, "stopped": state.stopped,
        "wrench": state.wrench, "tau_external": state.tau_external,
        "gripper_command": state.gripper_command,
    }  # fmt: skip


def unpack_state(fields: Mapping[str, Any]) -> ArmState:
    """Return the ArmState of fields; WireError where one is missing, MessageError where one is not finite."""
    return ArmState(
        q=require(fields, "q", np.ndarray),
        dq=require(fields, "dq", np.ndarray),
        tau=require(fields, "tau", np.ndarray),
        gripper_width=require(fields, "gripper_width", float),
        gripper_force=require(fields, "gripper_force", float),
        stamp=require(fields, "stamp", float),
        stopped=require(fields, "stopped", bool),
        wrench=_offered(fields, "wrench", np.ndarray),
        tau_external=_offered(fields, "tau_external", np.ndarray),
        gripper_command=_offered(fields, "gripper_command", float),
    )


def pack_command(command: JointCommand) -> dict[str, Any]:
    """Return a JointCommand as fields."""
    return {
        "q": command.q, "dq": command.dq, "gripper_width": command.gripper_width, "stamp": command.stamp
    }  # fmt: skip


def unpack_command(fields: Mapping[str, Any]) -> JointCommand:
    """Return the JointCommand of fields; WireError or MessageError as for `unpack_state`."""
    return JointCommand(
        q=require(fields, "q", np.ndarray),
        dq=require(fields, "dq", np.ndarray),
        gripper_width=require(fields, "gripper_width", float),
        stamp=require(fields, "stamp", float),
    )


def parse_address(address: str) -> tuple[str, int]:
    """Return host and port of `sim://HOST:PORT` (`sim://[::1]:7000` for IPv6).

    Raises:
        AddressError: it is not of that form.
    """
    scheme, _, rest = address.partition("://")
    host, colon, port = rest.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if scheme != "sim" or not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise AddressError(f"{address!r} is no address of a simulator, expected sim://HOST:PORT")
    return host, int(port)


def _offered(fields: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return a field, or None where the other side says that its arm does not know it."""
    if name in fields and fields[name] is None:
        return None
    return require(fields, name, kind)


def _decode(body: bytes) -> dict[str, Any]:
    try:
        message = msgpack.unpackb(body, raw=False, strict_map_key=True, object_hook=_unpack_array)
    except WireError:
        raise
    except Exception as error:  # msgpack raises ValueError, its own kinds and UnicodeDecodeError
        raise WireError(f"a frame is no msgpack: {type(error).__name__}: {error}") from error
    if not isinstance(message, dict):
        raise WireError(f"a frame holds a {type(message).__name__}, expected a map")
    return message


def _pack_array(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.str in DTYPES:
        return {"dtype": value.dtype.str, "shape": list(value.shape), "data": value.tobytes()}
    kind = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
    raise TypeError(f"{kind} does not pass, only numbers, text, and arrays of {', '.join(DTYPES)}")


def _unpack_array(fields: dict[Any, Any]) -> Any:
    if set(fields) != _ARRAY_KEYS:
        return fields
    dtype, shape, data = fields["dtype"], fields["shape"], fields["data"]
    if dtype not in DTYPES:
        raise WireError(f"an array has dtype {dtype!r}, expected one of {', '.join(DTYPES)}")
    if (
        not isinstance(shape, list)
        or len(shape) > _MAX_DIMENSIONS
        or any(type(n) is not int or n < 0 for n in shape)
    ):
        raise WireError(f"an array has shape {shape!r}, expected at most {_MAX_DIMENSIONS} sizes")
    if not isinstance(data, bytes) or len(data) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise WireError(f"an array of shape {shape} and dtype {dtype} does not have the bytes for it")
    return np.frombuffer(data, dtype=dtype).reshape(shape)
