"""What a limit is to the MPC. To add one: a file with a class like these, a test, a line in terms.py."""

from __future__ import annotations

from typing import Any, Protocol

from controllers.horizon import Horizon
from controllers.symbols import Node, Rows, State
from controllers.term import Term
from hybridctl.messages.arrays import FloatArray


class Limit(Term, Protocol):
    """What every limit says.
    Attributes:
        name: What its slack and violation are called.
        soft: Whether its rows may give way, at an exact penalty.
        near: A row this near its bound at the last plan goes into the QP from the start [row's unit]. Rows
            farther away are checked after solving, and go in if the solution breaks them.
        scale: What one unit of a row costs, in units of the slack weight.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def soft(self) -> bool: ...  # noqa: D102

    @property
    def near(self) -> float: ...  # noqa: D102

    @property
    def scale(self) -> float: ...  # noqa: D102


class NodeLimit(Limit, Protocol):
    """A limit on functions of the posture, written at nodes.

    Attributes:
        at: `each` node, or `second`: every second one, up to the last.
    """

    @property
    def at(self) -> str: ...  # noqa: D102

    def rows(self, node: Node) -> Rows:
        """Return its rows at a node."""
        ...


class JointLimit(Limit, Protocol):
    """A limit on each joint's own motion: rows Σ_j effects[k, j] u_j, joint by joint."""

    def effects(self, horizon: Horizon) -> FloatArray:
        """Return how the rows follow from a joint's N accelerations, shape (K, N)."""
        ...

    def bounds(self, state: State) -> tuple[Any, Any]:
        """Return lower and upper bounds of the rows, SX (n, K) each, the unforced motion taken off."""
        ...

    def violation(self, state: State) -> Any:
        """Return by how much the present state breaks it, SX scalar, 0 if it does not."""
        ...
