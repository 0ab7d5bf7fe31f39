"""Keeps the arm and what it holds on one side of planes: a wall, a tilted surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
import numpy as np
from numpy.typing import ArrayLike

from controllers.clearance import plane_distance
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.symbols import HELD, Node, Rows


@dataclass(frozen=True)
class HalfSpaceLimit:
    """normal·p ≥ offset for every point of every body at every second node; soft.

    Attributes:
        planes: Number of planes.
    """

    planes: int
    name: str = "half_spaces"
    soft: bool = True
    near: float = 0.08
    at: str = "second"
    scale: float = 1.0

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the unit normals, a column a plane, and the offsets [m]."""
        return {"half_spaces.normal": (3, self.planes), "half_spaces.offset": (self.planes,)}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the gains' planes, normals made unit."""
        normals = np.array([plane.normal for plane in gains.half_spaces])
        lengths = np.linalg.norm(normals, axis=1)
        offsets = np.array([plane.offset + plane.margin for plane in gains.half_spaces])
        return {"half_spaces.normal": (normals / lengths[:, None]).T, "half_spaces.offset": offsets}

    def rows(self, node: Node) -> Rows:
        """Return how far every body is above every plane."""
        p, found = node.parameters, []
        for name in (*node.model.obstacle_bodies, HELD):
            for i in range(self.planes):
                normal, offset = p["half_spaces.normal"][:, i], p["half_spaces.offset"][i]
                found.append(plane_distance(node, node.body(name), normal, offset))
        return Rows.at_least(found, ca.SX.zeros(len(found), 1))
