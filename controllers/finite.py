"""The last check before a command leaves: NaN passes every min and max, so nothing else would stop it."""

from __future__ import annotations

import math

import numpy as np

from controllers.errors import ControllerError
from hybridctl.messages.arrays import FloatArray


def require_finite(*, q: FloatArray, dq: FloatArray, gripper_width: float) -> None:
    """Raise ControllerError if a part of a command is NaN or infinite.

    Args:
        q: Joint positions, shape (n,) [rad].
        dq: Joint velocities, shape (n,) [rad/s].
        gripper_width: Finger distance [m].
    """
    if math.isfinite(np.vdot(q, q) + np.vdot(dq, dq) + gripper_width):
        return  # a sum of squares is finite only if every entry is
    for name, value in (("q", q), ("dq", dq), ("gripper_width", gripper_width)):
        if not np.isfinite(value).all():
            raise ControllerError(f"command {name} is {np.asarray(value).tolist()}, expected finite numbers")
