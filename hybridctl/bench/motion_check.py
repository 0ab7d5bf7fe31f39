"""Judges a motion by every limit: an independent check, from Pinocchio and coal, not from the controller."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import coal
import numpy as np
import pinocchio as pin

from controllers.gains import Gains
from controllers.obstacles import Obstacle
from controllers.robot_model import ROBOTS, RobotModel
from hybridctl.messages.arrays import FloatArray

LIMITS = ("position", "velocity", "acceleration", "torque", "box", "self_collision", "table", "world")
ROUNDING = 1e-6
"""What is broken by less is rounding [m, rad, rad/s, 1]; accelerations: divided by the control period."""
STILL = 0.005
"""A body slower than this does not run into an obstacle: the obstacle runs into it [m/s]."""
_GROUPS = ("self_collision", "table", "world")


@dataclass(frozen=True)
class Judgement:
    """One control period, judged.

    Attributes:
        room: How far each limit of LIMITS is [rad, rad/s, rad/s², m; torque: 1 - the largest ratio]; negative
            where it is broken, by how much.
        world_of_arm: As `room["world"]`, but of obstacles that move only where the arm's own body moves into
            them: one that runs into an arm at rest is not the arm's doing [m].
        T_base_tool: Tool pose, shape (4, 4) [m].
    """

    room: dict[str, float]
    world_of_arm: float
    T_base_tool: FloatArray

    @property
    def broken(self) -> dict[str, float]:
        """By how much each broken limit is broken."""
        return {name: -room for name, room in self.room.items() if room < 0.0}


class MotionCheck:
    """Computes how a commanded or measured state stands to every limit.

    Limits are those that the gains allow: joint positions less their margin, scaled velocities and
    accelerations; the workspace box, table and bodies themselves, without the margins that are kept from
    them. Bodies are the geoms of the MJCF as they are (the fingers are boxes), spread; every pair that may
    not touch is looked at, whichever the controller watches.

    Args:
        robot: The robot; its MJCF is read again.
        gains: Limits, box and table height.
        obstacles: Bodies of the world; the shapes stay, `judge` is told where they are.
    """

    def __init__(self, robot: RobotModel, gains: Gains, obstacles: Sequence[Obstacle] = ()) -> None:
        scales = gains.scales
        self.q_min, self.q_max = robot.q_min + scales.joint_margin, robot.q_max - scales.joint_margin
        self.dq_max = scales.velocity * robot.dq_max
        self.ddq_max = scales.acceleration * robot.ddq_max
        self._rounding = ROUNDING / gains.dt
        self._tau_max = robot.tau_max
        self._box = np.array(gains.workspace.lower), np.array(gains.workspace.upper)
        self._tool = robot.pin_model.frames[robot.tool_id].name
        self._model, arm = _arm_alone(robot)
        self._data = self._model.createData()
        self._tool_id = self._model.getFrameId(self._tool)
        self._geometry, self._groups = _with_surroundings(arm, robot, gains.table.height, obstacles)
        self._distances = pin.GeometryData(self._geometry)
        self._first_obstacle = len(arm.geometryObjects) + 1

    @property
    def pairs(self) -> dict[str, int]:
        """How many pairs of bodies are looked at, by limit."""
        return {name: sum(group == name for group in self._groups) for name in _GROUPS}

    def judge(
        self, q: FloatArray, dq: FloatArray, ddq: FloatArray, obstacles: Sequence[Obstacle] = ()
    ) -> Judgement:
        """Judge one state.

        Args:
            q: Positions, shape (n,) [rad].
            dq: Velocities, shape (n,) [rad/s].
            ddq: Accelerations on the way to it, shape (n,) [rad/s²].
            obstacles: Where the obstacles are now, in the order of the constructor.
        """
        model, data = self._model, self._data
        torque = pin.rnea(model, data, q, dq, ddq)
        for i, obstacle in enumerate(obstacles):
            self._geometry.geometryObjects[self._first_obstacle + i].placement = _placement(obstacle)
        pin.computeDistances(model, data, self._geometry, self._distances, q)
        T = np.array(pin.updateFramePlacement(model, data, self._tool_id).homogeneous)
        found = np.array([result.min_distance for result in self._distances.distanceResults])
        nearest = {
            name: float(found[[group == name for group in self._groups]].min(initial=np.inf))
            for name in _GROUPS
        }
        low, high = self._box
        room = {
            "position": float(np.minimum(q - self.q_min, self.q_max - q).min()),
            "velocity": float((self.dq_max - np.abs(dq)).min()),
            "acceleration": float((self.ddq_max - np.abs(ddq)).min()),
            "torque": float(1.0 - (np.abs(torque) / self._tau_max).max()),
            "box": float(np.minimum(T[:3, 3] - low, high - T[:3, 3]).min()),
            **nearest,
        }
        for name, value in room.items():
            tolerance = self._rounding if name == "acceleration" else ROUNDING
            room[name] = 0.0 if -tolerance <= value < 0.0 else value
        return Judgement(room, self._world_of_arm(q, dq, found, obstacles), T)

    def _world_of_arm(
        self, q: FloatArray, dq: FloatArray, found: FloatArray, obstacles: Sequence[Obstacle]
    ) -> float:
        """Return the smallest distance to an obstacle that is at rest or that the arm moves into [m]."""
        nearest = np.inf
        for k, group in enumerate(self._groups):
            if group != "world" or found[k] >= nearest:
                continue
            obstacle = obstacles[self._geometry.collisionPairs[k].second - self._first_obstacle]
            if found[k] >= 0.0 or not obstacle.velocity.any() or self._approach(k, q, dq) > STILL:
                nearest = float(found[k])
        return nearest

    def _approach(self, pair: int, q: FloatArray, dq: FloatArray) -> float:
        """Return how fast the arm's body of a penetrating pair moves into the other one [m/s]."""
        result = self._distances.distanceResults[pair]
        first = self._geometry.geometryObjects[self._geometry.collisionPairs[pair].first]
        point, other = np.array(result.getNearestPoint1()), np.array(result.getNearestPoint2())
        gap = point - other  # in penetration each nearest point lies inside the other body
        if np.linalg.norm(gap) < 1e-9:
            return 0.0
        pin.computeJointJacobians(self._model, self._data, q)
        frame = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
        J = pin.getJointJacobian(self._model, self._data, first.parentJoint, frame)
        v, w = J[:3] @ dq, J[3:] @ dq
        arm = np.array(self._data.oMi[first.parentJoint].translation)
        return float((v + np.cross(w, point - arm)) @ gap / np.linalg.norm(gap))


def _arm_alone(robot: RobotModel) -> tuple[Any, Any]:
    """Return model and geometry of the arm with open fingers, from its MJCF."""
    path = str(_mjcf(robot))
    full = pin.buildModelFromMJCF(path)
    geometry = pin.buildGeomFromMJCF(full, path, pin.GeometryType.COLLISION)
    locked = [j for j in range(1, full.njoints) if full.names[j] not in robot.joint_names]
    q = pin.neutral(full)
    for j in locked:
        q[full.joints[j].idx_q] = full.upperPositionLimit[full.joints[j].idx_q]
    model, geometry = pin.buildReducedModel(full, geometry, locked, q)
    return model, geometry


def _with_surroundings(
    arm: Any, robot: RobotModel, table: float, obstacles: Sequence[Obstacle]
) -> tuple[Any, list[str]]:
    """Add table and obstacles, and return the geometry with its pairs and the limit that each belongs to.

    The first two links cannot leave the base: neither table nor world is theirs to avoid.
    """
    geometry = arm.copy()
    count = len(arm.geometryObjects)
    above = coal.Halfspace(np.array([0.0, 0.0, 1.0]), table)
    geometry.addGeometryObject(pin.GeometryObject("table", 0, pin.SE3.Identity(), above))
    for i, obstacle in enumerate(obstacles):
        shape = coal.Capsule(obstacle.radius, float(np.linalg.norm(obstacle.end - obstacle.start)))
        geometry.addGeometryObject(pin.GeometryObject(f"obstacle{i}", 0, _placement(obstacle), shape))
    geometry.removeAllCollisionPairs()
    groups = []
    for a, b in _apart(robot, arm):
        geometry.addCollisionPair(pin.CollisionPair(a, b))
        groups.append("self_collision")
    for body in range(count):
        if int(arm.geometryObjects[body].parentJoint) < 2:
            continue
        for other in range(count, count + 1 + len(obstacles)):
            geometry.addCollisionPair(pin.CollisionPair(body, other))
            groups.append("table" if other == count else "world")
    return geometry, groups


def _apart(robot: RobotModel, arm: Any) -> list[tuple[int, int]]:
    """Return the pairs of geoms that may not touch: not neighbours, nor excluded in the MJCF."""
    excluded = {
        frozenset((item.attrib["body1"], item.attrib["body2"]))
        for item in ET.parse(_mjcf(robot)).getroot().iterfind("./contact/exclude")
    }
    geom_bodies = {
        geom.attrib["name"]: body.attrib["name"]
        for body in ET.parse(_mjcf(robot)).getroot().iter("body")
        for geom in body.findall("geom")
    }
    pairs = []
    for (a, first), (b, second) in combinations(enumerate(arm.geometryObjects), 2):
        neighbours = abs(int(first.parentJoint) - int(second.parentJoint)) <= 1
        bodies = frozenset((geom_bodies[first.name], geom_bodies[second.name]))
        if not neighbours and bodies not in excluded:
            pairs.append((a, b))
    return pairs


def _mjcf(robot: RobotModel) -> Path:
    return ROBOTS / f"{robot.name}.xml"


def _placement(obstacle: Obstacle) -> Any:
    """Return where a capsule along z has to be put to be the obstacle, an SE3 [m]."""
    along = obstacle.end - obstacle.start
    length = float(np.linalg.norm(along))
    R = np.eye(3)
    if length > 0.0:
        R = pin.Quaternion.FromTwoVectors(np.array([0.0, 0.0, 1.0]), along / length).toRotationMatrix()
    return pin.SE3(R, 0.5 * (obstacle.start + obstacle.end))
