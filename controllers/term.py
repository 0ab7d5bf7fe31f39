"""What costs and limits have in common: parameters that they read from the compiled problem's vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from numpy.typing import ArrayLike

from controllers.gains import Gains
from controllers.robot_model import RobotModel


class Term(Protocol):
    """A cost or limit; immutable and hashable, so that equal terms share a compiled problem."""

    def shapes(self, model: RobotModel) -> Mapping[str, tuple[int, ...]]:
        """Return the shapes of the parameters that it reads, by name."""
        ...

    def values(self, model: RobotModel, gains: Gains) -> Mapping[str, ArrayLike]:
        """Return the parameters' values that follow from robot and gains; the rest is set elsewhere."""
        ...
