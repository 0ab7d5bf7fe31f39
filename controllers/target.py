"""What becomes of a target over time and distance: it moves on, is brought near, is reached, lets go."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from hybridctl.messages.arrays import FloatArray


def pose_distance(T_base_tool: FloatArray, T_base_target: FloatArray) -> tuple[float, float]:
    """Return the distance [m] and the angle [rad] between two poses, each of shape (4, 4)."""
    turn = pin.log3(T_base_tool[:3, :3].T @ T_base_target[:3, :3])
    return float(np.linalg.norm(T_base_target[:3, 3] - T_base_tool[:3, 3])), float(np.linalg.norm(turn))


def step_toward(
    T_base_tool: FloatArray, T_base_target: FloatArray, *, max_translation: float, max_rotation: float
) -> FloatArray:
    """Return the target, shape (4, 4), or a pose toward it no farther than the given step.

    Args:
        T_base_tool: Present tool pose, shape (4, 4) [m].
        T_base_target: Wanted tool pose, shape (4, 4) [m].
        max_translation: Longest step [m], along the straight line.
        max_rotation: Largest turn [rad], along the geodesic.
    """
    T = np.array(T_base_target, dtype=np.float64)
    shift = T[:3, 3] - T_base_tool[:3, 3]
    length = math.sqrt(shift @ shift)
    if length > max_translation:
        T[:3, 3] = T_base_tool[:3, 3] + shift * (max_translation / length)
    # The trace tells the angle for less than the logarithm costs; this runs in every control period.
    if (np.vdot(T_base_tool[:3, :3], T[:3, :3]) - 1.0) / 2.0 < math.cos(max_rotation):
        turn = pin.log3(T_base_tool[:3, :3].T @ T[:3, :3])
        angle = math.sqrt(turn @ turn)
        T[:3, :3] = T_base_tool[:3, :3] @ pin.exp3(turn * min(1.0, max_rotation / angle))
    return T


def moved_on(T_base_target: FloatArray, twist: FloatArray | None, seconds: float) -> FloatArray:
    """Return where a target is after it moved on for `seconds`, shape (4, 4) [m].

    Args:
        T_base_target: Where it was, shape (4, 4) [m].
        twist: Linear, then angular velocity along the base axes, shape (6,) [m/s, rad/s]; None at rest.
        seconds: For how long [s].
    """
    T = np.array(T_base_target, dtype=np.float64)
    if twist is not None:
        T[:3, 3] += seconds * twist[:3]
        T[:3, :3] = pin.exp3(seconds * twist[3:]) @ T[:3, :3]
    return T


def between(T_base_start: FloatArray, T_base_end: FloatArray, part: float) -> FloatArray:
    """Return the pose at `part` (0 to 1) of the straight way and the geodesic between two, shape (4, 4)."""
    T = np.array(T_base_start, dtype=np.float64)
    T[:3, 3] += part * (T_base_end[:3, 3] - T[:3, 3])
    T[:3, :3] = T[:3, :3] @ pin.exp3(part * pin.log3(T[:3, :3].T @ T_base_end[:3, :3]))
    return T


def smooth_step(x: float) -> tuple[float, float]:
    """Return 3x² − 2x³ and its slope 6x − 6x²: from 0 to 1, at rest at both ends and beyond them."""
    x = min(max(x, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x), 6.0 * x * (1.0 - x)


def pull_of(age: float, *, stale_after: float, decay: float) -> float:
    """Return how much a target still pulls, 1 to 0.

    Until `stale_after` it pulls fully; over `decay` it gives way, as 1 − 3x² + 2x³, to where braking would
    end.

    Args:
        age: Age of the target [s].
        stale_after: Age from which it is stale [s].
        decay: How long it takes to let go [s].
    """
    return 1.0 - smooth_step((age - stale_after) / decay)[0]


def reached(T_base_tool: FloatArray, T_base_target: FloatArray, tolerance: tuple[float, float]) -> bool:
    """Return whether a pose is within `tolerance` [m] and [rad] of the target; never for a tolerance of 0."""
    distance, angle = pose_distance(T_base_tool, T_base_target)
    return distance < tolerance[0] and angle < tolerance[1]
