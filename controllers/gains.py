"""The controller's gains: weights, horizon, limits and margins, read from a YAML file."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from controllers.configuration import Section, read_section

SHIPPED = Path(__file__).parent / "gains"

Coordinate = Annotated[float, Field(ge=-5.0, le=5.0)]


class Weights(Section):
    """What the MPC minimises: squared errors over the horizon, each times its weight."""

    position: float = Field(gt=0.0, le=1e5, description="Tool position error [1/m²]")
    orientation: float = Field(ge=0.0, le=1e4, description="Tool orientation error [1/rad²]")
    velocity: float = Field(ge=0.0, le=1e3, description="Joint velocity [s²/rad²]")
    acceleration: float = Field(gt=0.0, le=10.0, description="Joint acceleration [s⁴/rad²]")
    jerk: float = Field(ge=0.0, le=1.0, description="Change of joint acceleration [s⁶/rad²]")
    posture: float = Field(ge=0.0, le=1.0, description="Distance from the rest posture [1/rad²]")
    manipulability: float = Field(
        ge=0.0, le=100.0, description="Closeness to a singular posture, 0 leaves it out [s]"
    )
    manipulability_floor: float = Field(
        gt=0.0, le=10.0, description="Yoshikawa's measure from which it counts [m³]"
    )
    terminal: float = Field(
        ge=0.0, le=10.0, description="Extra time that the last node's errors count for [s]"
    )


class LimitScales(Section):
    """Which part of the robot's limits is used."""

    velocity: float = Field(gt=0.0, le=1.0, description="Part of the joint velocity limits [1]")
    acceleration: float = Field(gt=0.0, le=1.0, description="Part of the joint acceleration limits [1]")
    braking: float = Field(
        gt=0.0, le=1.0, description="Part of that acceleration which braking before a limit counts on [1]"
    )
    jerk: float = Field(gt=0.0, le=1.0, description="Part of the joint jerk limits [1]")
    torque: float = Field(gt=0.0, le=1.0, description="Part of the joint torque limits [1]")
    joint_margin: float = Field(ge=0.0, le=0.3, description="Distance kept from position limits [rad]")


class Workspace(Section):
    """The box that the tool point stays in, base frame."""

    lower: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Lowest x, y, z [m]")
    upper: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Highest x, y, z [m]")
    margin: float = Field(
        ge=0.0, le=0.1, description="How far inside the box commands stay: room for the servos' lag [m]"
    )

    @model_validator(mode="after")
    def _has_room(self) -> Workspace:
        for axis, low, high in zip("xyz", self.lower, self.upper, strict=True):
            if not low + self.margin < high - self.margin:
                raise ValueError(f"{axis}: lower {low} is not below upper {high} by twice the margin")
        return self


class Table(Section):
    """The plane that hand and fingers stay above."""

    height: float = Field(ge=-2.0, le=2.0, description="Height of the table in the base frame [m]")
    clearance: float = Field(ge=0.0, le=0.2, description="Distance kept from it [m]")


class Obstacles(Section):
    """Bodies of the world that the arm keeps away from."""

    slots: int = Field(ge=0, le=16, description="How many there may be at once [1]")
    margin: float = Field(ge=0.0, le=0.3, description="Distance kept from them [m]")


class KeepOutZone(Section):
    """A box of the base frame that no part of hand and forearm enters."""

    lower: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Lowest x, y, z [m]")
    upper: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Highest x, y, z [m]")
    margin: float = Field(ge=0.0, le=0.3, description="Distance kept from it [m]")

    @model_validator(mode="after")
    def _has_room(self) -> KeepOutZone:
        for axis, low, high in zip("xyz", self.lower, self.upper, strict=True):
            if not low < high:
                raise ValueError(f"{axis}: lower {low} is not below upper {high}")
        return self


class HalfSpace(Section):
    """The side of a plane on which hand and forearm stay: normal·p ≥ offset."""

    normal: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Points to the free side [1]")
    offset: float = Field(ge=-5.0, le=5.0, description="Of the plane along the unit normal [m]")
    margin: float = Field(ge=0.0, le=0.3, description="Distance kept from it [m]")

    @model_validator(mode="after")
    def _has_direction(self) -> HalfSpace:
        if sum(value**2 for value in self.normal) < 1e-6:
            raise ValueError(f"normal {list(self.normal)} has no direction")
        return self


class Targets(Section):
    """How targets are taken."""

    stale_after: float = Field(gt=0.0, le=60.0, description="Age at which a target is dropped for a hold [s]")
    max_translation: float = Field(gt=0.0, le=2.0, description="Longest step toward a far target [m]")
    max_rotation: float = Field(gt=0.0, le=3.0, description="Largest turn toward a far target [rad]")


class Safety(Section):
    """When the controller stops following its target."""

    self_collision_margin: float = Field(ge=0.0, le=0.2, description="Distance kept between links [m]")
    slack_weight: float = Field(ge=1e3, le=1e6, description="Linear penalty on soft limits [1/m]")
    torque_rows: bool = Field(description="Whether the plan keeps joint torques within their limits")
    following_error: float = Field(gt=0.0, le=1.0, description="Joint error that stops the motion [rad]")
    replay: float = Field(
        ge=0.0, le=0.5, description="How long a failed QP replays the last plan before braking [s]"
    )


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


class Gains(Section):
    """Everything that tunes a controller."""

    rate: float = Field(ge=20.0, le=1000.0, description="Control rate [Hz]")
    node_times: tuple[Annotated[float, Field(gt=0.0, le=5.0)], ...] = Field(
        min_length=3, max_length=20, description="Horizon grid, the first node one control period [s]"
    )
    weights: Weights = Field(description="What the MPC minimises")
    scales: LimitScales = Field(description="Which part of the robot's limits is used")
    workspace: Workspace = Field(description="The box that the tool point stays in")
    table: Table = Field(description="The plane that hand and fingers stay above")
    obstacles: Obstacles = Field(description="Bodies of the world that the arm keeps away from")
    keep_out: tuple[KeepOutZone, ...] = Field(default=(), description="Boxes that the arm stays out of")
    half_spaces: tuple[HalfSpace, ...] = Field(default=(), description="Planes that the arm stays above")
    targets: Targets = Field(description="How targets are taken")
    safety: Safety = Field(description="Margins, penalties and stops")
    contacts: Contact = Field(default=Contact(), description="What is a contact, and what answers it")
    compliance: Compliance = Field(default=Compliance(), description="How a target gives way to a force")

    @model_validator(mode="after")
    def _grid_fits_rate(self) -> Gains:
        if abs(self.node_times[0] - self.dt) > 1e-9:
            raise ValueError(
                f"node_times[0] is {self.node_times[0]}, expected one control period 1/rate = {self.dt}"
            )
        if any(b <= a for a, b in pairwise(self.node_times)):
            raise ValueError(f"node_times {list(self.node_times)} do not rise")
        return self

    @property
    def dt(self) -> float:
        """Control period [s]."""
        return 1.0 / self.rate


def load_gains(path: str | Path | None = None) -> Gains:
    """Read and check a gains file.

    Args:
        path: Path to a YAML file, or the name of a shipped one (`panda`); by default `panda`.

    Raises:
        GainsError: the file cannot be read, has an unknown or missing key or a value out of range.
    """
    chosen = Path("panda" if path is None else path)
    if chosen.suffix == "" and not chosen.is_file():
        chosen = SHIPPED / f"{chosen}.yaml"
    return read_section(Gains, chosen)
