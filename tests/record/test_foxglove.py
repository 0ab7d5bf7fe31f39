"""Our `foxglove.*` schemas against the published ones, written down here as facts.

Source: `@foxglove/schemas` 2.1.0, jsonschema, and `foxglove-schemas-protobuf` 0.4.0.
"""

import json
from base64 import b64decode

import numpy as np
import pytest
from mcap.reader import make_reader

from hybridctl.record import foxglove
from hybridctl.record.foxglove import TYPES, timestamp
from hybridctl.record.schemas import TOPICS

TIME = {"sec": "integer", "nsec": "integer"}
VECTOR = {"x": "number", "y": "number", "z": "number"}
QUATERNION = {**VECTOR, "w": "number"}
NUMBERS = ["number"]
PUBLISHED = {
    "foxglove.JointStates": {
        "timestamp": TIME,
        "joints": [
            {"name": "string", "position": "number", "velocity": "number", "acceleration": "number",
             "effort": "number"}
        ],
    },
    "foxglove.PoseInFrame": {
        "timestamp": TIME, "frame_id": "string", "pose": {"position": VECTOR, "orientation": QUATERNION},
    },
    "foxglove.FrameTransforms": {
        "transforms": [
            {"timestamp": TIME, "parent_frame_id": "string", "child_frame_id": "string",
             "translation": VECTOR, "rotation": QUATERNION}
        ],
    },
    "foxglove.CompressedImage": {
        "timestamp": TIME, "frame_id": "string", "data": "string", "format": "string",
    },
    "foxglove.CameraCalibration": {
        "timestamp": TIME, "frame_id": "string", "width": "integer", "height": "integer",
        "distortion_model": "string", "D": NUMBERS, "K": NUMBERS, "R": NUMBERS, "P": NUMBERS,
    },
    "foxglove.Log": {
        "timestamp": TIME, "level": [0, 1, 2, 3, 4, 5], "message": "string", "name": "string",
        "file": "string", "line": "integer",
    },
}  # fmt: skip
NOT_REQUIRED = {"position", "velocity", "acceleration", "effort"}  # of a joint state


def fields(schema):
    """Return a JSON schema as the table above writes it."""
    if "oneOf" in schema:
        return [choice["const"] for choice in schema["oneOf"]]
    if schema["type"] == "object":
        return {name: fields(part) for name, part in schema["properties"].items()}
    return [fields(schema["items"])] if schema["type"] == "array" else schema["type"]


def required(schema):
    """Yield (schema, its required names) of an object and all within."""
    if schema.get("type") == "object":
        if schema.get("title") != "time":
            yield schema, set(schema["required"])
        for part in schema["properties"].values():
            yield from required(part)
    elif schema.get("type") == "array":
        yield from required(schema["items"])


def test_the_types_are_those_that_we_name():
    named = {topic.name for topic in TOPICS.values() if topic.name.startswith("foxglove.")}
    assert named == set(TYPES) == set(PUBLISHED)


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_fields_and_types_are_the_published_ones(name):
    assert fields(TYPES[name]) == PUBLISHED[name]
    for schema, names in required(TYPES[name]):
        optional = NOT_REQUIRED if schema["title"] == "foxglove.JointState" else set()
        assert names == set(schema["properties"]) - optional
    assert ("contentEncoding" in json.dumps(TYPES[name])) == (name == "foxglove.CompressedImage")


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_recorded_messages_have_those_fields(run_folder, name):
    def matches(value, kind):
        if isinstance(kind, dict):
            needed = set(kind) - NOT_REQUIRED
            return needed <= set(value) <= set(kind) and all(matches(value[k], kind[k]) for k in value)
        if isinstance(kind, list):
            if isinstance(kind[0], int):
                return value in kind
            return isinstance(value, list) and all(matches(item, kind[0]) for item in value)
        python = {"string": str, "integer": int, "number": (int, float)}[kind]
        return isinstance(value, python) and not isinstance(value, bool)

    count = 0
    with (run_folder / "telemetry.mcap").open("rb") as stream:
        for schema, channel, message in make_reader(stream).iter_messages():
            if schema.name == name:
                assert matches(json.loads(message.data), PUBLISHED[name]), channel.topic
                count += 1
    assert count > 0


def test_timestamp_carries_into_the_next_second():
    assert timestamp(1.9999999999) == {"sec": 2, "nsec": 0}
    assert timestamp(0.15) == {"sec": 0, "nsec": 150_000_000}


def test_a_calibration_projects_as_its_intrinsics_do():
    K = np.array([[50.0, 0.0, 32.0], [0.0, 51.0, 24.0], [0.0, 0.0, 1.0]])
    message = foxglove.camera_calibration(K, width=64, height=48, frame="camera", stamp=0.0)
    point = np.array([0.1, -0.2, 2.0])
    u, v, w = np.reshape(message["P"], (3, 4)) @ [*point, 1.0]
    np.testing.assert_allclose([u / w, v / w, 1.0], K @ point / point[2])
    np.testing.assert_array_equal(np.reshape(message["K"], (3, 3)), K)


def test_an_images_data_is_base64():
    assert b64decode(foxglove.compressed_image(b"\xff\xd8x", frame="c", stamp=0.0)["data"]) == b"\xff\xd8x"
