"""Every row of the QP: what it is made of, and which rows a tick needs.

A row is Σ_j effect[j] (G · u_j) ≤ bounds: the effect says how accelerations u_j of the N intervals reach the
row's node, G how the joints reach its value. Most rows are far from their bounds at any time. They stay out
of the QP and are checked after it, so the answer is that of the whole QP at a fraction of its cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from controllers.horizon import Horizon
from controllers.problem import Problem
from hybridctl.messages.arrays import FloatArray

TOLERANCE = 1e-6
"""A row left out may be broken by this much, as one in the QP may by the solver's own tolerance."""


@dataclass(frozen=True, eq=False)
class NamedRows:
    """Which rows belong to a limit."""

    name: str
    soft: bool
    scale: float
    rows: NDArray[np.intp]


class RowTable:
    """The rows of a problem on a horizon.

    Attributes:
        effects: Shape (R, N).
        G: Shape (R, n); rows of node limits are overwritten each tick, the joint limits' are constant.
        lower: Shape (R,), overwritten each tick.
        upper: Shape (R,), overwritten each tick.
        soft: Whether each row may give way, shape (R,).
        limits: Whose rows are whose.
        node_rows: Number of rows of node limits, which come first.
    """

    def __init__(self, problem: Problem, horizon: Horizon, *, joints: int) -> None:
        kinds = {"q": horizon.position, "dq": horizon.velocity, "ddq": np.eye(horizon.nodes)}
        effects: list[FloatArray] = []
        near: list[float] = []
        owner: list[int] = []
        named: list[tuple[str, bool, float]] = []
        for group in problem.groups:
            first = len(named)
            named += [(limit.name, limit.soft, limit.scale) for limit in group.limits]
            for k in group.nodes:
                for i, limit in enumerate(group.limits):
                    # What the present posture is made of, the first interval's acceleration changes.
                    effects += [kinds[group.kinds[i]][max(k, 0)]] * group.widths[i]
                    near += [limit.near * limit.scale] * group.widths[i]
                    owner += [first + i] * group.widths[i]
        self.node_rows = len(effects)
        constant = [np.zeros((self.node_rows, joints))]
        for joint_limit in problem.joint_limits:
            for effect in joint_limit.effects(horizon):
                effects += [effect] * joints
                near += [joint_limit.near * joint_limit.scale] * joints
                owner += [len(named)] * joints
                constant.append(joint_limit.scale * np.eye(joints))
            named.append((joint_limit.name, joint_limit.soft, joint_limit.scale))
        self.effects = np.array(effects)
        # Rows of a node share their effect: few products serve them all.
        self._distinct, self._kind = np.unique(self.effects, axis=0, return_inverse=True)
        self.G = np.vstack(constant)
        self.lower, self.upper = np.zeros(len(effects)), np.zeros(len(effects))
        self._near = np.array(near)
        owners = np.array(owner)
        self.soft = np.array([named[i][1] for i in owner], dtype=bool)
        self.limits = tuple(
            NamedRows(name, soft, scale, np.flatnonzero(owners == i))
            for i, (name, soft, scale) in enumerate(named)
        )

        self._no_slacks = {limit.name: 0.0 for limit in self.limits if limit.soft}

    def room(self, u: FloatArray) -> FloatArray:
        """Return how far inside its bounds each row is under accelerations `u`, (N, n); shape (R,)."""
        reach = (self._distinct @ u)[self._kind]
        value = np.einsum("rj,rj->r", reach, self.G)
        return np.asarray(np.minimum(value - self.lower, self.upper - value))

    def near(self, room: FloatArray) -> NDArray[np.intp]:
        """Return the rows that are near their bounds."""
        return np.flatnonzero(room < self._near)

    def matrix(self, rows: NDArray[np.intp]) -> FloatArray:
        """Return the rows' matrix over u, shape (len(rows), N·n)."""
        A = self.effects[rows][:, :, None] * self.G[rows][:, None, :]
        return A.reshape(len(rows), self.effects.shape[1] * self.G.shape[1])

    def slacks(self, room: FloatArray) -> dict[str, float]:
        """Return by how much the worst row of each soft limit is broken, in the limit's own unit."""
        if room.min() >= 0.0:
            return dict(self._no_slacks)
        return {
            limit.name: max(0.0, -float(room[limit.rows].min(initial=np.inf))) / limit.scale
            for limit in self.limits
            if limit.soft
        }
