"""The MPC: condensed real-time iteration, one linearisation and, as a rule, one QP a tick.

Diehl, Bock and Schlöder, A real-time iteration scheme for nonlinear optimization in optimal feedback control,
SIAM J. Control Optim. 43(5), 2005. The state is the commanded one, so feedback noise does not enter; controls
are joint accelerations, piecewise constant on a non-uniform grid whose first interval is the control period.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from controllers.active_set import NO_EQUATIONS, NONE, ActiveSet, minimum_where
from controllers.costs.cost import JointCost, NodeCost
from controllers.evaluation import Evaluation
from controllers.gains import Gains
from controllers.held_object import HeldObject
from controllers.horizon import Horizon
from controllers.joint_hessian import JointHessian
from controllers.limits.acceleration import AccelerationLimit
from controllers.limits.limit import JointLimit, NodeLimit
from controllers.limits.obstacle_distance import ObstacleLimit
from controllers.obstacle_slots import ALLOWED, ObstacleSlots
from controllers.obstacles import Obstacle
from controllers.problem import compile_problem
from controllers.qp import DenseQp
from controllers.robot_model import RobotModel
from controllers.row_table import TOLERANCE
from controllers.term import Term
from controllers.terms import joint_costs, joint_limits, node_costs, node_limits
from hybridctl.messages.arrays import FloatArray

NOTHING_HELD = -100.0
"""Radius of what is not there [m]: it is far from everything."""
ROUNDS = 4
"""How often a QP is solved with more rows before it gets all of them."""


@dataclass(frozen=True, eq=False)
class MpcResult:
    """What the MPC wants for the next control period.

    Attributes:
        ok: Whether the QP was solved; if not, this is the last plan shifted, then braking.
        ddq: Acceleration over the period, shape (n,) [rad/s²].
        q: Position at its end, shape (n,) [rad].
        dq: Velocity at its end, shape (n,) [rad/s].
        slacks: By how much the plan breaks each soft limit at its worst row [m, m/s, rad/s, rad/s³ × s, or
            parts of the torque limit].
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
    """A receding horizon over the commanded state of `model`, tuned by `gains`.

    Args:
        model: The robot.
        gains: Weights, horizon, limits and margins.
        costs: Costs on postures instead of the usual ones.
        limits: Limits on postures instead of the usual ones.
        joint_terms: Costs and limits on the joints' own motion instead of the usual ones.
    """

    def __init__(
        self,
        model: RobotModel,
        gains: Gains,
        *,
        costs: Iterable[NodeCost] | None = None,
        limits: Iterable[NodeLimit] | None = None,
        joint_terms: tuple[tuple[JointCost, ...], tuple[JointLimit, ...]] | None = None,
    ) -> None:
        self._model, self._gains = model, gains
        self._horizon = horizon = Horizon.on(gains.node_times)
        self._n, self._N, self._dt = model.n, horizon.nodes, gains.dt
        self._ddq_max = gains.scales.acceleration * model.ddq_max
        self._replay = gains.safety.replay
        on_postures = node_costs(model, gains) if costs is None else tuple(costs)
        chosen = node_limits(model, gains) if limits is None else tuple(limits)
        own_costs, own_limits = joint_terms or (joint_costs(), joint_limits())
        problem = compile_problem(model, horizon.nodes, on_postures, chosen, own_limits)
        self._evaluation = Evaluation(problem, horizon, joints=model.n, terminal=gains.weights.terminal)
        terms: tuple[Term, ...] = (AccelerationLimit(), *on_postures, *chosen, *own_limits)
        for term in terms:
            self._evaluation.write(term.values(model, gains))
        self._target = tuple(
            self._evaluation.view(f"target.{part}") for part in ("position", "rotation", "twist")
        )
        self._hessian = JointHessian(own_costs, horizon, gains, joints=model.n)
        world = next((limit for limit in chosen if isinstance(limit, ObstacleLimit)), None)
        self._obstacles = ObstacleSlots(self._evaluation, world, model=model, margin=gains.obstacles.margin)
        self._slack_weight = gains.safety.slack_weight
        self._qp = DenseQp(slack_weight=self._slack_weight)
        self._duals = np.zeros(len(self._evaluation.lower) + len(self._evaluation.table.soft))
        self._plan: tuple[FloatArray, FloatArray, FloatArray] | None = None
        self._plan_age = 0.0
        self.reset()
        self.hold(None)

    def reset(self) -> None:
        """Forget the last plan and the last acceleration."""
        self._plan = None
        self._ddq = np.zeros(self._n)
        self._duals[:] = 0.0
        self._active = NONE

    def set_obstacles(
        self, obstacles: Sequence[Obstacle], *, allowed: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        """Keep away from these bodies of the world from now on, and from no others.

        Args:
            obstacles: As they are now.
            allowed: Pairs of a body of the arm (or `held`) and an obstacle that may touch.

        Raises:
            ControllerError: there are more than the gains have slots for, or a pair names nobody.
        """
        self._obstacles.fill(obstacles, allowed=allowed)

    def hold(self, held: HeldObject | None, *, may_touch_table: bool = False) -> None:
        """Take an object that the hand holds into account, or none.

        Args:
            held: The object.
            may_touch_table: Whether it may come down on the table: to be set down there.
        """
        lowest = self._gains.table.height + self._gains.table.clearance
        self._evaluation.write(
            {
                "held.start": np.zeros(3) if held is None else held.start,
                "held.end": np.zeros(3) if held is None else held.end,
                "held.radius": NOTHING_HELD if held is None else held.radius,
                "held.mass": 0.0 if held is None else held.mass,
                "held.centre": np.zeros(3) if held is None else (held.start + held.end) / 2,
                "table.held_lowest": ALLOWED if may_touch_table else lowest,
            }
        )

    def solve(
        self, q: FloatArray, dq: FloatArray, T_base_target: FloatArray, *, twist: FloatArray | None = None
    ) -> MpcResult:
        """Plan from the commanded state toward a target pose.

        Args:
            q: Commanded positions, shape (n,) [rad].
            dq: Commanded velocities, shape (n,) [rad/s].
            T_base_target: Wanted tool pose, shape (4, 4) [m], near enough for one linearisation.
            twist: How the target moves on: linear, then angular velocity along the base axes, shape (6,)
                [m/s, rad/s]; at rest if None.
        """
        began = perf_counter()
        evaluation = self._evaluation
        position, rotation, moving = self._target
        position[:] = T_base_target[:3, 3]
        rotation[:] = T_base_target[:3, :3].T.reshape(-1)
        moving[:] = 0.0 if twist is None else twist
        evaluation.evaluate(q=q, dq=dq, ddq=self._ddq, plan=self._plan)
        H, f = evaluation.quadratic()
        H += self._hessian.H
        # A joint that the target's own motion needs is not slowed for it.
        f += self._hessian.gradient(dq, self._ddq, wanted=None if twist is None else self._carried(q, twist))
        u, room = self._optimum(H, f)
        if u is None or room is None:
            ddq, slacks = self._fallback(dq), {}
        else:
            self._plan, self._plan_age = (q, dq, u), 0.0
            ddq, slacks = u[0].copy(), evaluation.table.slacks(room)
        self._ddq = ddq
        return MpcResult(
            ok=u is not None,
            ddq=ddq,
            q=q + self._dt * dq + 0.5 * self._dt**2 * ddq,
            dq=dq + self._dt * ddq,
            slacks=slacks,
            violations=evaluation.violations(),
            solve_ms=1e3 * (perf_counter() - began),
        )

    def _carried(self, q: FloatArray, twist: FloatArray) -> FloatArray:
        """Return the joints' least velocities that move the tool with a target, shape (N, n) [rad/s].

        Exact now and about where they lead by the last node, and in between interpolated.
        """
        times, found = self._horizon.times, []
        for _ in range(2):
            J = self._model.jacobian(q)
            least = J.T @ np.linalg.solve(J @ J.T + 1e-6 * np.eye(len(J)), twist)
            found.append(np.clip(least, -self._model.dq_max, self._model.dq_max))  # near a singularity
            q = q + times[-1] * found[0]
        share = times[:, None] / times[-1]
        return np.asarray((1.0 - share) * found[0] + share * found[1])

    def _optimum(self, H: FloatArray, f: FloatArray) -> tuple[FloatArray | None, FloatArray | None]:
        """Return accelerations, shape (N, n), and every row's room under them, or None and None.

        What bound in the last period is tried first: if that solution keeps all rows and no constraint holds
        it back from descending, it is the QP's. Else rows that are near their bounds go into a QP, then those
        that its solution breaks.
        """
        table, lower, upper = self._evaluation.table, self._evaluation.lower, self._evaluation.upper
        tried = self._on_active_set(H, f)
        if tried is None:
            return None, None
        u, room, optimal = tried
        if optimal:
            return u, room
        chosen = table.near(room)
        bounds = np.arange(len(lower))
        for again in range(ROUNDS + 1):
            which = np.concatenate((bounds, len(bounds) + chosen))
            solution = self._qp.solve(
                H,
                f,
                A=table.matrix(chosen),
                lower=np.concatenate((lower, table.lower[chosen])),
                upper=np.concatenate((upper, table.upper[chosen])),
                soft=table.soft[chosen],
                duals=self._duals[which],
            )
            if solution is None:
                return None, None
            x, duals = solution
            self._duals[:] = 0.0
            self._duals[which] = duals
            # The first bounds contain full braking, and rounding must not turn them round.
            u = np.minimum(np.maximum(x, lower), upper).reshape(self._N, self._n)
            room = table.room(u)
            broken = np.flatnonzero(room < -TOLERANCE)
            missing = np.setdiff1d(broken, chosen, assume_unique=True) if len(broken) else broken
            if not len(missing):
                break
            chosen = np.concatenate((chosen, missing)) if again < ROUNDS - 1 else np.arange(len(room))
        self._active = ActiveSet.of(which, duals)
        return u, room

    def _on_active_set(self, H: FloatArray, f: FloatArray) -> tuple[FloatArray, FloatArray, bool] | None:
        """Return accelerations where the active set of the last period holds, every row's room, and whether
        that is the QP's solution; None if there is none.
        """
        table, lower, upper = self._evaluation.table, self._evaluation.lower, self._evaluation.upper
        which, at_upper, count = self._active.which, self._active.upper, len(lower)
        if not len(which):
            return self._unconstrained(H, f)
        bounds = int(np.searchsorted(which, count))
        rows = which[bounds:] - count
        C = np.zeros((len(which), count))
        b = np.zeros(len(which))
        if bounds:
            bound = which[:bounds]
            C[np.arange(bounds), bound] = 1.0
            b[:bounds] = np.where(at_upper[:bounds], upper[bound], lower[bound])
        if len(rows):
            C[bounds:] = table.matrix(rows)
            b[bounds:] = np.where(at_upper[bounds:], table.upper[rows], table.lower[rows])
        solved = minimum_where(H, f, C, b)
        if solved is None:
            return self._unconstrained(H, f)
        x, duals = solved
        inside = np.minimum(np.maximum(x, lower), upper)
        u = inside.reshape(self._N, self._n)
        room = table.room(u)
        optimal = float(np.abs(inside - x).max()) <= TOLERANCE and float(room.min()) >= -TOLERANCE
        if optimal:
            pushes = bool(((duals > 0.0) == at_upper).all())
            optimal = pushes and bool((np.abs(duals[bounds:][table.soft[rows]]) <= self._slack_weight).all())
        if optimal:
            self._duals[:] = 0.0
            self._duals[which] = duals
        return u, room, optimal

    def _unconstrained(self, H: FloatArray, f: FloatArray) -> tuple[FloatArray, FloatArray, bool] | None:
        """Return the same without any active constraint."""
        solved = minimum_where(H, f, NO_EQUATIONS, NO_EQUATIONS)
        if solved is None:
            return None
        x, _ = solved
        inside = np.minimum(np.maximum(x, self._evaluation.lower), self._evaluation.upper)
        u = inside.reshape(self._N, self._n)
        room = self._evaluation.table.room(u)
        return u, room, bool((inside == x).all()) and float(room.min()) >= 0.0

    def _fallback(self, dq: FloatArray) -> FloatArray:
        """Return the last plan's acceleration for now, or full braking once there is none or it is old."""
        self._plan_age += self._dt
        if self._plan is not None and self._plan_age <= self._replay + 1e-9:
            _, _, u = self._plan
            interval = int(np.searchsorted(self._horizon.times, self._plan_age + 0.5 * self._dt))
            return np.array(u[min(interval, len(u) - 1)])
        self._plan = None
        return np.clip(-dq / self._dt, -self._ddq_max, self._ddq_max)
