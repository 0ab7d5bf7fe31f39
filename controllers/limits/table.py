"""Keeps hand, fingers, wrist and what the hand holds above the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
from numpy.typing import ArrayLike

from controllers.clearance import lowest_height
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.symbols import HELD, Node, Rows


@dataclass(frozen=True)
class TableLimit:
    """Height of every body's lowest point ≥ table height plus clearance; soft.

    The held object keeps clear too, but for a contact that is allowed: setting it down.
    """

    name: str = "table"
    soft: bool = True
    near: float = 0.03
    at: str = "each"
    scale: float = 1.0

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the least heights, of the arm's bodies and of the held object [m]."""
        return {"table.lowest": (), "table.held_lowest": ()}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return table height plus clearance."""
        lowest = gains.table.height + gains.table.clearance
        return {"table.lowest": lowest, "table.held_lowest": lowest}

    def rows(self, node: Node) -> Rows:
        """Return the lowest points' heights, the held object's last."""
        names = (*node.model.table_bodies, HELD)
        heights = [lowest_height(node, name) for name in names]
        p = node.parameters
        lower = [p["table.lowest"]] * (len(names) - 1) + [p["table.held_lowest"]]
        return Rows.at_least(heights, ca.vertcat(*lower))
