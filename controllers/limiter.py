"""The limiter: whatever comes in, what goes out obeys position, velocity and acceleration bounds."""

from __future__ import annotations

import numpy as np

from controllers.braking import velocity_window
from controllers.errors import ControllerError
from hybridctl.messages.arrays import FloatArray


class Limiter:
    """Bounds each command relative to the last one (not to the measurement, ros2_control #2183).

    Alone it guarantees |dq| ≤ dq_max, |Δdq| ≤ ddq_max·dt and q_min ≤ q ≤ q_max, with braking distance.
    Started outside the position or velocity bounds it lets the arm come back and go no further out than
    full braking takes. Smoothing after it would undo it: nothing may change its answer.
    """

    def __init__(
        self,
        *,
        q_min: FloatArray,
        q_max: FloatArray,
        dq_max: FloatArray,
        ddq_max: FloatArray,
        dt: float,
    ) -> None:
        if not (np.all(q_min < q_max) and np.all(dq_max > 0.0) and np.all(ddq_max > 0.0) and dt > 0.0):
            raise ControllerError("Limiter needs q_min < q_max and positive dq_max, ddq_max and dt")
        self._q_min = q_min
        self._q_max = q_max
        self._dq_max = dq_max
        self._ddq_max = ddq_max
        self._dt = dt
        self._q = np.zeros_like(q_min)
        self._dq = np.zeros_like(q_min)

    @property
    def q(self) -> FloatArray:
        """Position of the last command, shape (n,) [rad]."""
        return self._q

    @property
    def dq(self) -> FloatArray:
        """Velocity of the last command, shape (n,) [rad/s]."""
        return self._dq

    def reset(self, *, q: FloatArray, dq: FloatArray) -> None:
        """Take `q` [rad] and `dq` [rad/s], shape (n,), as the last command."""
        self._q = np.array(q, dtype=np.float64)
        self._dq = np.array(dq, dtype=np.float64)

    def limit(self, *, dq: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the position [rad] and velocity [rad/s] nearest to what is wanted, each shape (n,).

        Args:
            dq: Wanted velocity at the end of the step, shape (n,) [rad/s]. NaN brakes that joint.
        """
        lowest, highest = velocity_window(
            self._q,
            self._dq,
            q_min=self._q_min,
            q_max=self._q_max,
            dq_max=self._dq_max,
            ddq_max=self._ddq_max,
            ddq_brake=self._ddq_max,
            dt=self._dt,
        )
        wanted = np.where(np.isnan(dq), 0.0, dq)
        dq_next = np.minimum(np.maximum(wanted, lowest), highest)
        # The velocity changes linearly over the step, so this is its exact integral.
        self._q = self._q + 0.5 * self._dt * (self._dq + dq_next)
        self._dq = dq_next
        return self._q, self._dq
