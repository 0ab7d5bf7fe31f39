"""Limits of an arm's joints, from position to jerk and torque: out of its robot file or its YAML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from controllers.errors import ControllerError
from controllers.robot_description import RobotDescription
from controllers.robot_file import is_mjcf, joint_axis
from hybridctl.messages.arrays import FloatArray

UNLIMITED = 1e10  # rad, m, rad/s, Nm: parsers write infinity or the largest double where a file has no limit


@dataclass(frozen=True, eq=False)
class JointLimits:
    """Limits of n joints, each of shape (n,); a joint that turns without end has infinite positions.

    Attributes:
        q_min: Lower positions [rad or m].
        q_max: Upper positions [rad or m].
        dq_max: Velocities [rad/s or m/s].
        ddq_max: Accelerations [rad/s² or m/s²].
        dddq_max: Jerks [rad/s³ or m/s³].
        tau_max: Torques [Nm or N].
    """

    q_min: FloatArray
    q_max: FloatArray
    dq_max: FloatArray
    ddq_max: FloatArray
    dddq_max: FloatArray
    tau_max: FloatArray


def joint_limits(path: Path, model: Any, description: RobotDescription) -> JointLimits:
    """Collect the limits of a Pinocchio model: the YAML's where it gives them, else the robot file's.

    No robot file holds acceleration and jerk. Where the YAML gives none, its rule does:
    acceleration = velocity / rise_time.velocity, jerk = acceleration / rise_time.acceleration.

    Raises:
        ControllerError: a joint has no limit in either, or a range without room.
    """
    q_min, q_max = _positions(path, model, description)
    dq_max = _given(path, "velocity", description.arm_joints, description.velocity, model.velocityLimit)
    tau_max = _given(path, "torque", description.arm_joints, description.torque, model.effortLimit)
    rise = description.rise_time
    ddq_max, dddq_max = description.acceleration, description.jerk
    if rise is not None:
        ddq_max = ddq_max or tuple(dq_max / rise.velocity)
        dddq_max = dddq_max or tuple(np.array(ddq_max) / rise.acceleration)
    return JointLimits(
        q_min=_read_only(q_min),
        q_max=_read_only(q_max),
        dq_max=_read_only(dq_max),
        ddq_max=_read_only(ddq_max or ()),
        dddq_max=_read_only(dddq_max or ()),
        tau_max=_read_only(tau_max),
    )


def _positions(path: Path, model: Any, description: RobotDescription) -> tuple[FloatArray, FloatArray]:
    lows, highs = [], []
    for j, name in enumerate(description.arm_joints):
        joint = model.joints[j + 1]
        given = description.position[j] if description.position else None
        if given is not None:
            low, high = given
        elif joint.nq == 2:  # continuous: Pinocchio keeps bounds of its cosine and sine there
            low, high = -np.inf, np.inf
        else:
            low, high = _range_of_file(path, model, joint, name)
        _check_range(path, name, joint, low, high)
        lows.append(low)
        highs.append(high)
    return np.array(lows), np.array(highs)


def _range_of_file(path: Path, model: Any, joint: Any, name: str) -> tuple[float, float]:
    low, high = model.lowerPositionLimit[joint.idx_q], model.upperPositionLimit[joint.idx_q]
    low, high = (-np.inf if low < -UNLIMITED else float(low)), (np.inf if high > UNLIMITED else float(high))
    if not is_mjcf(path) or not np.isfinite((low, high)).all() or not joint_axis(joint)[1]:
        return low, high
    # Pinocchio 4.1 takes a slide's range for an angle too: a file in degrees would lose 98 % of it.
    root = ET.parse(path).getroot()
    if any(item.get("angle") == "radian" for item in root.iterfind("./compiler")):
        return low, high
    written = next((item.get("range") for item in root.iter("joint") if item.get("name") == name), None)
    if written is None:
        raise ControllerError(
            f"{path}: the range of sliding joint {name} is in a default of a file in degrees, expected "
            'it at the joint, or <compiler angle="radian"/>, or position in the YAML'
        )
    low, high = (float(number) for number in written.split())
    return low, high


def _check_range(path: Path, name: str, joint: Any, low: float, high: float) -> None:
    if not low < high:
        raise ControllerError(f"{path}: {name} has the range [{low}, {high}], expected lower < upper")
    if np.isinf((low, high)).any() and joint_axis(joint)[1]:
        raise ControllerError(
            f"{path}: sliding joint {name} has no position limit, expected one in the robot file or under "
            "position in its YAML"
        )


def _given(
    path: Path, key: str, names: tuple[str, ...], given: tuple[float, ...] | None, of_file: FloatArray
) -> FloatArray:
    """Return the YAML's values, or the robot file's where they limit something."""
    if given is not None:
        return np.array(given, dtype=np.float64)
    for name, value in zip(names, of_file, strict=True):
        if not 0.0 < value < UNLIMITED:
            raise ControllerError(
                f"{path}: {name} has no {key} limit, expected one in the robot file or {key}: in its YAML"
            )
    return np.array(of_file, dtype=np.float64)


def _read_only(value: ArrayLike) -> FloatArray:
    array = np.array(value, dtype=np.float64)
    array.flags.writeable = False
    return array
