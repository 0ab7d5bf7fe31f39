"""The process behind box_fddp.py: reads a line of JSON, answers one; imports nothing of hybridctl.

The first line says which arm and limits, `{"start": q}` where to begin, `{"target": T}` asks for a step.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter
from typing import Any

import crocoddyl
import numpy as np
import pinocchio as pin

PENALTY = 1e5
"""Weight of squared excess over the limits that BoxFDDP has no bounds for."""

ACCELERATION_PENALTY = 1.0
"""The same for accelerations: a stiffer one stalls a single iteration."""


class Problem:
    """A shooting problem: states are positions and velocities, controls torques, the ones with bounds."""

    def __init__(self, setting: dict[str, Any]) -> None:
        self._setting, self._dt = setting, setting["dt"]
        model = _arm(setting)
        self._model = model
        self._state = crocoddyl.StateMultibody(model)
        self._actuation = crocoddyl.ActuationModelFull(self._state)
        self._tool = model.getFrameId(setting["tool"])
        self._poses: list[Any] = []
        running = [self._node(self._dt, scale=1.0) for _ in range(setting["nodes"])]
        last = self._node(0.0, scale=setting["weights"]["terminal"] / self._dt)
        self._x = np.concatenate((setting["q_rest"], np.zeros(model.nv)))
        problem = crocoddyl.ShootingProblem(self._x, running, last)
        problem.nthreads = 1  # all of them would share one core
        self._solver = crocoddyl.SolverBoxFDDP(problem)
        self.start(setting["q_rest"])

    def start(self, q: list[float]) -> None:
        """Begin at rest, with a plan that stays there."""
        nv = self._model.nv
        self._x = np.concatenate((q, np.zeros(nv)))
        holding = pin.rnea(self._model, self._model.createData(), self._x[:nv], np.zeros(nv), np.zeros(nv))
        self._xs = [self._x.copy() for _ in range(self._setting["nodes"] + 1)]
        self._us = [holding.copy() for _ in range(self._setting["nodes"])]

    def step(self, T_base_target: list[list[float]]) -> dict[str, Any]:
        """Solve one iteration toward the target and return the next state."""
        target = np.array(T_base_target)
        began = perf_counter()
        placement = pin.SE3(target)
        for pose in self._poses:
            pose.reference = placement
        solver = self._solver
        solver.problem.x0 = self._x
        self._xs[0] = self._x
        solver.solve(self._xs, self._us, 1, False)
        xs, us = list(solver.xs), list(solver.us)
        x = np.array(xs[1])
        self._xs, self._us = [*xs[1:], xs[-1]], [*us[1:], us[-1]]
        ms = 1e3 * (perf_counter() - began)
        solved = bool(np.isfinite(x).all())
        self._x = x if solved else np.concatenate((self._x[: self._model.nv], np.zeros(self._model.nv)))
        q, dq = np.split(self._x, 2)
        return {"q": q.tolist(), "dq": dq.tolist(), "ms": ms, "solved": solved}

    def _node(self, dt: float, *, scale: float) -> Any:
        """Return one node; its costs count for a control period, those of the last for `scale` of them."""
        setting, state, nv = self._setting, self._state, self._model.nv
        weights = setting["weights"]
        costs = crocoddyl.CostModelSum(state, nv)

        def add(name: str, residual: Any, activation: Any, weight: float) -> None:
            costs.addCost(name, crocoddyl.CostModelResidual(state, activation, residual), weight)

        pose = crocoddyl.ResidualModelFramePlacement(state, self._tool, pin.SE3.Identity(), nv)
        self._poses.append(pose)
        errors = np.array([weights["position"]] * 3 + [weights["orientation"]] * 3)
        add("pose", pose, crocoddyl.ActivationModelWeightedQuad(errors), scale)
        spread = np.array([weights["posture"]] * nv + [weights["velocity"]] * nv)
        rest = np.concatenate((setting["q_rest"], np.zeros(nv)))
        add(
            "rest",
            crocoddyl.ResidualModelState(state, rest, nv),
            crocoddyl.ActivationModelWeightedQuad(spread),
            scale,
        )
        low = np.concatenate((setting["q_min"], -np.array(setting["dq_max"])))
        high = np.concatenate((setting["q_max"], setting["dq_max"]))
        joints = crocoddyl.ResidualModelState(state, state.zero(), nv)
        add("joints", joints, _outside(low, high), PENALTY)
        tool = crocoddyl.ResidualModelFrameTranslation(state, self._tool, np.zeros(3), nv)
        add("box", tool, _outside(*(np.array(corner) for corner in setting["box"])), PENALTY)
        limit = np.array(setting["ddq_max"])
        if dt > 0.0:
            acceleration = crocoddyl.ResidualModelJointAcceleration(state, nv)
            add("acceleration", acceleration, crocoddyl.ActivationModelQuad(nv), weights["acceleration"])
            add("acceleration_bounds", acceleration, _outside(-limit, limit), ACCELERATION_PENALTY)
        dynamics = crocoddyl.DifferentialActionModelFreeFwdDynamics(state, self._actuation, costs)
        node = crocoddyl.IntegratedActionModelEuler(dynamics, dt)
        torque = np.array(setting["tau_max"])
        node.u_lb, node.u_ub = -torque, torque
        return node


def _outside(low: np.ndarray, high: np.ndarray) -> Any:
    return crocoddyl.ActivationModelQuadraticBarrier(crocoddyl.ActivationBounds(low, high))


def _arm(setting: dict[str, Any]) -> Any:
    """Return the arm of the MJCF with its other joints locked, the fingers open."""
    full = pin.buildModelFromMJCF(setting["mjcf"])
    locked = [j for j in range(1, full.njoints) if full.names[j] not in setting["joints"]]
    q = pin.neutral(full)
    for j in locked:
        q[full.joints[j].idx_q] = full.upperPositionLimit[full.joints[j].idx_q]
    return pin.buildReducedModel(full, locked, q)


def main() -> None:
    """Answer every line of standard input."""
    problem = Problem(json.loads(sys.stdin.readline()))
    print(json.dumps({"version": crocoddyl.__version__}), flush=True)
    for line in sys.stdin:
        what = json.loads(line)
        if "start" in what:
            problem.start(what["start"])
            print(json.dumps({}), flush=True)
        else:
            print(json.dumps(problem.step(what["target"])), flush=True)


if __name__ == "__main__":
    main()
