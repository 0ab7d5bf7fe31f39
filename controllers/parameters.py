"""Numbers that the compiled problem reads: each has its place in one vector, so tuning never recompiles."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from controllers.errors import ControllerError
from hybridctl.messages.arrays import FloatArray


class ParameterLayout:
    """Where every parameter lies in the vector, matrices by columns as CasADi keeps them.

    Args:
        shapes: Shape of every parameter by name; () is one number.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._shapes = dict(shapes)
        self._slices: dict[str, slice] = {}
        self.size = 0
        for name, shape in self._shapes.items():
            self._slices[name] = slice(self.size, self.size + prod(shape))
            self.size += prod(shape)

    def symbols(self, vector: Any) -> dict[str, Any]:
        """Return the parameters as parts of an SX `vector` of shape (size, 1)."""
        return {
            name: _shaped(vector[where], self._shapes[name])
            for name, where in self._slices.items()
            if where.stop > where.start
        }

    def has(self, name: str) -> bool:
        """Return whether a term of this problem reads the parameter."""
        return name in self._slices

    def place(self, name: str) -> slice:
        """Return where a parameter lies."""
        return self._slices[name]

    def write(self, vector: FloatArray, name: str, value: ArrayLike) -> None:
        """Put `value` into its place in `vector`, shape (size,); infinite bounds become huge ones.

        Raises:
            ControllerError: the shape differs from the declared one.
        """
        array = np.asarray(value, dtype=np.float64)
        if array.shape != self._shapes[name]:
            raise ControllerError(f"{name} has shape {array.shape}, expected {self._shapes[name]}")
        # The generated code multiplies bounds, and 0·inf is NaN.
        vector[self._slices[name]] = np.clip(array.ravel(order="F"), -_HUGE, _HUGE)


_HUGE = 1e9


def _shaped(part: Any, shape: tuple[int, ...]) -> Any:
    return part.reshape(shape) if len(shape) == 2 else part
