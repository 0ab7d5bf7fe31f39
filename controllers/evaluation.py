"""One instance of a compiled problem: its inputs, and its outputs written where they are used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from controllers.codegen import BufferedFunction
from controllers.horizon import Horizon
from controllers.problem import Problem
from controllers.row_table import RowTable
from hybridctl.messages.arrays import FloatArray


class Evaluation:
    """Calls the compiled function of `problem` on arrays of its own.

    Args:
        problem: The compiled problem.
        horizon: The receding horizon.
        joints: Number of joints n.
        terminal: Extra time that the last node counts for in costs [s].

    Attributes:
        problem: As given.
        table: The rows of the QP, as of the last call.
        lower: Bounds of u, shape (N·n,) [rad/s²], as of the last call.
        upper: The same.
    """

    def __init__(self, problem: Problem, horizon: Horizon, *, joints: int, terminal: float) -> None:
        n, N = joints, horizon.nodes
        self.problem, self._layout = problem, problem.layout
        self.table = table = RowTable(problem, horizon, joints=n)
        self.lower, self.upper = np.zeros(N * n), np.zeros(N * n)
        joint_rows = slice(table.node_rows, None)
        broken = [np.zeros(len(problem.joint_limits))]
        self._limits = [limit.name for limit in problem.joint_limits]
        outputs = [self.lower, self.upper, table.lower[joint_rows], table.upper[joint_rows], broken[0]]
        costs = sum(len(group.nodes) * group.residuals for group in problem.groups)
        G, self._residuals = np.zeros((costs, n)), np.zeros(costs)
        effects: list[FloatArray] = []
        cost = row = 0
        for group in problem.groups:
            count, width = len(group.nodes) * group.residuals, len(group.nodes) * sum(group.widths)
            excess = np.zeros(len(group.nodes) * len(group.limits))
            outputs += [
                G[cost : cost + count].reshape(-1),
                self._residuals[cost : cost + count],
                table.G[row : row + width].reshape(-1),
                table.lower[row : row + width],
                table.upper[row : row + width],
                excess,
            ]
            for k in group.nodes:
                # No acceleration changes the present posture, so its error is none that could be minimised.
                effects += [horizon.position[k] if k > 0 else np.zeros(N)] * group.residuals
            if group.nodes[0] < 0:
                broken.append(excess[: len(group.limits)])
                self._limits += [limit.name for limit in group.limits]
            cost, row = cost + count, row + width
        self._broken = broken
        self._G, self._effects = G[:, None, :], np.array(effects).reshape(costs, N, 1)
        self._stacked = np.zeros((costs, N, n))
        self._flat = self._stacked.reshape(costs, N * n)
        self._call = BufferedFunction(problem.function, outputs=outputs)
        self._parameters = self._call.inputs[-1]
        weights = horizon.durations.copy()
        weights[-1] += terminal
        self.write(
            {
                "horizon.times": horizon.times,
                "horizon.weights": weights,
                "horizon.shifted_position": horizon.shifted_position,
                "horizon.shifted_velocity": horizon.shifted_velocity,
            }
        )

    def write(self, values: Mapping[str, ArrayLike]) -> None:
        """Set parameters by name; names that no term of the problem reads are left out."""
        for name, value in values.items():
            if self._layout.has(name):
                self._layout.write(self._parameters, name, value)

    def view(self, name: str) -> FloatArray:
        """Return where a parameter is kept, flat, by columns: for what is written every tick."""
        return self._parameters[self._layout.place(name)]

    def evaluate(
        self,
        *,
        q: FloatArray,
        dq: FloatArray,
        ddq: FloatArray,
        plan: tuple[FloatArray, FloatArray, FloatArray] | None,
    ) -> None:
        """Linearise about the plan.

        Args:
            q: Present positions, shape (n,) [rad].
            dq: Present velocities, shape (n,) [rad/s].
            ddq: Acceleration of the last period, shape (n,) [rad/s²].
            plan: Positions, velocities and accelerations, shape (N, n), of the last tick's plan; without one
                kinematics are linearised where the arm is.
        """
        inputs = self._call.inputs
        inputs[0][:], inputs[1][:], inputs[2][:] = q, dq, ddq
        if plan is None:
            inputs[3][:], inputs[4][:], inputs[5][:] = q, 0.0, 0.0
        else:
            inputs[3][:], inputs[4][:], inputs[5][:] = plan[0], plan[1], plan[2].reshape(-1)
        self._call.evaluate()

    def quadratic(self) -> tuple[FloatArray, FloatArray]:
        """Return Hessian, shape (N·n, N·n), and gradient, shape (N·n,), of the costs on postures."""
        np.multiply(self._effects, self._G, out=self._stacked)
        B = self._flat
        return B.T @ B, self._residuals @ B

    def violations(self) -> dict[str, float]:
        """Return by how much the present state breaks each limit, broken ones only."""
        broken = np.concatenate(self._broken)
        if not broken.any():
            return {}
        return {
            name: float(amount) for name, amount in zip(self._limits, broken, strict=True) if amount > 0.0
        }
