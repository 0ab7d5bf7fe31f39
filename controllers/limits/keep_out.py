"""Keeps the arm and what it holds out of boxes of the base frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
import numpy as np
from numpy.typing import ArrayLike

from controllers.clearance import box_distance
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.symbols import HELD, Node, Rows


@dataclass(frozen=True)
class KeepOutLimit:
    """Distance of every body to every zone ≥ the zone's margin at every second node; soft.

    Attributes:
        zones: Number of zones.
    """

    zones: int
    name: str = "keep_out"
    soft: bool = True
    near: float = 0.08
    at: str = "second"
    scale: float = 1.0

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the corners, a column a zone, and the margins [m]."""
        return {
            "keep_out.lower": (3, self.zones),
            "keep_out.upper": (3, self.zones),
            "keep_out.margin": (self.zones,),
        }

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the gains' zones."""
        zones = gains.keep_out
        return {
            "keep_out.lower": np.array([zone.lower for zone in zones]).T,
            "keep_out.upper": np.array([zone.upper for zone in zones]).T,
            "keep_out.margin": np.array([zone.margin for zone in zones]),
        }

    def rows(self, node: Node) -> Rows:
        """Return the distances of three points a body."""
        p, found, margins = node.parameters, [], []
        for name in (*node.model.obstacle_bodies, HELD):
            for z in range(self.zones):
                box = box_distance(
                    node, node.body(name), p["keep_out.lower"][:, z], p["keep_out.upper"][:, z]
                )
                found += box
                margins += [p["keep_out.margin"][z]] * len(box)
        return Rows.at_least(found, ca.vertcat(*margins))
