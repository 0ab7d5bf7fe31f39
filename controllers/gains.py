"""The controller's gains: weights, horizon, limits and margins, read from a YAML file."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field, model_validator

from controllers.configuration import Section, read_section
from controllers.contact_gains import Compliance, Contact
from controllers.errors import GainsError
from controllers.overrides import given, overridden, partial
from controllers.world_gains import HalfSpace, KeepOutZone, Obstacles, Table, Workspace

SHIPPED = Path(__file__).parent / "gains"


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


class Targets(Section):
    """How targets are taken."""

    stale_after: float = Field(gt=0.0, le=60.0, description="Age at which a target is dropped for a hold [s]")
    max_translation: float = Field(gt=0.0, le=2.0, description="Longest step toward a far target [m]")
    max_rotation: float = Field(gt=0.0, le=3.0, description="Largest turn toward a far target [rad]")


class Safety(Section):
    """When the controller stops following its target."""

    self_collision_margin: float = Field(ge=0.0, le=0.2, description="Distance kept between links [m]")
    slack_weight: float = Field(ge=1e3, le=1e6, description="Linear penalty on soft limits [1/m]")
    torque_rows: bool = Field(
        description="Whether the plan keeps joint torques within their limits [true or false]"
    )
    following_error: float = Field(gt=0.0, le=1.0, description="Joint error that stops the motion [rad]")
    replay: float = Field(
        ge=0.0, le=0.5, description="How long a failed QP replays the last plan before braking [s]"
    )


if TYPE_CHECKING:
    WeightOverrides: TypeAlias = Section
    ScaleOverrides: TypeAlias = Section
    TargetOverrides: TypeAlias = Section
else:
    WeightOverrides, ScaleOverrides, TargetOverrides = (
        partial(Weights),
        partial(LimitScales),
        partial(Targets),
    )


class SkillGains(Section):
    """What one skill does differently; a key that is not given is as for all."""

    weights: WeightOverrides = Field(default_factory=WeightOverrides, description="Weights of this skill")
    scales: ScaleOverrides = Field(default_factory=ScaleOverrides, description="Limit scales of this skill")
    targets: TargetOverrides = Field(
        default_factory=TargetOverrides, description="How this skill takes targets"
    )


class Skills(Section):
    """Overrides by skill."""

    approach: SkillGains = Field(default_factory=SkillGains, description="Going near a thing or container")
    insert: SkillGains = Field(default_factory=SkillGains, description="Putting a thing into a tight place")
    carry: SkillGains = Field(default_factory=SkillGains, description="Moving with a thing in the hand")
    pull: SkillGains = Field(default_factory=SkillGains, description="Pulling what is guided, as a drawer")


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
    skills: Skills = Field(default_factory=Skills, description="Overrides by skill")

    @model_validator(mode="after")
    def _grid_fits_rate(self) -> Gains:
        if abs(self.node_times[0] - self.dt) > 1e-9:
            raise ValueError(
                f"node_times[0] is {self.node_times[0]}, expected one control period 1/rate = {self.dt}"
            )
        if any(b <= a for a, b in pairwise(self.node_times)):
            raise ValueError(f"node_times {list(self.node_times)} do not rise")
        return self

    @model_validator(mode="after")
    def _skills_fit(self) -> Gains:
        for name in Skills.model_fields:
            self.for_skill(name)  # raises where overrides break a rule over several keys
        return self

    @property
    def dt(self) -> float:
        """Control period [s]."""
        return 1.0 / self.rate

    @property
    def overridden_skills(self) -> tuple[str, ...]:
        """Names of the skills that have overrides."""
        return tuple(name for name in Skills.model_fields if _given(self.skills, name))

    def for_skill(self, name: str) -> Gains:
        """Return the gains of a skill: these with its overrides, and no more `skills` in them.

        A skill without overrides has these gains.

        Raises:
            GainsError: there is no such skill.
        """
        if name not in Skills.model_fields:
            known = ", ".join(Skills.model_fields)
            raise GainsError(f"no gains are kept for a skill {name!r}, expected one of: {known}")
        changes = _given(self.skills, name)
        plain = self.model_copy(update={"skills": Skills()})
        return overridden(plain, changes) if changes else plain


def _given(skills: Skills, name: str) -> dict[str, Any]:
    return {key: values for key, values in given(getattr(skills, name)).items() if values}


def load_gains(path: str | Path | None = None) -> Gains:
    """Read and check a gains file.

    Args:
        path: Path to a YAML file, or the name of a shipped one (`panda`); by default `panda`.

    Raises:
        GainsError: the file cannot be read, has an unknown or missing key or a value out of range.
    """
    return read_section(Gains, gains_path(path))


def gains_path(path: str | Path | None = None) -> Path:
    """Return the file that `load_gains` reads for `path`."""
    chosen = Path("panda" if path is None else path)
    if chosen.suffix == "" and not chosen.is_file():
        chosen = SHIPPED / f"{chosen}.yaml"
    return chosen


def fixed(gains: Gains) -> dict[str, object]:
    """Return what cannot change while an arm moves: loop, compiled problem and contact watch rest on it."""
    return {
        "rate": gains.rate,
        "node_times": gains.node_times,
        "obstacles.slots": gains.obstacles.slots,
        "number of keep_out zones": len(gains.keep_out),
        "number of half_spaces": len(gains.half_spaces),
        "safety.torque_rows": gains.safety.torque_rows,
        "weights.manipulability > 0": gains.weights.manipulability > 0.0,
        "contacts": gains.contacts,
        "compliance": gains.compliance,
    }
