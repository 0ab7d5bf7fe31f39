"""Keeps the tool's own speed, linear and angular, below the robot's Cartesian limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
import numpy as np
from numpy.typing import ArrayLike

from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.symbols import Node, Rows


@dataclass(frozen=True)
class CartesianSpeedLimit:
    """|v_k| ≤ linear and |ω_k| ≤ angular; soft.

    Each component keeps below limit/√3, a cube inside the ball, whose rows do not turn with the plan. The
    first node matters: without it each tick puts the braking off to the next.
    """

    name: str = "cartesian_speed"
    soft: bool = True
    near: float = 0.2
    at: str = "each"
    scale: float = 1.0

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the limits of the six components [m/s, rad/s]."""
        return {"cartesian_speed.limits": (6,)}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the robot's limits over √3."""
        limits = [model.cartesian.velocity, model.cartesian.angular_velocity]
        return {"cartesian_speed.limits": np.repeat(limits, 3) / np.sqrt(3.0)}

    def rows(self, node: Node) -> Rows:
        """Return the tool's velocity."""
        limits, velocity = node.parameters["cartesian_speed.limits"], node.J_tool @ node.dq_now
        # The ball is the limit, the cube only what keeps the tool in it.
        linear = ca.norm_2(velocity[:3]) - ca.sqrt(3) * limits[0]
        angular = ca.norm_2(velocity[3:]) - ca.sqrt(3) * limits[3]
        excess = ca.fmax(linear, angular)
        return Rows(velocity, node.J_tool, -limits, ca.SX(limits), of="dq", excess=excess)
