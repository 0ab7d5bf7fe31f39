"""The point of one tick that costs and limits are written around."""

from __future__ import annotations

from dataclasses import dataclass

from controllers.horizon import Horizon
from controllers.linearisation import Linearisation
from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Prediction:
    """State, unforced motion and linearisation of one tick.

    Kinematics are linearised at the present state (row 0) and at nodes 2 to N (rows 1 to N-1): at node 1,
    one control period ahead, the controls have next to no effect on them.

    Attributes:
        horizon: The receding horizon of N nodes.
        q: Commanded positions now, shape (n,) [rad].
        dq: Commanded velocities now, shape (n,) [rad/s].
        q_free: Positions at the nodes if nothing accelerates, shape (N, n) [rad].
        q_nominal: Where kinematics are linearised at nodes 2 to N, shape (N-1, n) [rad].
        linearisation: Values and Jacobians there.
    """

    horizon: Horizon
    q: FloatArray
    dq: FloatArray
    q_free: FloatArray
    q_nominal: FloatArray
    linearisation: Linearisation

    @property
    def to_free(self) -> FloatArray:
        """From where kinematics are linearised to the unforced motion, shape (N-1, n) [rad]."""
        return self.q_free[1:] - self.q_nominal
