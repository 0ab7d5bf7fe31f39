"""What a robot's YAML file says beside its MJCF or URDF: limits, frames and the bodies to keep clear."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from controllers.configuration import Section

Positive = Annotated[float, Field(gt=0.0)]
Point = tuple[float, float, float]
PER_JOINT = ("position", "velocity", "acceleration", "jerk", "torque", "rest")


class CartesianLimits(Section):
    """Limits of the tool's motion."""

    velocity: Positive = Field(description="Tool speed [m/s]")
    acceleration: Positive = Field(description="Tool acceleration [m/s²]")
    jerk: Positive = Field(description="Tool jerk [m/s³]")
    angular_velocity: Positive = Field(description="Tool rotation speed [rad/s]")
    angular_acceleration: Positive = Field(description="Tool rotation acceleration [rad/s²]")
    angular_jerk: Positive = Field(description="Tool rotation jerk [rad/s³]")


class ToolOffset(Section):
    """Where the tool point is in the tool frame: a gripper that the robot file does not have."""

    translation: Point = Field(default=(0.0, 0.0, 0.0), description="Of the tool point [m]")
    quaternion: tuple[float, float, float, float] = Field(
        default=(1.0, 0.0, 0.0, 0.0), description="Its orientation, w x y z, unit"
    )

    @model_validator(mode="after")
    def _is_a_rotation(self) -> ToolOffset:
        length = float(np.linalg.norm(self.quaternion))
        if abs(length - 1.0) > 1e-3:
            raise ValueError(f"quaternion {self.quaternion} has length {length:.4g}, expected 1")
        return self


class RiseTime(Section):
    """The rule for limits that a robot file cannot hold: how long a joint takes from nothing to its limit."""

    velocity: Positive = Field(description="From rest to full velocity: acceleration = velocity / it [s]")
    acceleration: Positive = Field(description="To full acceleration: jerk = acceleration / it [s]")


class CollisionBody(Section):
    """A capsule, or a sphere where it has no end, fixed to a frame of the robot file."""

    name: str = Field(min_length=1, description="What it is called")
    frame: str = Field(description="Link, body, site or joint of the robot file that carries it")
    start: Point = Field(description="First end of its axis in that frame [m]")
    end: Point | None = Field(default=None, description="Second end; without it, a sphere [m]")
    radius: Positive = Field(description="Radius [m]")


class RobotDescription(Section):
    """Limits and names of one robot; what is left out comes from its MJCF or URDF."""

    arm_joints: tuple[str, ...] = Field(min_length=1, description="Controlled joints, base first")
    locked_joints: dict[str, float] = Field(
        default_factory=dict, description="Other joints and where they are held [m or rad]"
    )
    tool_frame: str = Field(description="Site, body or link that is the tool point")
    tool_offset: ToolOffset | None = Field(default=None, description="Tool point in the tool frame")
    position: tuple[tuple[float, float] | None, ...] | None = Field(
        default=None, description="Lower and upper limit of each joint, null as in the robot file [rad or m]"
    )
    velocity: tuple[Positive, ...] | None = Field(
        default=None, description="Joint velocity limits; by default a URDF's [rad/s or m/s]"
    )
    acceleration: tuple[Positive, ...] | None = Field(
        default=None, description="Joint acceleration limits; by default by rise_time [rad/s² or m/s²]"
    )
    jerk: tuple[Positive, ...] | None = Field(
        default=None, description="Joint jerk limits; by default by rise_time [rad/s³ or m/s³]"
    )
    rise_time: RiseTime | None = Field(default=None, description="Rule for acceleration and jerk limits")
    torque: tuple[Positive, ...] | None = Field(
        default=None, description="Joint torque limits; by default a URDF's effort [Nm or N]"
    )
    cartesian: CartesianLimits = Field(description="Limits of the tool's motion")
    gripper_width: tuple[float, float] = Field(
        default=(0.0, 0.0), description="Smallest and largest finger distance; 0, 0 without a gripper [m]"
    )
    rest: tuple[float, ...] = Field(description="Posture that spare freedom leans to [rad or m]")
    collision_bodies: tuple[CollisionBody, ...] | None = Field(
        default=None, description="The arm's bodies; by default the robot file's geometry, meshes fitted"
    )
    table_bodies: tuple[str, ...] = Field(description="Bodies to keep above the table")
    obstacle_bodies: tuple[str, ...] = Field(
        default=(), description="Bodies to keep away from obstacles, zones and planes"
    )
    self_collision_pairs: tuple[tuple[str, str], ...] = Field(description="Pairs of bodies to keep apart")

    @model_validator(mode="after")
    def _one_value_a_joint(self) -> RobotDescription:
        want = len(self.arm_joints)
        for key in PER_JOINT:
            value = getattr(self, key)
            if value is not None and len(value) != want:
                raise ValueError(f"{key} has {len(value)} values, expected one a joint of arm_joints: {want}")
        return self

    @model_validator(mode="after")
    def _rule_or_values(self) -> RobotDescription:
        for key in ("acceleration", "jerk"):
            if getattr(self, key) is None and self.rise_time is None:
                raise ValueError(
                    f"{key} is in no robot file, expected {key}: one value a joint, or rise_time: "
                    "{velocity: s, acceleration: s}"
                )
        return self

    @model_validator(mode="after")
    def _joints_once(self) -> RobotDescription:
        for name in self.arm_joints:
            if self.arm_joints.count(name) > 1 or name in self.locked_joints:
                raise ValueError(f"joint {name} is named twice in arm_joints and locked_joints")
        return self

    @model_validator(mode="after")
    def _ranges_rise(self) -> RobotDescription:
        for name, pair in zip(self.arm_joints, self.position or (), strict=False):
            if pair is not None and not pair[0] < pair[1]:
                raise ValueError(f"position of {name} is {list(pair)}, expected lower < upper")
        low, high = self.gripper_width
        if (low, high) != (0.0, 0.0) and not 0.0 <= low < high:
            raise ValueError(f"gripper_width is {self.gripper_width}, expected 0 <= smallest < largest")
        return self

    @model_validator(mode="after")
    def _bodies_once(self) -> RobotDescription:
        names = [item.name for item in self.collision_bodies or ()]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"collision_bodies has two bodies named {name}")
        return self
