"""Joint acceleration limits, and on the applied control everything that must hold one step later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import casadi as ca
from numpy.typing import ArrayLike

from controllers.braking_symbols import velocity_window
from controllers.gains import Gains
from controllers.limits.position import PositionLimit
from controllers.limits.velocity import VelocityLimit
from controllers.robot_model import RobotModel
from controllers.symbols import State


@dataclass(frozen=True)
class AccelerationLimit:
    """|u_k| ≤ ddq_max as simple bounds; hard.

    The first control, the one that is applied, is bounded so that velocity holds after it and that a part
    of the acceleration, the gains' `braking`, suffices to stop before a position limit.
    """

    name: str = "acceleration"

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the limits and the part that braking counts on [rad/s²], and what else the window reads."""
        own = {"acceleration.max": (model.n,), "acceleration.braking": (model.n,)}
        return own | dict(VelocityLimit().shapes(model)) | dict(PositionLimit().shapes(model))

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the robot's limits times the gains' scales, and velocity and position limits."""
        ddq_max = gains.scales.acceleration * model.ddq_max
        own = {"acceleration.max": ddq_max, "acceleration.braking": gains.scales.braking * ddq_max}
        # Without the limits themselves on the horizon the window still needs their numbers.
        return own | dict(VelocityLimit().values(model, gains)) | dict(PositionLimit().values(model, gains))

    def bounds(self, state: State) -> tuple[Any, Any]:
        """Return the bounds of u, SX (n, N) each [rad/s²]."""
        ddq_max = state.parameters["acceleration.max"]
        p = state.parameters
        lowest, highest = velocity_window(
            state.q,
            state.dq,
            q_min=p["position.min"],
            q_max=p["position.max"],
            dq_max=p["velocity.max"],
            ddq_max=ddq_max,
            ddq_brake=p["acceleration.braking"],
            dt=state.durations[0],
        )
        rest = ca.repmat(ddq_max, 1, state.nodes - 1)
        dt = state.durations[0]
        return (
            ca.horzcat((lowest - state.dq) / dt, -rest),
            ca.horzcat((highest - state.dq) / dt, rest),
        )
