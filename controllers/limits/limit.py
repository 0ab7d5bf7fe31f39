"""What a limit is to the MPC."""

from __future__ import annotations

from typing import Protocol

from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class Limit(Protocol):
    """Writes its rows of the QP; u holds the accelerations of all nodes, shape (N·n,)."""

    @property
    def name(self) -> str:
        """What its slack is called."""
        ...

    @property
    def rows(self) -> int:
        """Number of rows."""
        ...

    @property
    def soft(self) -> bool:
        """Whether the rows may give way, at an exact penalty."""
        ...

    def write(self, A: FloatArray, lower: FloatArray, upper: FloatArray, prediction: Prediction) -> None:
        """Write the rows' matrix, shape (rows, N·n), and bounds, shape (rows,), in place.

        The arrays keep what the last tick wrote.
        """
        ...

    def violation(self, prediction: Prediction) -> float:
        """Return by how much the present state breaks the limit [m, rad or rad/s], 0 if it does not."""
        ...
