"""When new gains may take over a moving arm: once it can stop within the limits as they brake."""

from __future__ import annotations

import numpy as np

from controllers.braking import braked_velocity, stopping_velocity
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import FloatArray

_ROUNDING = 1e-9  # rad/s
_SLIVER = 1e-4  # m: an arm that leans on a wall of the box trembles by less, and its margin is larger


def can_take_over(model: RobotModel, old: Gains, new: Gains, *, q: FloatArray, dq: FloatArray) -> bool:
    """Return whether braking as `new` does stops joints and tool inside what `old` or `new` allows.

    Gains that brake more softly, taken at speed just before a limit, would carry the arm through it: nobody
    could brake any more. An arm at rest can always take over.

    Args:
        model: The robot.
        old: Gains in force.
        new: Gains that wait.
        q: Commanded positions, shape (n,) [rad].
        dq: Commanded velocities, shape (n,) [rad/s].
    """
    dt, ddq_max = new.dt, new.scales.acceleration * model.ddq_max
    margin = min(old.scales.joint_margin, new.scales.joint_margin)
    braked = braked_velocity(dq, ddq_max=ddq_max, dt=dt)
    above = stopping_velocity(model.q_max - margin - q - 0.5 * dt * dq, ddq_max=ddq_max, dt=dt)
    below = stopping_velocity(q - model.q_min - margin + 0.5 * dt * dq, ddq_max=ddq_max, dt=dt)
    if np.any(braked > np.maximum(above, 0.0) + _ROUNDING) or np.any(
        -braked > np.maximum(below, 0.0) + _ROUNDING
    ):
        return False
    stop = q + dq * np.abs(dq) / (2 * ddq_max)
    box = _union(old, new)
    # Outside the box already, as after a move by hand: what counts is that braking leads no further out.
    return _outside(model, stop, box) <= max(_outside(model, q, box), 0.0) + _SLIVER


def _union(old: Gains, new: Gains) -> tuple[FloatArray, FloatArray]:
    lower = [np.add(gains.workspace.lower, gains.workspace.margin) for gains in (old, new)]
    upper = [np.subtract(gains.workspace.upper, gains.workspace.margin) for gains in (old, new)]
    return np.minimum(*lower), np.maximum(*upper)


def _outside(model: RobotModel, q: FloatArray, box: tuple[FloatArray, FloatArray]) -> float:
    """Return by how much the tool is outside the box at `q` [m], negative inside."""
    p = model.forward_kinematics(np.clip(q, model.q_min, model.q_max))[:3, 3]
    return float(np.maximum(box[0] - p, p - box[1]).max())
