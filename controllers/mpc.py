"""The MPC: condensed real-time iteration, one linearisation and one QP a tick.

Diehl, Bock and Schlöder, A real-time iteration scheme for nonlinear optimization in optimal feedback control,
SIAM J. Control Optim. 43(5), 2005. The state is the commanded one, so feedback noise does not enter; controls
are joint accelerations, piecewise constant on a non-uniform grid whose first interval is the control period.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from controllers.costs.acceleration import AccelerationCost
from controllers.costs.cost import Cost
from controllers.costs.pose import PoseCost
from controllers.costs.posture import PostureCost
from controllers.costs.velocity import VelocityCost
from controllers.gains import Gains
from controllers.horizon import Horizon
from controllers.limits.acceleration import AccelerationLimit
from controllers.limits.braking_motion import BrakingMotion
from controllers.limits.cartesian_speed import CartesianSpeedLimit
from controllers.limits.limit import Limit
from controllers.limits.position import PositionLimit
from controllers.limits.self_collision import SelfCollisionLimit
from controllers.limits.table import TableLimit
from controllers.limits.velocity import VelocityLimit
from controllers.limits.workspace import WorkspaceLimit
from controllers.linearisation import Linearizer
from controllers.prediction import Prediction
from controllers.qp import DenseQp
from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class MpcResult:
    """What the MPC wants for the next control period.

    Attributes:
        ok: Whether the QP was solved; if not, this is the last plan shifted, then braking.
        ddq: Acceleration over the period, shape (n,) [rad/s²].
        q: Position at its end, shape (n,) [rad].
        dq: Velocity at its end, shape (n,) [rad/s].
        slacks: By how much the plan breaks each soft limit at its worst node [m, m/s or rad/s].
        violations: By how much the present state breaks each limit [m, rad or rad/s], broken ones only.
        solve_ms: Time spent [ms], for reporting only.
    """

    ok: bool
    ddq: FloatArray
    q: FloatArray
    dq: FloatArray
    slacks: dict[str, float]
    violations: dict[str, float]
    solve_ms: float


class Mpc:
    """A receding horizon over the commanded state of `model`, tuned by `gains`."""

    def __init__(self, model: RobotModel, gains: Gains) -> None:
        n, scales, weights = model.n, gains.scales, gains.weights
        self._horizon = horizon = Horizon.on(gains.node_times)
        N = horizon.nodes
        self._n = n
        self._dt = gains.dt
        self._ddq_max = scales.acceleration * model.ddq_max
        self._replay = gains.safety.replay
        q_min, q_max = model.q_min + scales.joint_margin, model.q_max - scales.joint_margin
        dq_max = scales.velocity * model.dq_max
        braking = BrakingMotion(horizon, ddq_max=self._ddq_max)
        self._costs: tuple[Cost, ...] = (
            PoseCost(
                horizon,
                joints=n,
                position=weights.position,
                orientation=weights.orientation,
                terminal=weights.terminal,
            ),
            VelocityCost(horizon, joints=n, weight=weights.velocity, terminal=weights.terminal),
            AccelerationCost(horizon, joints=n, weight=weights.acceleration),
            PostureCost(horizon, joints=n, weight=weights.posture, q_rest=model.q_rest),
        )
        self._acceleration = AccelerationLimit(
            horizon, q_min=q_min, q_max=q_max, dq_max=dq_max, ddq_max=self._ddq_max, braking=scales.braking
        )
        self._limits: tuple[Limit, ...] = (
            VelocityLimit(horizon, dq_max=dq_max, braking=braking),
            PositionLimit(horizon, q_min=q_min, q_max=q_max, braking=braking, ddq_max=self._ddq_max),
            CartesianSpeedLimit(
                horizon,
                joints=n,
                linear=model.cartesian.velocity,
                angular=model.cartesian.angular_velocity,
            ),
            WorkspaceLimit(
                horizon,
                joints=n,
                low=np.array(gains.workspace.lower) + gains.workspace.margin,
                high=np.array(gains.workspace.upper) - gains.workspace.margin,
            ),
            TableLimit(
                horizon,
                joints=n,
                bodies=len(model.table_bodies),
                lowest=gains.table.height + gains.table.clearance,
            ),
            SelfCollisionLimit(
                horizon,
                joints=n,
                pairs=len(model.self_collision_pairs),
                margin=gains.safety.self_collision_margin,
            ),
        )
        self._linearizer = Linearizer(model, postures=N)
        soft = np.concatenate([np.full(limit.rows, limit.soft) for limit in self._limits])
        self._qp = DenseQp(variables=N * n, soft=soft, slack_weight=gains.safety.slack_weight)
        self._plan: tuple[FloatArray, FloatArray, FloatArray] | None = None
        self._plan_age = 0.0

    def reset(self) -> None:
        """Forget the last plan and the solver's warm start."""
        self._plan = None
        self._qp.reset()

    def solve(self, q: FloatArray, dq: FloatArray, T_base_target: FloatArray) -> MpcResult:
        """Plan from the commanded state toward a target pose.

        Args:
            q: Commanded positions, shape (n,) [rad].
            dq: Commanded velocities, shape (n,) [rad/s].
            T_base_target: Wanted tool pose, shape (4, 4) [m], near enough for one linearisation.
        """
        began = perf_counter()
        prediction = self._predict(q, dq, T_base_target)
        qp, n = self._qp, self._n
        variables = len(qp.f)
        qp.H[:] = 0.0
        qp.f[:] = 0.0
        for cost in self._costs:
            cost.add(qp.H, qp.f, prediction)
        self._acceleration.bounds(qp.lower[:variables], qp.upper[:variables], prediction)
        first = 0
        for limit in self._limits:
            rows = slice(first, first + limit.rows)
            bounds = slice(variables + first, variables + first + limit.rows)
            limit.write(qp.A[rows], qp.lower[bounds], qp.upper[bounds], prediction)
            first += limit.rows
        # The first bounds contain full braking, and rounding must not turn them round.
        u = qp.solve()
        if u is None:
            ddq, slacks = self._fallback(dq), {}
        else:
            u = np.minimum(np.maximum(u, qp.lower[:variables]), qp.upper[:variables])
            slacks = self._slacks(u)
            self._plan = (q, dq, u.reshape(-1, n))
            self._plan_age = 0.0
            ddq = u[:n]
        return MpcResult(
            ok=u is not None,
            ddq=ddq,
            q=q + self._dt * dq + 0.5 * self._dt**2 * ddq,
            dq=dq + self._dt * ddq,
            slacks=slacks,
            violations={
                limit.name: amount for limit in self._limits if (amount := limit.violation(prediction)) > 0.0
            },
            solve_ms=1e3 * (perf_counter() - began),
        )

    def _predict(self, q: FloatArray, dq: FloatArray, T_base_target: FloatArray) -> Prediction:
        horizon = self._horizon
        q_free = q + horizon.times[:, None] * dq
        if self._plan is None:
            q_nominal = np.broadcast_to(q, (horizon.nodes - 1, self._n))
        else:
            q_then, dq_then, u = self._plan
            nominal = q_then + horizon.shifted_times[:, None] * dq_then + horizon.shifted_position @ u
            # The limiter may have altered the command: start the old plan from where the arm really is.
            expected = q_then + self._dt * dq_then + 0.5 * self._dt**2 * u[0]
            q_nominal = nominal[1:] + (q - expected)
        postures = np.vstack((q, q_nominal))
        linearisation = self._linearizer.evaluate(postures, T_base_target)
        return Prediction(horizon, q, dq, q_free, q_nominal, linearisation)

    def _slacks(self, u: FloatArray) -> dict[str, float]:
        """Return by how much the solution breaks the soft rows, the worst of each limit [m]."""
        qp, slacks = self._qp, {}
        variables, first = len(qp.f), 0
        for limit in self._limits:
            if limit.soft and limit.rows:
                value = qp.A[first : first + limit.rows] @ u
                bounds = slice(variables + first, variables + first + limit.rows)
                worst = np.maximum(qp.lower[bounds] - value, value - qp.upper[bounds]).max()
                slacks[limit.name] = max(0.0, float(worst))
            first += limit.rows
        return slacks

    def _fallback(self, dq: FloatArray) -> FloatArray:
        """Return the last plan's acceleration for now, or full braking once there is none or it is old."""
        self._plan_age += self._dt
        if self._plan is not None and self._plan_age <= self._replay + 1e-9:
            _, _, u = self._plan
            interval = int(np.searchsorted(self._horizon.times, self._plan_age + 0.5 * self._dt))
            return np.array(u[min(interval, len(u) - 1)])
        self._plan = None
        return np.clip(-dq / self._dt, -self._ddq_max, self._ddq_max)
