"""What a cost is to the MPC."""

from __future__ import annotations

from typing import Protocol

from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class Cost(Protocol):
    """Adds its share to the Hessian and gradient of the QP."""

    def add(self, H: FloatArray, f: FloatArray, prediction: Prediction) -> None:
        """Add to `H`, shape (N·n, N·n), and `f`, shape (N·n,), in place."""
        ...
