"""How far the robot is from its limits: what the limits are, and the distances at one posture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import FloatArray
from hybridctl.record.clearance import Clearances


@dataclass(frozen=True)
class RobotLimits:
    """The limits in force during a run, as plain numbers.

    Attributes:
        joint_names: Joints, base first.
        q_min, q_max: Position limits [rad].
        dq_max: Velocity limits of the robot [rad/s].
        velocity_scale: Part of dq_max that the controller may use.
        joint_margin: Distance that the controller keeps from q_min and q_max [rad].
        table: Height of the table [m].
        table_clearance: Distance kept from it [m].
        link_margin: Distance kept between links [m].
        workspace_lower, workspace_upper: The tool's box [m].
        period: Control period [s].
    """

    joint_names: tuple[str, ...]
    q_min: tuple[float, ...]
    q_max: tuple[float, ...]
    dq_max: tuple[float, ...]
    velocity_scale: float
    joint_margin: float
    table: float
    table_clearance: float
    link_margin: float
    workspace_lower: tuple[float, ...]
    workspace_upper: tuple[float, ...]
    period: float

    @classmethod
    def of(cls, model: RobotModel, gains: Gains) -> Self:
        """Return the limits that a controller of `model` with `gains` keeps."""
        return cls(
            joint_names=model.joint_names,
            q_min=tuple(model.q_min.tolist()),
            q_max=tuple(model.q_max.tolist()),
            dq_max=tuple(model.dq_max.tolist()),
            velocity_scale=gains.scales.velocity,
            joint_margin=gains.scales.joint_margin,
            table=gains.table.height,
            table_clearance=gains.table.clearance,
            link_margin=gains.safety.self_collision_margin,
            workspace_lower=gains.workspace.lower,
            workspace_upper=gains.workspace.upper,
            period=gains.dt,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the limits as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the limits that `to_json` wrote.

        Raises:
            TypeError: a key is missing or unknown.
        """
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**plain)


@dataclass(frozen=True)
class Margins:
    """Distances to limits at one posture.

    Attributes:
        joint: Smallest distance of a joint to its position limit [rad].
        joint_name: Which joint that is.
        table: Lowest point of the table bodies over the table [m]; None without such bodies.
        links: Smallest distance between two links that may not touch [m]; None without such pairs.
        workspace: Distance of the tool to the nearest wall of its box [m], negative outside.
        table_body, links_pair, workspace_wall: Which body, links and wall these are.
    """

    joint: float
    joint_name: str
    table: float | None
    links: float | None
    workspace: float
    table_body: str = ""
    links_pair: str = ""
    workspace_wall: str = ""


class MarginMeter:
    """Measures margins on a robot model; one thread only, the one that uses the model."""

    def __init__(self, model: RobotModel, gains: Gains) -> None:
        self._model = model
        self.limits = RobotLimits.of(model, gains)
        self._low, self._high = np.array(gains.workspace.lower), np.array(gains.workspace.upper)
        self._clearances = Clearances(model)

    def measure(self, q: FloatArray, p_base_tool: FloatArray) -> Margins:
        """Return the margins at joint positions `q`, shape (n,) [rad], with the tool at a point [m]."""
        model = self._model
        room = np.minimum(q - model.q_min, model.q_max - q)
        worst = int(room.argmin())
        clearance = self._clearances.measure(q)
        walls = np.concatenate((p_base_tool - self._low, self._high - p_base_tool))
        wall = int(walls.argmin())
        return Margins(
            joint=float(room[worst]),
            joint_name=model.joint_names[worst],
            table=None if clearance.height is None else clearance.height - self.limits.table,
            links=clearance.gap,
            workspace=float(walls[wall]),
            table_body=clearance.body,
            links_pair=clearance.pair,
            workspace_wall=f"{'xyz'[wall % 3]} {'lower' if wall < 3 else 'upper'}",
        )
