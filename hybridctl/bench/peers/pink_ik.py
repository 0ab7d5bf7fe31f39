"""Pink, differential inverse kinematics on Pinocchio, on the same arm with barriers and all its limits."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from time import perf_counter
from typing import Any

import coal
import numpy as np
import pink
import pinocchio as pin
from pink.barriers import PositionBarrier, SelfCollisionBarrier
from pink.exceptions import PinkError
from pink.limits import AccelerationLimit, ConfigurationLimit, VelocityLimit
from pink.tasks import FrameTask, PostureTask

from controllers.gains import Gains
from controllers.obstacles import Obstacle
from controllers.robot_model import ROBOTS, RobotModel
from hybridctl.bench.follower import Step, brake
from hybridctl.bench.scenario import Scenario
from hybridctl.messages.arrays import FloatArray

GAIN, POSTURE = 0.1, 1e-3
"""Part of the error taken away a tick, and the cost that keeps the elbow."""
BARRIER_GAIN = 4.0
"""How fast room to a barrier may be used up [1/s]: faster than the acceleration limit can brake is no use."""


class PinkFollower:
    """Pink with its limits on positions, velocities and accelerations, and barriers for box and distances."""

    name = "pink"

    def __init__(self, robot: RobotModel, gains: Gains, scenario: Scenario) -> None:
        self._dt, self._ddq_max = gains.dt, gains.scales.acceleration * robot.ddq_max
        model, self._geometry = _model(robot, gains, scenario)
        self._low, self._high = model.lowerPositionLimit, model.upperPositionLimit
        self._first_obstacle = len(self._geometry.geometryObjects) - len(scenario.obstacles)
        self._configuration = pink.Configuration(
            model, model.createData(), robot.q_rest, copy_data=False, collision_model=self._geometry
        )
        tool = robot.pin_model.frames[robot.tool_id].name
        self._tool = FrameTask(tool, position_cost=1.0, orientation_cost=0.3, gain=GAIN)
        posture = PostureTask(cost=POSTURE)
        posture.set_target(robot.q_rest)
        self._tasks = [self._tool, posture]
        self._acceleration = AccelerationLimit(model, self._ddq_max)
        self._limits = [ConfigurationLimit(model), VelocityLimit(model), self._acceleration]
        box = gains.workspace
        pairs = len(self._geometry.collisionPairs)
        self._barriers = [
            PositionBarrier(
                tool,
                p_min=np.add(box.lower, box.margin),
                p_max=np.subtract(box.upper, box.margin),
                gain=BARRIER_GAIN,
            ),
            SelfCollisionBarrier(
                pairs, gain=BARRIER_GAIN, safe_displacement_gain=0.0, d_min=gains.table.clearance
            ),
        ]
        self._q, self._dq = robot.q_rest, np.zeros(robot.n)
        self.settings: dict[str, Any] = {
            "version": version("pin-pink"),
            "solver": "daqp",
            "gain": GAIN,
            "barrier_gain": BARRIER_GAIN,
            "pairs": pairs,
        }

    def start(self, q: FloatArray) -> None:
        """Begin at rest at `q`, shape (n,) [rad]."""
        self._q, self._dq = q, np.zeros_like(q)
        self._acceleration.set_last_integration(self._dq, self._dt)
        self._configuration.update(q)

    def step(self, T_base_target: FloatArray, obstacles: Sequence[Obstacle], now: float) -> Step:
        """Take the target and the obstacles as they are now, and compute the next command."""
        places = [0.5 * (obstacle.start + obstacle.end) for obstacle in obstacles]
        configuration, solved = self._configuration, True
        began = perf_counter()
        for i, place in enumerate(places, start=self._first_obstacle):
            self._geometry.geometryObjects[i].placement.translation = place
        configuration.update(self._q)
        self._tool.set_target(pin.SE3(T_base_target))
        try:
            dq = pink.solve_ik(
                configuration,
                self._tasks,
                self._dt,
                solver="daqp",
                limits=self._limits,
                barriers=self._barriers,
                safety_break=False,
            )
            q = self._q + self._dt * dq
        except PinkError:
            solved = False
            # From beyond a joint limit Pink's acceleration limit is not a number, so it would never go on.
            q, _ = brake(self._q, self._dq, ddq_max=self._ddq_max, dt=self._dt)
            q = np.clip(q, self._low, self._high)
            dq = (q - self._q) / self._dt
        self._acceleration.set_last_integration(dq, self._dt)
        ms = 1e3 * (perf_counter() - began)
        self._q, self._dq = q, dq
        return Step(q, dq, ms, solved)


def _model(robot: RobotModel, gains: Gains, scenario: Scenario) -> tuple[Any, Any]:
    """Return the arm with the gains' limits and its geometry with table and obstacles."""
    path = str(ROBOTS / f"{robot.name}.xml")
    full = pin.buildModelFromMJCF(path)
    geometry = pin.buildGeomFromMJCF(full, path, pin.GeometryType.COLLISION)
    locked = [j for j in range(1, full.njoints) if full.names[j] not in robot.joint_names]
    q = pin.neutral(full)
    for j in locked:
        q[full.joints[j].idx_q] = full.upperPositionLimit[full.joints[j].idx_q]
    model, geometry = pin.buildReducedModel(full, geometry, locked, q)
    scales = gains.scales
    model.lowerPositionLimit = robot.q_min + scales.joint_margin
    model.upperPositionLimit = robot.q_max - scales.joint_margin
    model.velocityLimit = scales.velocity * robot.dq_max
    # A box with a flat top: the barrier wants nearest points, which coal gives for no half space.
    depth = pin.SE3(np.eye(3), np.array([0.0, 0.0, gains.table.height - 0.5]))
    table = geometry.addGeometryObject(pin.GeometryObject("table", 0, depth, coal.Box(4.0, 4.0, 1.0)))
    obstacles = [geometry.addGeometryObject(_obstacle(i, o)) for i, o in enumerate(scenario.surroundings[0])]
    geometry.removeAllCollisionPairs()
    identify, pairs = geometry.getGeometryId, scenario.pairs
    for a, b in pairs.self_collision:
        geometry.addCollisionPair(pin.CollisionPair(identify(a), identify(b)))
    for body in pairs.table:
        geometry.addCollisionPair(pin.CollisionPair(identify(body), table))
    for body in pairs.world:
        for obstacle in obstacles:
            geometry.addCollisionPair(pin.CollisionPair(identify(body), obstacle))
    return model, geometry


def _obstacle(i: int, obstacle: Obstacle) -> Any:
    along = obstacle.end - obstacle.start
    length = float(np.linalg.norm(along))
    R = np.eye(3)
    if length > 0.0:
        R = pin.Quaternion.FromTwoVectors(np.array([0.0, 0.0, 1.0]), along / length).toRotationMatrix()
    shape = coal.Capsule(obstacle.radius, length) if length > 0.0 else coal.Sphere(obstacle.radius)
    placement = pin.SE3(R, 0.5 * (obstacle.start + obstacle.end))
    return pin.GeometryObject(f"obstacle{i}", 0, placement, shape)
