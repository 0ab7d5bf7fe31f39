"""Joint velocity limits over the horizon, relaxed to full braking so that the QP always has an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import casadi as ca
from numpy.typing import ArrayLike

from controllers.gains import Gains
from controllers.horizon import Horizon
from controllers.limits.braking_motion import ROOM, braking_motion
from controllers.robot_model import RobotModel
from controllers.symbols import State
from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True)
class VelocityLimit:
    """|dq_k| ≤ dq_max at nodes 2 to N; hard. Node 1 is part of AccelerationLimit's first bound."""

    name: str = "velocity"
    soft: bool = False
    near: float = 0.1
    scale: float = 1.0

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the limits [rad/s]."""
        return {"velocity.max": (model.n,)}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the robot's limits times the gains' scale."""
        return {"velocity.max": gains.scales.velocity * model.dq_max}

    def effects(self, horizon: Horizon) -> FloatArray:
        """Return the effect of accelerations on velocities at nodes 2 to N."""
        return horizon.velocity[1:]

    def bounds(self, state: State) -> tuple[Any, Any]:
        """Return the room on both sides of the present velocity."""
        dq_max = state.parameters["velocity.max"]
        _, braked = braking_motion(state)
        lower, upper = [], []
        for dq in braked[1:]:
            lower.append(ca.fmin(-dq_max, dq - ROOM) - state.dq)
            upper.append(ca.fmax(dq_max, dq + ROOM) - state.dq)
        return ca.horzcat(*lower), ca.horzcat(*upper)

    def violation(self, state: State) -> Any:
        """Return by how much a joint is too fast now [rad/s]."""
        return ca.fmax(ca.mmax(ca.fabs(state.dq) - state.parameters["velocity.max"]), 0)
