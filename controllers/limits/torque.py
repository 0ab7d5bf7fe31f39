"""Keeps joint torques, as inverse dynamics tells them, within the robot's limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
from numpy.typing import ArrayLike

from controllers.dynamics import inverse_dynamics
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.symbols import Node, Rows


@dataclass(frozen=True)
class TorqueLimit:
    """|τ_i(q̄_k, dq̄_k, u_k)| ≤ part × τ_max,i, rows in units of τ_max; soft.

    τ = M(q̄) u + h(q̄, dq̄) is exact in the accelerations; posture and velocity are those of the last plan.
    What is held counts by its mass. The first node, whose posture is the present one, is exact.
    """

    name: str = "torque"
    soft: bool = True
    near: float = 0.2
    at: str = "each"
    scale: float = 0.1

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the part of the limits that may be used."""
        return {"torque.part": ()}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the gains' scale."""
        return {"torque.part": gains.scales.torque}

    def rows(self, node: Node) -> Rows:
        """Return the torques over their limits."""
        n, p = node.model.n, node.parameters
        ddq = ca.SX.sym("ddq", n)
        tau = inverse_dynamics(
            node.model, node.q, node.dq, ddq, payload_mass=p["held.mass"], payload_centre=p["held.centre"]
        ) / ca.DM(node.model.tau_max)
        M = ca.jacobian(tau, ddq)
        part = ca.repmat(p["torque.part"], n, 1)
        return Rows(ca.substitute(tau, ddq, ca.SX.zeros(n, 1)), M, -part, part, of="ddq")
