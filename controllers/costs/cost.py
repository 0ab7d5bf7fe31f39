"""What a cost is to the MPC. To add one: a file with a class like these, a test, a line in terms.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from controllers.gains import Gains
from controllers.horizon import Horizon
from controllers.symbols import Node, Residual
from controllers.term import Term
from hybridctl.messages.arrays import FloatArray


class NodeCost(Term, Protocol):
    """A squared residual of the posture at nodes.

    Attributes:
        at: `each` node from the second, or the `last`.
    """

    @property
    def at(self) -> str: ...  # noqa: D102

    def residual(self, node: Node) -> Residual:
        """Return residual and weight at a node."""
        ...


@dataclass(frozen=True, eq=False)
class JointQuadratic:
    """½ Σ_k weights[k] (Σ_j effects[k, j] u_j + of_dq[k] dq + of_ddq[k] ddq)², the same for every joint.

    Attributes:
        weights: Shape (N,), a term a node.
        effects: Shape (N, N).
        of_dq: Factor of the present velocity, shape (N,).
        of_ddq: Factor of the last period's acceleration, shape (N,).
    """

    weights: FloatArray
    effects: FloatArray
    of_dq: FloatArray
    of_ddq: FloatArray


class JointCost(Protocol):
    """A quadratic cost of each joint's own motion, the same at every posture."""

    def quadratic(self, horizon: Horizon, gains: Gains) -> JointQuadratic:
        """Return its terms."""
        ...
