"""Keeps the tool point in a box of the base frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.symbols import Node, Rows


@dataclass(frozen=True)
class WorkspaceLimit:
    """low ≤ p_k ≤ high, the gains' box less its margin; soft, so that a start outside has an answer."""

    name: str = "workspace"
    soft: bool = True
    near: float = 0.03
    at: str = "each"
    scale: float = 1.0

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the two corners [m]."""
        return {"workspace.low": (3,), "workspace.high": (3,)}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the corners, the margin taken off."""
        box = gains.workspace
        return {
            "workspace.low": np.array(box.lower) + box.margin,
            "workspace.high": np.array(box.upper) - box.margin,
        }

    def rows(self, node: Node) -> Rows:
        """Return the tool point's coordinates."""
        p = node.parameters
        return Rows(node.p_tool, node.J_tool[:3, :], p["workspace.low"], p["workspace.high"])
