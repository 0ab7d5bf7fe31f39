"""Runs one scenario with some gains on a plant and keeps what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.controller import Controller
from controllers.gains import Gains
from controllers.obstacles import Obstacle
from controllers.robot_model import RobotModel
from controllers.target import pose_distance
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arrays import FloatArray
from hybridctl.record.clearance import segment_distances
from hybridctl.record.margins import MarginMeter
from hybridctl.tuning.plant import Plant
from hybridctl.tuning.scenario import Scenario

MARGIN_EVERY = 5
"""Distances in space are measured every so many periods."""


@dataclass(frozen=True, eq=False)
class Trace:
    """What happened, one row a control period, N rows.

    Attributes:
        scenario: Which course it was.
        time: Clock time, shape (N,) [s].
        tool: Measured tool point in the base frame, shape (N, 3) [m].
        wish: Wanted tool point, shape (N, 3) [m].
        error: Distance of the measured tool from the wish, shape (N,) [m].
        turn: Its angle from the wish, shape (N,) [rad].
        dq: Commanded velocities, shape (N, n) [rad/s].
        tau: Measured torques, shape (N, n) [Nm]; zero on the ideal plant.
        obstacle: Distance of the arm to the nearest obstacle, shape (N,) [m]; NaN without obstacles.
        margins: Smallest distance kept, by limit: joint [rad], table, links and workspace [m].
        solve_ms: Time of each step, shape (N,) [ms].
        violations: Periods in which the commanded state broke a limit, by limit.
        failures: Periods without a solution of the QP.
    """

    scenario: Scenario
    time: FloatArray
    tool: FloatArray
    wish: FloatArray
    error: FloatArray
    turn: FloatArray
    dq: FloatArray
    tau: FloatArray
    obstacle: FloatArray
    margins: dict[str, float]
    solve_ms: FloatArray
    violations: dict[str, int]
    failures: int


def run_scenario(
    scenario: Scenario, controller: Controller, plant: Plant, *, model: RobotModel, gains: Gains
) -> Trace:
    """Run `scenario` from the plant's present state; `gains` are those of the controller."""
    meter = MarginMeter(model, gains)
    controller.start(plant.read())
    rows: dict[str, list[object]] = {key: [] for key in ("time", "tool", "wish", "error", "turn")}
    rows |= {"dq": [], "tau": [], "obstacle": [], "solve_ms": []}
    margins: dict[str, float] = {}
    violations: dict[str, int] = {}
    failures = 0
    began = plant.read().stamp
    for tick in range(round(scenario.seconds / gains.dt)):
        time, state = tick * gains.dt, plant.read()
        bodies = scenario.obstacles(time)
        controller.set_obstacles(bodies)
        controller.set_target(PoseTarget(scenario.told(time), stamp=began + time))
        result = controller.step(state, now=began + time)
        T, wish = controller.tool_pose(state.q), scenario.wish(time)
        error, turn = pose_distance(T, wish)
        row = (time, T[:3, 3], wish[:3, 3], error, turn, result.command.dq, state.tau)
        for key, value in zip(rows, (*row, _distance(model, state.q, bodies), result.solve_ms), strict=True):
            rows[key].append(value)
        for name in result.violations:
            violations[name] = violations.get(name, 0) + 1
        failures += result.status == "qp_failed"
        if tick % MARGIN_EVERY == 0:
            found = meter.measure(state.q, T[:3, 3])
            for key in ("joint", "table", "links", "workspace"):
                value = getattr(found, key)
                if value is not None:
                    margins[key] = min(margins.get(key, np.inf), value)
        plant.advance(result.command, gains.dt)
    arrays = {key: np.array(values, dtype=np.float64) for key, values in rows.items()}
    return Trace(scenario=scenario, margins=margins, violations=violations, failures=failures, **arrays)


def _distance(model: RobotModel, q: FloatArray, bodies: tuple[Obstacle, ...]) -> float:
    """Return the distance of the arm's moving capsules to the nearest body [m]; NaN without bodies."""
    if not bodies:
        return float("nan")
    poses = model.joint_poses(q)
    capsules = [capsule for capsule in model.capsules if capsule.joint >= 0]
    ends = [capsule.ends(poses) for capsule in capsules]
    start, end = np.array([a for a, _ in ends]), np.array([b for _, b in ends])
    radius = np.array([capsule.radius for capsule in capsules])
    each = [
        segment_distances(
            start, end, np.broadcast_to(body.start, start.shape), np.broadcast_to(body.end, end.shape)
        )
        - radius
        - body.radius
        for body in bodies
    ]
    return float(np.min(each))
