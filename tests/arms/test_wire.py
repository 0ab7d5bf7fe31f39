"""What passes the wire comes out as it went in; what must not pass is refused in words, never unpickled."""

import math
import pickle

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from hybridctl.arms.errors import AddressError, WireError
from hybridctl.arms.wire import (
    PROTOCOL,
    FrameReader,
    check_version,
    encode,
    pack_command,
    pack_state,
    parse_address,
    require,
    unpack_command,
    unpack_state,
)
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.arrays import MessageError

LIMIT = 100_000
passing = st.sampled_from((np.float64, np.uint8)).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)
messages = st.dictionaries(
    st.text(max_size=8), st.one_of(st.text(), st.floats(), st.booleans(), st.none(), passing), max_size=5
)


def read_all(data, *, limit=LIMIT):
    return FrameReader(limit=limit).feed(data)


def frame(body):
    return len(body).to_bytes(4, "big") + body


@given(st.lists(messages, max_size=4), st.integers(1, 50))
def test_messages_come_out_as_they_went_in_however_the_bytes_arrive(sent, chunk):
    data = b"".join(encode(message, limit=LIMIT) for message in sent)
    reader, received = FrameReader(limit=LIMIT), []
    for i in range(0, len(data), chunk):
        received += reader.feed(data[i : i + chunk])
    reader.finish()
    assert len(received) == len(sent)
    for have, want in zip(received, sent, strict=True):
        assert have.keys() == want.keys()
        for name in want:
            np.testing.assert_array_equal(have[name], want[name])
            if isinstance(want[name], np.ndarray):
                assert have[name].dtype == want[name].dtype
                assert have[name].tobytes() == want[name].tobytes()  # bit for bit, NaN payloads too


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_wire_error(data):
    for attempt in (data, frame(data)):
        try:
            for message in read_all(attempt):
                assert isinstance(message, dict)
        except WireError:
            pass


def test_a_truncated_frame_is_told_at_the_end():
    reader = FrameReader(limit=LIMIT)
    assert reader.feed(encode({"op": "read"}, limit=LIMIT)[:-1]) == []
    with pytest.raises(WireError, match="ended within a frame"):
        reader.finish()


def test_a_frame_beyond_the_limit_is_refused_before_it_is_read():
    with pytest.raises(WireError, match="at most 100"):
        read_all((101).to_bytes(4, "big"), limit=100)
    with pytest.raises(WireError, match="at most 100"):
        encode({"text": "x" * 100}, limit=100)


def test_somebody_who_speaks_http_is_refused():
    with pytest.raises(WireError, match="is the other side a hybridctl"):
        read_all(b"GET / HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize("body", [b"\xc1", msgpack.packb([1, 2]), msgpack.packb({1: 2}), b"", b"\x81"])
def test_what_is_no_map_of_named_fields_is_refused(body):
    with pytest.raises(WireError, match="a frame"):
        read_all(frame(body))


class Touch:
    touched = False

    def __reduce__(self):
        return (setattr, (Touch, "touched", True))


def test_a_pickle_is_refused_and_not_run():
    with pytest.raises(WireError):
        read_all(frame(pickle.dumps(Touch())))
    array = {"dtype": "|O", "shape": [1], "data": pickle.dumps(Touch())}
    with pytest.raises(WireError, match="dtype"):
        read_all(frame(msgpack.packb({"q": array})))
    assert not Touch.touched


@pytest.mark.parametrize(
    "value", [np.zeros(2, np.complex128), np.array([None]), np.zeros(2, ">f8"), {1, 2}, 2**70]
)
def test_only_whitelisted_types_are_sent(value):
    with pytest.raises(WireError, match="cannot be packed"):
        encode({"value": value}, limit=LIMIT)


@pytest.mark.parametrize(
    "array",
    [
        {"dtype": "<f8", "shape": [2], "data": b"\0" * 8},
        {"dtype": "<f8", "shape": [-1], "data": b""},
        {"dtype": "<f8", "shape": [2**40, 2**40], "data": b""},
        {"dtype": "<f8", "shape": [1, 1, 1, 1, 1], "data": b"\0" * 8},
        {"dtype": "<f8", "shape": 1, "data": b"\0" * 8},
        {"dtype": "<f8", "shape": [1], "data": "text"},
        {"dtype": ["<f8"], "shape": [1], "data": b"\0" * 8},
    ],
)
def test_an_array_whose_parts_disagree_is_refused(array):
    with pytest.raises(WireError, match="an array"):
        read_all(frame(msgpack.packb({"q": array})))


def test_arrays_arrive_read_only():
    (message,) = read_all(encode({"q": np.zeros(3)}, limit=LIMIT))
    with pytest.raises(ValueError, match="read-only"):
        message["q"][0] = 1.0


@pytest.mark.parametrize("felt", [True, False])
def test_state_and_command_keep_every_bit(felt):
    rng = np.random.default_rng(0)
    state = ArmState(
        *rng.normal(size=(3, 7)), 0.1 / 3, 1 / 3, 2 / 3, True,
        wrench=rng.normal(size=6) if felt else None,
        tau_external=rng.normal(size=7) if felt else None,
        gripper_command=0.2 / 3 if felt else None,
    )  # fmt: skip
    command = JointCommand(rng.normal(size=7), rng.normal(size=7), 0.1 / 3, 2 / 3)
    (fields,) = read_all(encode(pack_state(state), limit=LIMIT))
    again = unpack_state(fields)
    assert all(np.array_equal(getattr(again, name), getattr(state, name)) for name in vars(state))
    assert (again.wrench is None, again.tau_external is None) == (not felt, not felt)
    (fields,) = read_all(encode(pack_command(command), limit=LIMIT))
    again = unpack_command(fields)
    assert all(np.array_equal(getattr(again, name), getattr(command, name)) for name in vars(command))


def test_a_state_with_nan_is_refused_where_it_arrives():
    state = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.0, 0.0, 0.0)
    with pytest.raises(MessageError, match=r"ArmState\.q"):
        unpack_state({**pack_state(state), "q": np.full(7, math.nan)})


@pytest.mark.parametrize("name", ["wrench", "tau_external", "gripper_command"])
def test_a_state_that_leaves_a_sense_out_is_refused_where_none_would_pass(name):
    fields = pack_state(ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.0, 0.0, 0.0))
    assert getattr(unpack_state(fields), name) is None
    with pytest.raises(WireError, match=f"field '{name}' is a str"):
        unpack_state({**fields, name: "none"})
    del fields[name]
    with pytest.raises(WireError, match=f"field '{name}' is missing"):
        unpack_state(fields)


@pytest.mark.parametrize(
    ("value", "kind"), [("1", int), (True, int), (True, float), (None, str), (math.nan, float), (1.0, int)]
)
def test_a_field_of_another_type_is_named(value, kind):
    with pytest.raises(WireError, match="field 'stamp'"):
        require({"stamp": value}, "stamp", kind)


def test_another_protocol_version_is_refused():
    check_version({"protocol": PROTOCOL}, who="client")
    for hello in ({"protocol": PROTOCOL + 1}, {}):
        with pytest.raises(WireError, match="same version"):
            check_version(hello, who="client")


def test_addresses():
    assert parse_address("sim://127.0.0.1:7000") == ("127.0.0.1", 7000)
    assert parse_address("sim://[::1]:7000") == ("::1", 7000)
    for wrong in (
        "sim",
        "sim://",
        "sim://host",
        "sim://:1",
        "tcp://host:1",
        "sim://host:0",
        "sim://host:70000",
    ):
        with pytest.raises(AddressError, match="sim://HOST:PORT"):
            parse_address(wrong)
