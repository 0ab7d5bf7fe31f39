"""Leans spare freedom to the rest posture, so that the elbow does not wander."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
from numpy.typing import ArrayLike

from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.symbols import Node, Residual


@dataclass(frozen=True)
class PostureCost:
    """½ w |P (q_N − q_rest)|² at the last node, P the projector on motions that leave the tool where it is.

    Without P the posture would hold the tool off its target by a fraction of a millimetre. Distances beyond
    `max_pull` [rad] pull no more.
    """

    max_pull: float = 1.0
    at: str = "last"

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the weight [1/rad²] and the rest posture [rad]."""
        return {"posture.weight": (), "posture.rest": (model.n,)}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the gains' weight and the robot's rest posture.

        The last node pulls as hard as all nodes together would: for a third of the horizon's time, since
        controls move nodes by the square of theirs.
        """
        times = gains.node_times
        stands_for = times[-1] - times[-2] + gains.weights.terminal
        return {
            "posture.weight": gains.weights.posture * times[-1] / 3.0 / stands_for,
            "posture.rest": model.q_rest,
        }

    def residual(self, node: Node) -> Residual:
        """Return the distance from rest in the null space [rad]."""
        p, J, n = node.parameters, node.J_tool, node.model.n
        # A little damping keeps the projector smooth where the arm is singular.
        P = ca.SX.eye(n) - J.T @ ca.solve(J @ J.T + 1e-6 * ca.SX.eye(6), J)
        away = ca.fmin(ca.fmax(node.q - p["posture.rest"], -self.max_pull), self.max_pull)
        return Residual(P @ away, P, ca.repmat(p["posture.weight"], n, 1))
