"""Keeps the arm and what it holds away from bodies of the world, also moving ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
import numpy as np
from numpy.typing import ArrayLike

from controllers.clearance import capsule_distance
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.symbols import HELD, Body, Node, Rows

FAR = 100.0
"""Where a slot without an obstacle is [m]."""


@dataclass(frozen=True)
class ObstacleLimit:
    """Distance of every body to every obstacle ≥ its margin at every second node; soft.

    An obstacle moves on with its velocity. Margins are one a pair, so that a contact can be allowed.

    Attributes:
        slots: Number of obstacles.
    """

    slots: int
    name: str = "obstacles"
    soft: bool = True
    near: float = 0.08
    at: str = "second"
    scale: float = 1.0

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the obstacles' capsules and velocities, a column each, and the margins of the pairs."""
        bodies = len(model.obstacle_bodies) + 1
        return {
            "obstacles.start": (3, self.slots),
            "obstacles.end": (3, self.slots),
            "obstacles.velocity": (3, self.slots),
            "obstacles.radius": (self.slots,),
            "obstacles.margin": (bodies, self.slots),
        }

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return empty slots and the gains' margin."""
        away = np.full((3, self.slots), FAR)
        return {
            "obstacles.start": away,
            "obstacles.end": away,
            "obstacles.velocity": np.zeros((3, self.slots)),
            "obstacles.radius": np.zeros(self.slots),
            "obstacles.margin": np.full((len(model.obstacle_bodies) + 1, self.slots), gains.obstacles.margin),
        }

    def rows(self, node: Node) -> Rows:
        """Return the distances, all obstacles of the first body first, the held object's last."""
        p, found, margins = node.parameters, [], []
        for b, name in enumerate((*node.model.obstacle_bodies, HELD)):
            body = node.body(name)
            for s in range(self.slots):
                shift = node.time * p["obstacles.velocity"][:, s]
                start, end = p["obstacles.start"][:, s] + shift, p["obstacles.end"][:, s] + shift
                obstacle = Body(f"obstacle {s}", start, end, p["obstacles.radius"][s], -1)
                found.append(capsule_distance(node, body, obstacle))
                margins.append(p["obstacles.margin"][b, s])
        return Rows.at_least(found, ca.vertcat(*margins))
