"""Joint acceleration limits, and on the applied control everything that must hold one step later."""

from __future__ import annotations

import numpy as np

from controllers.braking import velocity_window
from controllers.horizon import Horizon
from controllers.prediction import Prediction
from hybridctl.messages.arrays import FloatArray


class AccelerationLimit:
    """|u_k| ≤ ddq_max as simple bounds; hard.

    The first control, the one that is applied, is bounded so that velocity holds after it and that a part
    `braking` of the acceleration suffices to stop before a position limit.

    Args:
        horizon: The receding horizon.
        q_min: Lower position limits, shape (n,) [rad].
        q_max: Upper position limits, shape (n,) [rad].
        dq_max: Velocity limits, shape (n,) [rad/s].
        ddq_max: Acceleration limits, shape (n,) [rad/s²].
        braking: Part of ddq_max that braking counts on.
    """

    def __init__(
        self,
        horizon: Horizon,
        *,
        q_min: FloatArray,
        q_max: FloatArray,
        dq_max: FloatArray,
        ddq_max: FloatArray,
        braking: float,
    ) -> None:
        self._q_min = q_min
        self._q_max = q_max
        self._dq_max = dq_max
        self._ddq_max = ddq_max
        self._ddq_brake = braking * ddq_max
        self._dt = float(horizon.durations[0])
        self._bound = np.tile(ddq_max, horizon.nodes)

    def bounds(self, lower: FloatArray, upper: FloatArray, prediction: Prediction) -> None:
        """Write the bounds of u, shape (N·n,) [rad/s²], in place."""
        n = len(self._ddq_max)
        lower[:] = -self._bound
        upper[:] = self._bound
        lowest, highest = velocity_window(
            prediction.q,
            prediction.dq,
            q_min=self._q_min,
            q_max=self._q_max,
            dq_max=self._dq_max,
            ddq_max=self._ddq_max,
            ddq_brake=self._ddq_brake,
            dt=self._dt,
        )
        lower[:n] = (lowest - prediction.dq) / self._dt
        upper[:n] = (highest - prediction.dq) / self._dt
