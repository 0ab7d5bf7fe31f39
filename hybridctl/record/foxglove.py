"""The message types that Foxglove draws, as JSON schemas, and messages of them.

Names, fields and types are those of https://github.com/foxglove/foxglove-sdk, `schemas/jsonschema`; Foxglove
recognises them by the schema's name.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from hybridctl.messages.arrays import FloatArray
from hybridctl.record.quaternion import quaternion

Schema = dict[str, Any]
Message = dict[str, Any]
INFO, WARNING = 2, 3
_LEVELS = ("UNKNOWN", "DEBUG", "INFO", "WARNING", "ERROR", "FATAL")


def _number(description: str) -> Schema:
    return {"type": "number", "description": description}


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _count(description: str) -> Schema:
    return {"type": "integer", "minimum": 0, "description": description}


def _numbers(description: str, length: int | None = None) -> Schema:
    exactly = {} if length is None else {"minItems": length, "maxItems": length}
    return {"type": "array", "items": {"type": "number"}, **exactly, "description": description}


def _object(title: str, *, optional: tuple[str, ...] = (), **properties: Schema) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"title": title, "type": "object", "properties": properties, "required": required}


TIME: Schema = {
    "type": "object",
    "title": "time",
    "properties": {
        "sec": {"type": "integer", "minimum": 0},
        "nsec": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    },
}
_LENGTH, _PART = _number("[m], or as named"), _number("of a unit quaternion")
VECTOR = _object("foxglove.Vector3", x=_LENGTH, y=_LENGTH, z=_LENGTH)
_QUATERNION = _object("foxglove.Quaternion", x=_PART, y=_PART, z=_PART, w=_PART)
_TRANSFORM = _object(
    "foxglove.FrameTransform",
    timestamp=TIME,
    parent_frame_id=_text("Parent frame"),
    child_frame_id=_text("Child frame"),
    translation=VECTOR,
    rotation=_QUATERNION,
)
_JOINT = _object(
    "foxglove.JointState",
    optional=("position", "velocity", "acceleration", "effort"),
    name=_text("Joint"),
    position=_number("[rad]"),
    velocity=_number("[rad/s]"),
    acceleration=_number("[rad/s²], not recorded"),
    effort=_number("[Nm]"),
)

TYPES: dict[str, Schema] = {
    schema["title"]: schema
    for schema in (
        _object("foxglove.JointStates", timestamp=TIME, joints={"type": "array", "items": _JOINT}),
        _object(
            "foxglove.PoseInFrame",
            timestamp=TIME,
            frame_id=_text("Frame of reference"),
            pose=_object("foxglove.Pose", position=VECTOR, orientation=_QUATERNION),
        ),
        _object("foxglove.FrameTransforms", transforms={"type": "array", "items": _TRANSFORM}),
        _object(
            "foxglove.CompressedImage",
            timestamp=TIME,
            frame_id=_text("Camera's frame: x right, y down, z forward"),
            data={"type": "string", "contentEncoding": "base64", "description": "The file's bytes"},
            format=_text("jpeg"),
        ),
        _object(
            "foxglove.CameraCalibration",
            timestamp=TIME,
            frame_id=_text("Camera's frame"),
            width=_count("[px]"),
            height=_count("[px]"),
            distortion_model=_text("Empty: pictures are undistorted"),
            D=_numbers("Distortion"),
            K=_numbers("Intrinsics, row by row [px]", 9),
            R=_numbers("Rectification, row by row", 9),
            P=_numbers("Projection, row by row [px]", 12),
        ),
        _object(
            "foxglove.Log",
            timestamp=TIME,
            level={"oneOf": [{"title": name, "const": i} for i, name in enumerate(_LEVELS)]},
            message=_text("What happened"),
            name=_text("Kind of event"),
            file=_text("Not used"),
            line=_count("Not used"),
        ),
    )
}


def nanoseconds(stamp: float) -> int:
    """Return a clock time [s] in MCAP's unit [ns]; MCAP knows no time before the origin."""
    return max(0, round(1e9 * stamp))


def timestamp(stamp: float) -> Message:
    """Return a clock time [s] as `foxglove.*` types write it."""
    sec, nsec = divmod(nanoseconds(stamp), 1_000_000_000)
    return {"sec": sec, "nsec": nsec}


def joint_states(names: Iterable[str], *, stamp: float, **columns: FloatArray) -> Message:
    """Return `foxglove.JointStates`, its columns `position`, `velocity`, `effort`, each of shape (n,)."""
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    joints = [
        {"name": name, **dict(zip(columns, row, strict=True))} for name, row in zip(names, rows, strict=True)
    ]
    return {"timestamp": timestamp(stamp), "joints": joints}


def pose_in_frame(T: FloatArray, *, frame: str, stamp: float) -> Message:
    """Return `foxglove.PoseInFrame` of a pose in `frame`, shape (4, 4) [m]."""
    pose = {"position": vector(T[:3, 3]), "orientation": _rotation(T)}
    return {"timestamp": timestamp(stamp), "frame_id": frame, "pose": pose}


def frame_transforms(T: FloatArray, *, parent: str, child: str, stamp: float) -> Message:
    """Return `foxglove.FrameTransforms` with the pose of `child` in `parent`, shape (4, 4) [m]."""
    transform = {
        "timestamp": timestamp(stamp), "parent_frame_id": parent, "child_frame_id": child,
        "translation": vector(T[:3, 3]), "rotation": _rotation(T),
    }  # fmt: skip
    return {"transforms": [transform]}


def compressed_image(jpeg: bytes, *, frame: str, stamp: float) -> Message:
    """Return `foxglove.CompressedImage` of a JPEG file's bytes."""
    data = b64encode(jpeg).decode("ascii")
    return {"timestamp": timestamp(stamp), "frame_id": frame, "data": data, "format": "jpeg"}


def camera_calibration(K: FloatArray, *, width: int, height: int, frame: str, stamp: float) -> Message:
    """Return `foxglove.CameraCalibration` of undistorted pictures with intrinsics `K`, shape (3, 3) [px]."""
    rows = K.tolist()
    return {
        "timestamp": timestamp(stamp), "frame_id": frame, "width": width, "height": height,
        "distortion_model": "", "D": [], "K": [value for row in rows for value in row],
        "R": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        "P": [value for row in rows for value in (*row, 0.0)],
    }  # fmt: skip


def log(message: str, *, level: int, name: str, stamp: float) -> Message:
    """Return `foxglove.Log`."""
    about = {"level": level, "message": message, "name": name, "file": "", "line": 0}
    return {"timestamp": timestamp(stamp), **about}


def vector(p: FloatArray) -> Message:
    """Return `foxglove.Vector3` of a vector of shape (3,)."""
    return dict(zip("xyz", p.tolist(), strict=True))


def _rotation(T: FloatArray) -> Message:
    w, x, y, z = quaternion(T[:3, :3])
    return {"x": x, "y": y, "z": z, "w": w}
