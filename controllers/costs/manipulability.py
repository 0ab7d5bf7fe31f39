"""Keeps the arm out of singular postures: pulls where Yoshikawa's measure falls below a floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
from numpy.typing import ArrayLike

from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.symbols import Node, Residual


@dataclass(frozen=True)
class ManipulabilityCost:
    """½ w max(0, 1 − m/m_min)² at the last node, m = √det(J Jᵀ).

    Yoshikawa, Manipulability of robotic mechanisms, Int. J. Robotics Research 4(2), 1985; for an arm of
    fewer than six joints det(Jᵀ J).
    """

    at: str = "last"

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the weight [s] and the floor m_min."""
        return {"manipulability.weight": (), "manipulability.floor": ()}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the gains' weight and floor."""
        return {
            "manipulability.weight": gains.weights.manipulability,
            "manipulability.floor": gains.weights.manipulability_floor,
        }

    def residual(self, node: Node) -> Residual:
        """Return how far the measure is below the floor, relative to it."""
        J, p = node.J_tool, node.parameters
        square = J @ J.T if J.shape[1] >= 6 else J.T @ J
        measure = ca.sqrt(ca.fmax(ca.det(square), 0) + 1e-12)
        lack = 1 - measure / p["manipulability.floor"]
        value = ca.fmax(lack, 0)
        jacobian = ca.if_else(lack > 0, ca.jacobian(lack, node.q), ca.SX.zeros(1, node.model.n))
        return Residual(value, jacobian, p["manipulability.weight"])
