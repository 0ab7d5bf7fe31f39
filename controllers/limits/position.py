"""Joint position limits over the horizon, relaxed so that the QP always has an answer.

A joint that moves out brakes as hard as it can; one that is outside and no longer moves out comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np
from numpy.typing import ArrayLike

from controllers.gains import Gains
from controllers.horizon import Horizon
from controllers.limits.braking_motion import ROOM, braking_motion
from controllers.robot_model import RobotModel
from controllers.symbols import State
from hybridctl.messages.arrays import FloatArray

RETURN_SPEED = 0.1  # rad/s
AT_REST = 1e-6  # rad/s


@dataclass(frozen=True)
class PositionLimit:
    """q_min ≤ q_k ≤ q_max at every second node, counted from the last; hard."""

    name: str = "position"
    soft: bool = False
    near: float = 0.05
    scale: float = 1.0

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the limits [rad]."""
        return {"position.min": (model.n,), "position.max": (model.n,)}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the robot's limits less the gains' margin."""
        margin = gains.scales.joint_margin
        return {"position.min": model.q_min + margin, "position.max": model.q_max - margin}

    def effects(self, horizon: Horizon) -> FloatArray:
        """Return the effect of accelerations on positions at the nodes."""
        return horizon.position[second_nodes(horizon.nodes)]

    def bounds(self, state: State) -> tuple[Any, Any]:
        """Return the room on both sides of the unforced motion."""
        q_min, q_max = state.parameters["position.min"], state.parameters["position.max"]
        stops, _ = braking_motion(state)
        q, dq = state.q, state.dq
        ddq = 0.2 * state.parameters["acceleration.max"]
        lower, upper = [], []
        for k in second_nodes(state.nodes):
            # The way back that is demanded: from rest to RETURN_SPEED with a fifth of the acceleration.
            rise = ca.fmin(state.times[k], RETURN_SPEED / ddq)
            way_back = 0.5 * ddq * rise**2 + RETURN_SPEED * (state.times[k] - rise)
            above = ca.if_else(ca.logic_and(q > q_max, dq <= AT_REST), q - way_back, stops[k]) + ROOM
            below = ca.if_else(ca.logic_and(q < q_min, dq >= -AT_REST), q + way_back, stops[k]) - ROOM
            free = q + state.times[k] * dq
            lower.append(ca.fmin(q_min, below) - free)
            upper.append(ca.fmax(q_max, above) - free)
        return ca.horzcat(*lower), ca.horzcat(*upper)

    def violation(self, state: State) -> Any:
        """Return by how much a joint is outside now [rad]."""
        q_min, q_max = state.parameters["position.min"], state.parameters["position.max"]
        return ca.fmax(ca.mmax(ca.fmax(q_min - state.q, state.q - q_max)), 0)


def second_nodes(nodes: int) -> list[int]:
    """Return every second index of the nodes from the last down to the second, rising."""
    return [int(k) for k in np.arange(nodes - 1, 0, -2)[::-1]]
