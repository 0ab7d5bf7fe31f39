"""Brings the tool to its target pose: Gauss-Newton on position error and the log map of the rotation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
from numpy.typing import ArrayLike

from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.rotations import log_jacobian, rotation_exp, rotation_log
from controllers.symbols import Node, Residual


@dataclass(frozen=True)
class PoseCost:
    """½ Σ_k w_k (p |p_k − p*|² + o |log(R*ᵀ R_k)|²), w_k the time that node k stands for [s].

    A target with a twist moves on: p* + t v and exp(t ω) R*, along the base axes.
    """

    at: str = "each"

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the weights [1/m², 1/rad²]; the target is the MPC's to write."""
        return {"pose.position": (), "pose.orientation": ()}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the gains' weights."""
        return {"pose.position": gains.weights.position, "pose.orientation": gains.weights.orientation}

    def residual(self, node: Node) -> Residual:
        """Return position error [m] and rotation error [rad]."""
        p = node.parameters
        twist = p["target.twist"]
        position = p["target.position"] + node.time * twist[:3]
        rotation = rotation_exp(node.time * twist[3:]) @ p["target.rotation"]
        turn = rotation_log(rotation.T @ node.R_tool)
        J_turn = log_jacobian(turn) @ node.R_tool.T @ node.J_tool[3:, :]
        weight = ca.vertcat(ca.repmat(p["pose.position"], 3, 1), ca.repmat(p["pose.orientation"], 3, 1))
        return Residual(
            ca.vertcat(node.p_tool - position, turn), ca.vertcat(node.J_tool[:3, :], J_turn), weight
        )
