"""Pose error, clearances and their Jacobians at every node, in one compiled call a tick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import casadi as ca

from controllers.codegen import BufferedFunction, compiled
from controllers.collision import Capsule
from controllers.kinematics import JointChain, joint_chain, tool_pose
from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Linearisation:
    """Values and Jacobians at E evaluated postures; arrays are views that the next evaluation overwrites.

    Attributes:
        error: Tool position minus target [m], then log(R_targetᵀ R_tool) [rad], shape (E, 6).
        error_jacobian: Its Jacobian, transposed, shape (E, n, 6).
        tool: Tool point in the base frame, shape (E, 3) [m].
        tool_jacobian: Its Jacobian, transposed, shape (E, n, 3).
        heights: Lowest point of every table body over z = 0, shape (E, bodies) [m].
        height_jacobian: Its Jacobian, transposed, shape (E, n, bodies).
        distances: Between the surfaces of every self-collision pair, shape (E, pairs) [m].
        distance_jacobian: Its Jacobian, transposed, shape (E, n, pairs).
    """

    error: FloatArray
    error_jacobian: FloatArray
    tool: FloatArray
    tool_jacobian: FloatArray
    heights: FloatArray
    height_jacobian: FloatArray
    distances: FloatArray
    distance_jacobian: FloatArray


class Linearizer:
    """Evaluates a Linearisation at E postures."""

    def __init__(self, model: RobotModel, *, postures: int) -> None:
        n = model.n
        function = compiled(_symbolic(model).map(postures, "serial"))
        self._call = BufferedFunction(function)
        self._q = self._call.inputs[0].reshape(postures, n)
        self._target_position = self._call.inputs[1].reshape(postures, 3)
        # CasADi stores matrices by columns, so a C-ordered view of a rotation is its transpose.
        self._target_rotation = self._call.inputs[2].reshape(postures, 3, 3)
        error, error_jacobian, tool, heights, height_jacobian, distances, distance_jacobian = (
            self._call.outputs
        )
        jacobian = error_jacobian.reshape(postures, n, 6)
        self._result = Linearisation(
            error=error.reshape(postures, 6),
            error_jacobian=jacobian,
            tool=tool.reshape(postures, 3),
            tool_jacobian=jacobian[:, :, :3],
            heights=heights.reshape(postures, -1),
            height_jacobian=height_jacobian.reshape(postures, n, -1),
            distances=distances.reshape(postures, -1),
            distance_jacobian=distance_jacobian.reshape(postures, n, -1),
        )

    def evaluate(self, q: FloatArray, T_base_target: FloatArray) -> Linearisation:
        """Linearise at postures `q`, shape (E, n) [rad], against `T_base_target`, shape (4, 4) [m]."""
        self._q[:] = q
        self._target_position[:] = T_base_target[:3, 3]
        self._target_rotation[:] = T_base_target[:3, :3].T
        self._call.evaluate()
        return self._result


def _symbolic(model: RobotModel) -> Any:
    """Build the function of one posture: (q, p_target, R_target) to values and Jacobians."""
    chain = joint_chain(model)
    p_target, R_target = ca.SX.sym("p_target", 3), ca.SX.sym("R_target", 3, 3)
    R, p = tool_pose(model, chain)
    joint = int(model.pin_model.frames[model.tool_id].parentJoint) - 1
    turn = rotation_log(R_target.T @ R)
    J_turn = log_jacobian(turn) @ R.T @ chain.angular_jacobian(joint)
    J_point = chain.point_jacobian(joint, p)

    heights, height_rows = [], []
    for name in model.table_bodies:
        value, row = _lowest_height(chain, model.capsule(name))
        heights.append(value)
        height_rows.append(row)
    distances, distance_rows = [], []
    for first, second in model.self_collision_pairs:
        value, row = _distance(chain, model.capsule(first), model.capsule(second))
        distances.append(value)
        distance_rows.append(row)
    outputs = [
        ca.vertcat(p - p_target, turn),
        ca.vertcat(J_point, J_turn),
        p,
        ca.vertcat(*heights),
        ca.vertcat(*height_rows),
        ca.vertcat(*distances),
        ca.vertcat(*distance_rows),
    ]
    outputs = [ca.densify(item) for item in outputs]
    return ca.Function("posture", [chain.q, p_target, R_target], outputs, {"cse": True})


def rotation_log(R: Any) -> Any:
    """Return the rotation vector of R, SX of shape (3, 1) [rad]: the true log map, not ½vee(R − Rᵀ).

    ½vee falls back to zero beyond 90°, so it never turns a tool that is 180° off. At exactly 180° the
    axis is lost here; targets are brought nearer than that first (target.step_toward).
    """
    vee = ca.vertcat(R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]) / 2
    sine = ca.sqrt(ca.dot(vee, vee) + 1e-24)
    cosine = (R[0, 0] + R[1, 1] + R[2, 2] - 1) / 2
    return vee * ca.atan2(sine, cosine) / sine


def log_jacobian(turn: Any) -> Any:
    """Return the inverse right Jacobian of SO(3) at rotation vector `turn`, SX of shape (3, 3).

    Sola et al., A micro Lie theory for state estimation in robotics, arXiv 1812.01537, eq. (144).
    """
    square = ca.dot(turn, turn)
    small = square < 1e-6
    safe = ca.if_else(small, 1.0, square)
    angle = ca.sqrt(safe)
    factor = ca.if_else(
        small, 1 / 12 + square / 720, 1 / safe - (1 + ca.cos(angle)) / (2 * angle * ca.sin(angle))
    )
    K = ca.skew(turn)
    return ca.SX.eye(3) + K / 2 + factor * (K @ K)


def _lowest_height(chain: JointChain, capsule: Capsule) -> tuple[Any, Any]:
    """Return the height of a body's lowest point [m] and its Jacobian, shape (1, n).

    A box is taken as it is: its lowest corner. Everything else is its capsule.
    """
    if capsule.half_sides is not None:
        centre = chain.point(capsule.joint, (capsule.start + capsule.end) / 2)
        corner = centre
        for half_side in capsule.half_sides:
            toward = chain.point(capsule.joint, (capsule.start + capsule.end) / 2 + half_side) - centre
            corner = corner - ca.if_else(toward[2] > 0, 1, -1) * toward
        return corner[2], chain.point_jacobian(capsule.joint, corner)[2, :]
    start, end = chain.point(capsule.joint, capsule.start), chain.point(capsule.joint, capsule.end)
    lower = ca.if_else(start[2] < end[2], start, end)
    return lower[2] - capsule.radius, chain.point_jacobian(capsule.joint, lower)[2, :]


def _distance(chain: JointChain, first: Capsule, second: Capsule) -> tuple[Any, Any]:
    """Return the distance between two capsules [m] and its Jacobian, shape (1, n).

    Nearest points of two segments: Ericson, Real-Time Collision Detection, 5.1.9. The nearest points'
    own motion along the segments does not change the distance to first order (envelope theorem).
    """
    a0, a1 = chain.point(first.joint, first.start), chain.point(first.joint, first.end)
    b0, b1 = chain.point(second.joint, second.start), chain.point(second.joint, second.end)
    d1, d2, r = a1 - a0, b1 - b0, a0 - b0
    a, e, b, c, f = ca.dot(d1, d1), ca.dot(d2, d2), ca.dot(d1, d2), ca.dot(d1, r), ca.dot(d2, r)
    tiny = 1e-12
    denominator = a * e - b * b
    crossing = (b * f - c * e) / ca.fmax(denominator, tiny)
    # Parallel, or one is a point: any s does if it is the first's nearest to the second's start.
    s0 = ca.fmin(ca.fmax(ca.if_else(denominator > tiny, crossing, -c / ca.fmax(a, tiny)), 0), 1)
    t0 = (b * s0 + f) / ca.fmax(e, tiny)
    t = ca.fmin(ca.fmax(t0, 0), 1)
    s_end = ca.fmin(ca.fmax((b * t - c) / ca.fmax(a, tiny), 0), 1)
    s = ca.if_else(t0 == t, s0, s_end)
    on_first, on_second = a0 + s * d1, b0 + t * d2
    gap = on_first - on_second
    length = ca.sqrt(ca.dot(gap, gap) + 1e-16)
    motion = chain.point_jacobian(first.joint, on_first) - chain.point_jacobian(second.joint, on_second)
    return length - first.radius - second.radius, (gap / length).T @ motion
