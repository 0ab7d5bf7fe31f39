"""Sections of the gains: what counts as a contact, and how a target gives way to a force."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from controllers.configuration import Section


class Contact(Section):
    """When what the arm feels is a contact, and what answers it.

    The defaults are at least 1.7 times the most that 40 experts' episodes gave.
    """

    reaction: Literal["stop", "yield"] = Field(
        default="stop",
        description="What answers a contact of the tool: a stop of category 2, or the target gives way; "
        "one of the links alone always stops [-]",
    )
    force: float = Field(default=30.0, gt=0.0, le=150.0, description="Norm of the tool's force [N]")
    torque: float = Field(default=3.0, gt=0.0, le=30.0, description="Norm of the tool's torque [Nm]")
    residual: float = Field(
        default=0.2, gt=0.0, le=1.0, description="External torque, part of each joint's torque limit [1]"
    )
    braking: float = Field(
        default=1.0,
        gt=0.0,
        le=1.0,
        description="Part of the joint acceleration limits that a stop and a guarded approach brake with [1]",
    )
    samples: int = Field(
        default=2, ge=1, le=50, description="Measurements on end above a threshold that are a contact [1]"
    )
    bias_samples: int = Field(
        default=20, ge=1, le=1000, description="Measurements at rest that give the wrench's zero, at most [1]"
    )
    bias_force: float = Field(
        default=5.0, ge=0.0, le=50.0, description="Largest zero a component, sensor and load in hand [N]"
    )
    bias_torque: float = Field(default=0.5, ge=0.0, le=5.0, description="Largest zero a component [Nm]")
    expected_force: float = Field(
        default=80.0, gt=0.0, le=150.0, description="Highest force that a skill may announce [N]"
    )
    expected_torque: float = Field(
        default=8.0, gt=0.0, le=30.0, description="Highest torque that a skill may announce [Nm]"
    )
    expected_residual: float = Field(
        default=0.5, gt=0.0, le=1.0, description="Highest residual that a skill may announce [1]"
    )
    expected_for: float = Field(
        default=10.0, gt=0.0, le=120.0, description="Longest time that a skill may announce a contact for [s]"
    )


Axes3 = tuple[
    Annotated[float, Field(gt=0.0, le=1e5)],
    Annotated[float, Field(gt=0.0, le=1e5)],
    Annotated[float, Field(gt=0.0, le=1e5)],
]


class Compliance(Section):
    """How a target gives way, along and about the axes of its frame: mass, damper and spring."""

    mass: Axes3 = Field(default=(10.0, 10.0, 10.0), description="M along x, y, z [kg]")
    damping: Axes3 = Field(default=(300.0, 300.0, 300.0), description="D along x, y, z [Ns/m]")
    stiffness: Axes3 = Field(default=(150.0, 150.0, 150.0), description="K along x, y, z [N/m]")
    inertia: Axes3 = Field(default=(0.3, 0.3, 0.3), description="M about x, y, z [kg m²]")
    angular_damping: Axes3 = Field(default=(20.0, 20.0, 20.0), description="D about x, y, z [Nms/rad]")
    angular_stiffness: Axes3 = Field(default=(10.0, 10.0, 10.0), description="K about x, y, z [Nm/rad]")
    displacement: float = Field(default=0.06, gt=0.0, le=0.3, description="Largest way along an axis [m]")
    angle: float = Field(default=0.3, gt=0.0, le=1.0, description="Largest turn about an axis [rad]")
    speed: float = Field(default=0.15, gt=0.0, le=1.0, description="Largest speed along an axis [m/s]")
    angular_speed: float = Field(
        default=0.5, gt=0.0, le=3.0, description="Largest speed about an axis [rad/s]"
    )
    force_deadband: float = Field(default=1.0, ge=0.0, le=20.0, description="Force that moves nothing [N]")
    torque_deadband: float = Field(default=0.1, ge=0.0, le=5.0, description="Torque that moves nothing [Nm]")
