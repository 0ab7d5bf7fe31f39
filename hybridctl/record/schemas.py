"""The topics of telemetry.mcap and their JSON schemas, `foxglove.*` where Foxglove draws the type."""

from __future__ import annotations

from dataclasses import dataclass

from hybridctl.record.foxglove import TYPES, VECTOR, Schema

JOINTS = "/arm/joints"
GRIPPER = "/arm/gripper"
COMMAND = "/arm/command"
WRENCH = "/arm/wrench"
RESIDUAL = "/arm/external_torque"
CONTROLLER = "/controller"
TOOL = "/tool"
FRAMES = "/tf"
IMAGE = "/camera/image"
CALIBRATION = "/camera/calibration"
MARGINS = "/margins"
TREE = "/tree"
LOG = "/log"
EVENT = "/event/"
"""Events of the tree and the VLA: `/event/plan`, `/event/act`, `/event/look`, `/event/failure`, …"""


@dataclass(frozen=True)
class Topic:
    """A schema's name and content; Foxglove recognises the types it draws by the name."""

    name: str
    schema: Schema


def _foxglove(kind: str) -> Topic:
    return Topic(f"foxglove.{kind}", TYPES[f"foxglove.{kind}"])


def _number(description: str) -> Schema:
    return {"type": "number", "description": description}


def _numbers(description: str) -> Schema:
    return {"type": "array", "items": {"type": "number"}, "description": description}


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _named(description: str) -> Schema:
    return {"type": "object", "additionalProperties": {"type": "number"}, "description": description}


_STAMP = _number("Clock time [s]")

TOPICS: dict[str, Topic] = {
    JOINTS: _foxglove("JointStates"),
    TOOL: _foxglove("PoseInFrame"),
    FRAMES: _foxglove("FrameTransforms"),
    IMAGE: _foxglove("CompressedImage"),
    CALIBRATION: _foxglove("CameraCalibration"),
    LOG: _foxglove("Log"),
    GRIPPER: Topic(
        "hybridctl.Gripper",
        _object(
            stamp=_STAMP,
            width=_number("Distance between the finger pads [m]"),
            force=_number("Force of both fingers [N]"),
            command=_number("Commanded distance [m]"),
            stopped={"type": "boolean", "description": "Whether the arm is latched in a stop"},
        ),
    ),
    COMMAND: Topic(
        "hybridctl.JointCommand",
        _object(stamp=_STAMP, q=_numbers("Joint positions [rad]"), dq=_numbers("Joint velocities [rad/s]")),
    ),
    WRENCH: Topic(
        "hybridctl.Wrench",
        _object(
            stamp=_STAMP,
            force={**VECTOR, "description": "What the world exerts on the tool, in its axes [N]"},
            torque={**VECTOR, "description": "About the tool point [Nm]"},
        ),
    ),
    RESIDUAL: Topic(
        "hybridctl.ExternalTorque",
        _object(stamp=_STAMP, tau=_numbers("What contact adds to each joint's torque [Nm]")),
    ),
    CONTROLLER: Topic(
        "hybridctl.ControlResult",
        _object(
            stamp=_STAMP,
            status=_text("tracking, holding, stale, qp_failed, following_error, stopped or starting"),
            source=_text("Who set the target: tokens, fine, skill, home or none"),
            solve_ms=_number("Time of the control step [ms]"),
            limited=_number("Change by the limiter [rad/s]"),
            slacks=_named("By how much the plan breaks each soft limit [m, m/s or rad/s]"),
            violations=_named("By how much the commanded state breaks each limit [m, rad or rad/s]"),
        ),
    ),
    MARGINS: Topic(
        "hybridctl.Margins",
        _object(
            stamp=_STAMP,
            joint=_number("Smallest distance of a joint to its position limit [rad]"),
            joint_name=_text("Which joint that is"),
            table=_number("Lowest point of hand and wrist over the table [m]"),
            table_body=_text("Which body that is"),
            links=_number("Smallest distance between two links [m]"),
            links_pair=_text("Which links these are"),
            workspace=_number("Distance of the tool to the nearest wall of its box [m]"),
            workspace_wall=_text("Which wall that is: x, y or z, lower or upper"),
        ),
    ),
    TREE: Topic(
        "hybridctl.TreeStatus",
        _object(stamp=_STAMP, status=_text("RUNNING, SUCCESS or FAILURE"), tip=_text("Leaf that is active")),
    ),
}

_EVENT_DATA: dict[str, dict[str, Schema]] = {
    "plan": {"text": _text("The answer"), "log_p": _number("log p [nat]")},
    "act": {
        "tokens": _numbers("Eight action bins"),
        "pixel": _numbers("(u, v) [px]"),
        "target": _numbers("Wanted tool position [m]"),
        "entropy": _number("Mean entropy of the free tokens [nat]"),
        "terminate": _number("Evidence that the subgoal is done [1]"),
        "distance_to_belief": _number("From tool to pre-pose [m]"),
    },
    "look": {"pixel": _numbers("(u, v) [px]"), "position": _numbers("Believed position [m]")},
    "failure": {"leaf": _text("Leaf that failed"), "why": _text("Why")},
}


def event_topic(kind: str) -> Topic:
    """Return the schema of `/event/KIND`; a kind that is not listed here gets a free `data` object."""
    data = _object(**_EVENT_DATA.get(kind, {}))
    name = f"hybridctl.{kind.title().replace('_', '').replace('.', '')}Event"
    return Topic(name, _object(stamp=_STAMP, cause=_text("What it came of"), data=data))
