"""The limiter: whatever comes in, what goes out obeys position, velocity and acceleration bounds."""

from __future__ import annotations

import math

import numpy as np

from controllers.braking_symbols import compiled_step
from controllers.codegen import BufferedFunction
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
        # Compiled, as it runs in every period; the formula is that of braking_symbols.velocity_window.
        self._call = BufferedFunction(compiled_step(len(q_min)))
        bounds = (q_min, q_max, dq_max, ddq_max, np.array([dt]))
        for place, value in zip(self._call.inputs[3:], bounds, strict=True):
            place[:] = value
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
        # NaN would pass every comparison; infinity does not.
        wanted = dq if math.isfinite(np.vdot(dq, dq)) else np.where(np.isnan(dq), 0.0, dq)
        inputs, outputs = self._call.inputs, self._call.outputs
        inputs[0][:], inputs[1][:], inputs[2][:] = self._q, self._dq, wanted
        self._call.evaluate()
        self._q, self._dq = outputs[0].copy(), outputs[1].copy()
        self._q.flags.writeable = self._dq.flags.writeable = False  # so that nobody need copy them again
        return self._q, self._dq
