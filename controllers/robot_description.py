"""What a robot's YAML file says beside its MJCF: limits, frames and the bodies to keep clear."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from controllers.configuration import Section

Positive = Annotated[float, Field(gt=0.0)]


class CartesianLimits(Section):
    """Limits of the tool's motion."""

    velocity: Positive = Field(description="Tool speed [m/s]")
    acceleration: Positive = Field(description="Tool acceleration [m/s²]")
    jerk: Positive = Field(description="Tool jerk [m/s³]")
    angular_velocity: Positive = Field(description="Tool rotation speed [rad/s]")
    angular_acceleration: Positive = Field(description="Tool rotation acceleration [rad/s²]")
    angular_jerk: Positive = Field(description="Tool rotation jerk [rad/s³]")


class RobotDescription(Section):
    """Limits and names of one robot; position limits come from its MJCF."""

    arm_joints: tuple[str, ...] = Field(min_length=1, description="Controlled joints, base first")
    locked_joints: dict[str, float] = Field(description="Other joints and where they are held [m or rad]")
    tool_frame: str = Field(description="Site of the MJCF that is the tool point")
    velocity: tuple[Positive, ...] = Field(description="Joint velocity limits [rad/s]")
    acceleration: tuple[Positive, ...] = Field(description="Joint acceleration limits [rad/s²]")
    jerk: tuple[Positive, ...] = Field(description="Joint jerk limits [rad/s³]")
    torque: tuple[Positive, ...] = Field(description="Joint torque limits [Nm]")
    cartesian: CartesianLimits = Field(description="Limits of the tool's motion")
    gripper_width: tuple[float, float] = Field(description="Smallest and largest finger distance [m]")
    rest: tuple[float, ...] = Field(description="Posture that spare freedom leans to [rad]")
    table_bodies: tuple[str, ...] = Field(description="Geoms to keep above the table")
    obstacle_bodies: tuple[str, ...] = Field(description="Geoms to keep away from obstacles")
    self_collision_pairs: tuple[tuple[str, str], ...] = Field(description="Pairs of geoms to keep apart")

    @model_validator(mode="after")
    def _one_value_a_joint(self) -> RobotDescription:
        for key in ("velocity", "acceleration", "jerk", "torque", "rest"):
            if len(getattr(self, key)) != len(self.arm_joints):
                have, want = len(getattr(self, key)), len(self.arm_joints)
                raise ValueError(f"{key} has {have} values, expected one a joint of arm_joints: {want}")
        if not 0.0 <= self.gripper_width[0] < self.gripper_width[1]:
            raise ValueError(f"gripper_width is {self.gripper_width}, expected 0 <= smallest < largest")
        return self
