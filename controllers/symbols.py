"""What costs and limits are written in: the present state and one node of the horizon, as CasADi symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import casadi as ca

from controllers.collision import Capsule
from controllers.kinematics import JointChain, tool_joint
from controllers.robot_model import RobotModel

HELD = "held"
"""What the capsule of a held object is called among the arm's bodies."""


@dataclass(frozen=True, eq=False)
class State:
    """The commanded state as symbols.

    Attributes:
        model: The robot.
        nodes: Number of nodes N.
        q: Positions, SX (n, 1) [rad].
        dq: Velocities, SX (n, 1) [rad/s].
        ddq: Acceleration of the last period, SX (n, 1) [rad/s²].
        times: Times of the nodes, SX (N, 1) [s].
        durations: Lengths of their intervals, SX (N, 1) [s].
        parameters: Parameters by name, SX.
    """

    model: RobotModel
    nodes: int
    q: Any
    dq: Any
    ddq: Any
    times: Any
    durations: Any
    parameters: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Body:
    """A capsule of the arm at a node.

    Attributes:
        name: Its name.
        start: First end in the base frame, SX (3, 1) [m].
        end: Second end, SX (3, 1) [m].
        radius: Its radius, a number or SX [m].
        joint: Index of the joint it moves with.
    """

    name: str
    start: Any
    end: Any
    radius: Any
    joint: int


@dataclass(frozen=True, eq=False)
class Node:
    """One node of the horizon; kinematics are those of its nominal posture.

    Attributes:
        model: The robot.
        chain: Symbolic kinematics; `chain.q` is the nominal posture.
        dq: Nominal velocity, SX (n, 1) [rad/s].
        dq_now: Present velocity, which the arm keeps if nothing accelerates, SX (n, 1) [rad/s].
        time: Time from now, SX [s].
        weight: Time that the node stands for in costs, SX [s].
        p_tool: Tool point in the base frame, SX (3, 1) [m].
        R_tool: Tool rotation, SX (3, 3).
        J_tool: Tool Jacobian, linear then angular along the base axes, SX (6, n).
        parameters: Parameters by name, SX.
    """

    model: RobotModel
    chain: JointChain
    dq: Any
    dq_now: Any
    time: Any
    weight: Any
    p_tool: Any
    R_tool: Any
    J_tool: Any
    parameters: Mapping[str, Any]

    @property
    def q(self) -> Any:
        """Nominal positions, SX (n, 1) [rad]."""
        return self.chain.q

    @property
    def tool_joint(self) -> int:
        """Index of the joint that the tool moves with."""
        return tool_joint(self.model)

    def body(self, name: str) -> Body:
        """Return the capsule of geom `name`, or of the held object."""
        if name == HELD:
            p = self.parameters
            return Body(
                HELD,
                self.p_tool + self.R_tool @ p["held.start"],
                self.p_tool + self.R_tool @ p["held.end"],
                p["held.radius"],
                self.tool_joint,
            )
        capsule: Capsule = self.model.capsule(name)
        return Body(
            name,
            self.chain.point(capsule.joint, capsule.start),
            self.chain.point(capsule.joint, capsule.end),
            capsule.radius,
            capsule.joint,
        )


@dataclass(frozen=True, eq=False)
class Rows:
    """lower ≤ value(q, dq or ddq) ≤ upper at a node, linearised.

    Attributes:
        value: SX (m, 1): at the nominal posture for `q`; at the present velocity for `dq`; at zero
            acceleration for `ddq`.
        jacobian: Its derivative by what it is `of`, SX (m, n).
        lower: SX (m, 1).
        upper: SX (m, 1).
        of: What the controls change it by: `q`, `dq` or `ddq`.
        excess: By how much the present state breaks the limit, SX scalar, where rows are stricter than it.
    """

    value: Any
    jacobian: Any
    lower: Any
    upper: Any
    of: str = "q"
    excess: Any = None

    @classmethod
    def at_least(cls, found: Sequence[tuple[Any, Any]], lower: Any) -> Rows:
        """Return the rows that keep values, each with its Jacobian (1, n), at or above `lower`, SX (m, 1)."""
        values, jacobians = zip(*found, strict=True)
        free = ca.DM.ones(len(found), 1) * ca.inf
        return cls(ca.vertcat(*values), ca.vertcat(*jacobians), lower, free)


@dataclass(frozen=True, eq=False)
class Residual:
    """½ Σ weight·residual² at a node, linearised in q.

    Attributes:
        value: SX (m, 1), at the nominal posture.
        jacobian: SX (m, n).
        weight: SX (m, 1), the node's time not included.
    """

    value: Any
    jacobian: Any
    weight: Any
