"""Joint acceleration limits, and on the applied control everything that must hold one step later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import casadi as ca
from numpy.typing import ArrayLike

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
        lowest, highest = velocity_window(state)
        rest = ca.repmat(ddq_max, 1, state.nodes - 1)
        dt = state.durations[0]
        return (
            ca.horzcat((lowest - state.dq) / dt, -rest),
            ca.horzcat((highest - state.dq) / dt, rest),
        )


def velocity_window(state: State) -> tuple[Any, Any]:
    """Return the lowest and highest velocity at the end of the period, SX (n, 1) each [rad/s].

    The same as controllers.braking.velocity_window, which says why; here in symbols.
    """
    p, q, dq, dt = state.parameters, state.q, state.dq, state.durations[0]
    ddq_max, ddq_brake = p["acceleration.max"], p["acceleration.braking"]
    dq_max, q_min, q_max = p["velocity.max"], p["position.min"], p["position.max"]
    coasting = 0.5 * dt * dq
    highest = ca.fmin(dq_max, stopping_velocity(q_max - q - coasting, ddq_brake, dt))
    lowest = -ca.fmin(dq_max, stopping_velocity(q - q_min + coasting, ddq_brake, dt))
    change = ddq_max * dt
    braked = ca.sign(dq) * ca.fmax(ca.fabs(dq) - change, 0)
    highest = ca.fmax(ca.fmin(highest, dq + change), braked)
    lowest = ca.fmin(ca.fmax(lowest, dq - change), braked)
    return lowest, highest


def stopping_velocity(room: Any, ddq_max: Any, dt: Any) -> Any:
    """Return controllers.braking.stopping_velocity in symbols, SX (n, 1) [rad/s]."""
    unit = ddq_max * dt * dt
    m = ca.floor((ca.sqrt(1 + 8 * ca.fmax(room, 0) / unit) - 1) / 2)
    inside = m * ddq_max * dt + (room - unit * m * (m + 1) / 2) / (dt * (m + 1))
    return ca.if_else(room >= 0, inside, 2 * room / dt)
