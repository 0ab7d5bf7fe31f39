"""Keeps links of the arm apart, and the held object from the links that the hand could meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
from numpy.typing import ArrayLike

from controllers.clearance import capsule_distance
from controllers.gains import Gains
from controllers.kinematics import tool_joint
from controllers.robot_model import RobotModel
from controllers.symbols import HELD, Node, Rows


@dataclass(frozen=True)
class SelfCollisionLimit:
    """Distance of every pair of capsules ≥ margin at every second node; soft."""

    name: str = "self_collision"
    soft: bool = True
    near: float = 0.05
    at: str = "second"
    scale: float = 1.0

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the margin [m]."""
        return {"self_collision.margin": ()}

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the gains' margin."""
        return {"self_collision.margin": gains.safety.self_collision_margin}

    def rows(self, node: Node) -> Rows:
        """Return the pairs' distances."""
        pairs = collision_pairs(node.model)
        found = [capsule_distance(node, node.body(a), node.body(b)) for a, b in pairs]
        margin = ca.repmat(node.parameters["self_collision.margin"], len(pairs), 1)
        return Rows.at_least(found, margin)


def collision_pairs(model: RobotModel) -> tuple[tuple[str, str], ...]:
    """Return the robot's pairs, then the held object with every link that the hand is kept from."""
    joint = tool_joint(model)
    links: dict[str, None] = {}
    for pair in model.self_collision_pairs:
        for one, other in (pair, pair[::-1]):
            # Links of the joint before the tool's are near by design, and so may a held thing be.
            if model.capsule(one).joint == joint and model.capsule(other).joint < joint - 1:
                links[other] = None
    return (*model.self_collision_pairs, *((HELD, link) for link in links))
