"""Keeps joint accelerations from changing faster than the robot's jerk limits allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np
from numpy.typing import ArrayLike

from controllers.gains import Gains
from controllers.horizon import Horizon
from controllers.robot_model import RobotModel
from controllers.symbols import State
from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True)
class JerkLimit:
    """|u_k − u_{k-1}| ≤ dddq_max × the time between the middles of their intervals; soft.

    It gives way where stopping in time needs it. u_0 is the acceleration of the last period. At 1 kHz the
    interpolator bounds jerk without exception.
    """

    name: str = "jerk"
    soft: bool = True
    near: float = 0.5
    scale: float = 0.01

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the limits [rad/s³]."""
        return {"jerk.max": (model.n,)}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the robot's limits times the gains' scale."""
        return {"jerk.max": gains.scales.jerk * model.dddq_max}

    def effects(self, horizon: Horizon) -> FloatArray:
        """Return differences of accelerations that follow each other."""
        return np.eye(horizon.nodes) - np.eye(horizon.nodes, k=-1)

    def bounds(self, state: State) -> tuple[Any, Any]:
        """Return the room for change, the first from the last period's acceleration."""
        h, dddq_max = state.durations, state.parameters["jerk.max"]
        gaps = [h[0]] + [0.5 * (h[k - 1] + h[k]) for k in range(1, state.nodes)]
        room = ca.horzcat(*[dddq_max * gap for gap in gaps])
        last = ca.horzcat(state.ddq, ca.SX.zeros(state.ddq.shape[0], state.nodes - 1))
        return last - room, last + room

    def violation(self, state: State) -> Any:
        """Return 0: one state alone has no jerk."""
        return ca.SX(0)
