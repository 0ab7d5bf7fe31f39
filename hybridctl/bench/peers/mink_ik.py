"""mink, differential inverse kinematics on MuJoCo, on the same arm with all the limits that it has."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from time import perf_counter
from typing import Any

import mink
import mujoco
import numpy as np

from controllers.gains import Gains
from controllers.obstacles import Obstacle
from controllers.robot_model import ROBOTS, RobotModel
from hybridctl.bench.follower import Step, brake
from hybridctl.bench.scenario import Scenario
from hybridctl.messages.arrays import FloatArray

GAIN, POSTURE, DAMPING = 0.15, 1e-3, 1e-6
"""Part of the error taken away a tick, the cost that keeps the elbow, and the QP's regularisation."""
DETECTION = 0.10
"""Distance from which on a pair is looked at [m]; at mink's default of 0.01 m it arrives too fast to stop."""


class MinkFollower:
    """mink with limits on positions, velocities and distances; it has none on accelerations or a box."""

    name = "mink"

    def __init__(self, robot: RobotModel, gains: Gains, scenario: Scenario) -> None:
        self._dt, self._ddq_max = gains.dt, gains.scales.acceleration * robot.ddq_max
        model, self._mocaps = _model(robot, gains, scenario)
        self._configuration = mink.Configuration(model)
        self._tool = mink.FrameTask("tool", "site", position_cost=1.0, orientation_cost=0.3, gain=GAIN)
        posture = mink.PostureTask(model, cost=POSTURE)
        posture.set_target(robot.q_rest)
        self._tasks = [self._tool, posture]
        speeds = dict(zip(robot.joint_names, gains.scales.velocity * robot.dq_max, strict=True))
        world = [
            ([body], [f"obstacle{i}"]) for body in scenario.pairs.world for i in range(len(self._mocaps))
        ]
        table = [([body], ["table"]) for body in scenario.pairs.table]
        own = [([a], [b]) for a, b in scenario.pairs.self_collision]
        self._limits = [
            mink.ConfigurationLimit(model, min_distance_from_limits=gains.scales.joint_margin),
            mink.VelocityLimit(model, speeds),
            mink.CollisionAvoidanceLimit(
                model,
                own,
                minimum_distance_from_collisions=gains.safety.self_collision_margin,
                collision_detection_distance=DETECTION,
                gain=GAIN,
            ),
            mink.CollisionAvoidanceLimit(
                model,
                table + world,
                minimum_distance_from_collisions=gains.table.clearance,
                collision_detection_distance=DETECTION,
                gain=GAIN,
            ),
        ]
        self._q, self._dq = robot.q_rest, np.zeros(robot.n)
        self.settings: dict[str, Any] = {
            "version": version("mink"),
            "solver": "daqp",
            "gain": GAIN,
            "collision_detection_distance": DETECTION,
            "pairs": len(own + table + world),
        }

    def start(self, q: FloatArray) -> None:
        """Begin at rest at `q`, shape (n,) [rad]."""
        self._q, self._dq = q, np.zeros_like(q)
        self._configuration.update(q)

    def step(self, T_base_target: FloatArray, obstacles: Sequence[Obstacle], now: float) -> Step:
        """Take the target and the obstacles as they are now, and compute the next command."""
        places = [0.5 * (obstacle.start + obstacle.end) for obstacle in obstacles]
        configuration, solved = self._configuration, True
        began = perf_counter()
        for mocap, place in zip(self._mocaps, places, strict=True):
            configuration.data.mocap_pos[mocap] = place
        configuration.update(self._q)
        self._tool.set_target(mink.SE3.from_matrix(T_base_target))
        try:
            dq = mink.solve_ik(
                configuration, self._tasks, self._dt, "daqp", damping=DAMPING, limits=self._limits
            )
            q = self._q + self._dt * dq
        except mink.NoSolutionFound:
            solved = False
            q, dq = brake(self._q, self._dq, ddq_max=self._ddq_max, dt=self._dt)
        ms = 1e3 * (perf_counter() - began)
        self._q, self._dq = q, dq
        return Step(q, dq, ms, solved)


def _model(robot: RobotModel, gains: Gains, scenario: Scenario) -> tuple[mujoco.MjModel, list[int]]:
    """Return the arm with open fingers, a table and obstacles, and the obstacles' mocap ids."""
    spec = mujoco.MjSpec.from_file(str(ROBOTS / f"{robot.name}.xml"))
    for item in (*spec.equalities, *spec.actuators):
        spec.delete(item)
    for joint in list(spec.joints):
        if joint.name not in robot.joint_names:
            joint.parent.pos = np.array(joint.parent.pos) + joint.range[1] * np.array(joint.axis)
            spec.delete(joint)
    spec.worldbody.add_geom(
        name="table",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[2.0, 2.0, 0.1],
        pos=[0.0, 0.0, gains.table.height],
    )
    for i, obstacle in enumerate(scenario.surroundings[0]):
        body = spec.worldbody.add_body(
            name=f"obstacle{i}", mocap=True, pos=0.5 * (obstacle.start + obstacle.end)
        )
        half = 0.5 * (obstacle.end - obstacle.start)
        if half.any():
            body.add_geom(
                name=f"obstacle{i}",
                type=mujoco.mjtGeom.mjGEOM_CAPSULE,
                fromto=[*-half, *half],
                size=[obstacle.radius, 0.0, 0.0],
            )
        else:
            body.add_geom(
                name=f"obstacle{i}", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[obstacle.radius, 0.0, 0.0]
            )
    model = spec.compile()
    return model, [int(model.body(f"obstacle{i}").mocapid[0]) for i in range(len(scenario.obstacles))]
