"""What one seed of the stress bench asks of the controller: a start, jumps of the target, obstacles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.gains import Gains
from controllers.obstacles import Obstacle
from controllers.robot_model import RobotModel
from hybridctl.bench.motion_check import MotionCheck
from hybridctl.messages.arrays import FloatArray

STARTS = ("inside", "at_bounds", "outside", "too_fast")
"""Kinds of starts, in turn by seed."""
OUTSIDE = 0.09
"""Largest start beyond a joint's position bound [rad]."""
TOO_FAST = 1.5
"""Largest start over its velocity bound [1]."""
JUMP_TICKS = (40, 160)
"""Shortest and longest time between jumps of the target [ticks]."""
FAR = 0.5
"""How far outside the workspace box targets lie [m]."""
CLEAR = 0.03
"""Room that a start leaves to box, table and bodies [m]."""
OBSTACLE_CLEAR = 0.06
"""Room that it leaves to obstacles [m]."""
OBSTACLES_AT_REST, OBSTACLES_MOVING = 2, 1
SLOWEST, FASTEST = 0.05, 0.2
"""Speed of obstacles that move [m/s]: the arm can get out of the way of those."""


@dataclass(frozen=True)
class StressCase:
    """A start, jumps of the target and obstacles.

    Attributes:
        start: Kind of start, one of STARTS.
        q: Start, shape (n,) [rad].
        dq: Its velocity, shape (n,) [rad/s].
        jumps: Ticks at which the target jumps, the first 0.
        targets: Where it jumps to, arrays of shape (4, 4) [m].
        obstacles: At the beginning.
    """

    start: str
    q: FloatArray
    dq: FloatArray
    jumps: tuple[int, ...]
    targets: tuple[FloatArray, ...]
    obstacles: tuple[Obstacle, ...]

    def target(self, tick: int) -> FloatArray:
        """Return the target at a tick, shape (4, 4) [m]."""
        return self.targets[sum(jump <= tick for jump in self.jumps) - 1]


def draw_case(robot: RobotModel, gains: Gains, seed: int, *, ticks: int) -> StressCase:
    """Draw the case of a seed, for a motion of `ticks` control periods."""
    rng = np.random.default_rng(seed)
    start = STARTS[seed % len(STARTS)]
    check = MotionCheck(robot, gains)
    q, dq = _draw_start(rng, check, start)
    jumps, targets = [0], [_draw_target(rng, gains)]
    while (jump := jumps[-1] + int(rng.integers(*JUMP_TICKS))) < ticks:
        jumps.append(jump)
        targets.append(_draw_target(rng, gains))
    obstacles = _draw_obstacles(rng, robot, gains, q)
    return StressCase(start, q, dq, tuple(jumps), tuple(targets), obstacles)


def _draw_start(rng: np.random.Generator, check: MotionCheck, start: str) -> tuple[FloatArray, FloatArray]:
    """Return a start that leaves room to everything but the joint bounds that it is to be at or beyond."""
    still = np.zeros_like(check.q_min)
    while True:
        dq = still.copy()
        low, high = check.q_min, check.q_max
        if start == "too_fast":
            dq = rng.uniform(-TOO_FAST, TOO_FAST, dq.shape) * check.dq_max
            way = dq * np.abs(dq) / (2.0 * 0.9 * check.ddq_max)
            low, high = low - np.minimum(way, 0.0), high - np.maximum(way, 0.0)
        q = rng.uniform(low, high)
        if start in ("at_bounds", "outside"):
            joints = rng.choice(len(q), size=int(rng.integers(1, 4)), replace=False)
            beyond = rng.uniform(0.0, OUTSIDE, len(joints)) if start == "outside" else 0.0
            upper = rng.random(len(joints)) < 0.5
            q[joints] = np.where(upper, check.q_max[joints] + beyond, check.q_min[joints] - beyond)
        room = check.judge(q, still, still).room
        if min(room[limit] for limit in ("box", "table", "self_collision")) > CLEAR:
            return q, dq


def _draw_target(rng: np.random.Generator, gains: Gains) -> FloatArray:
    """Return a pose up to FAR outside the box, turned by anything."""
    T = np.eye(4)
    R, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    T[:3, :3] = R * np.sign(np.linalg.det(R))
    T[:3, 3] = rng.uniform(np.array(gains.workspace.lower) - FAR, np.array(gains.workspace.upper) + FAR)
    return T


def _draw_obstacles(
    rng: np.random.Generator, robot: RobotModel, gains: Gains, q: FloatArray
) -> tuple[Obstacle, ...]:
    """Return capsules and spheres in the box, clear of the arm where it starts."""
    low, high = np.array(gains.workspace.lower), np.array(gains.workspace.upper)
    still, found = np.zeros_like(q), list[Obstacle]()
    while len(found) < OBSTACLES_AT_REST + OBSTACLES_MOVING:
        centre, towards = rng.uniform(low, high), rng.uniform(low, high)
        half = 0.5 * rng.uniform(0.0, 0.25) * _direction(rng.normal(size=3)) * (rng.random() < 0.7)
        velocity = np.zeros(3)
        if len(found) >= OBSTACLES_AT_REST:
            velocity = rng.uniform(SLOWEST, FASTEST) * _direction(towards - centre)
        radius = float(rng.uniform(0.03, 0.08))
        obstacle = Obstacle(f"obstacle{len(found)}", centre - half, centre + half, radius, velocity)
        check = MotionCheck(robot, gains, (obstacle,))
        if check.judge(q, still, still, (obstacle,)).room["world"] > OBSTACLE_CLEAR:
            found.append(obstacle)
    return tuple(found)


def _direction(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))
