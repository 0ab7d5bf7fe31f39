"""Turns costs and limits into one compiled function of state and parameters, and into the tables beside it.

Kinematics are linearised at the present posture and at the nominal ones of nodes 2 to N: at node 1, one
control period ahead, the controls have next to no effect on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import casadi as ca

from controllers.codegen import compiled
from controllers.costs.cost import NodeCost
from controllers.kinematics import joint_chain, tool_joint, tool_pose
from controllers.limits.acceleration import AccelerationLimit
from controllers.limits.limit import JointLimit, NodeLimit
from controllers.limits.position import second_nodes
from controllers.parameters import ParameterLayout
from controllers.robot_model import RobotModel
from controllers.symbols import Node, Residual, Rows, State
from controllers.term import Term

SHARED: dict[str, tuple[int, ...]] = {
    "held.start": (3,),
    "held.end": (3,),
    "held.radius": (),
    "held.mass": (),
    "held.centre": (3,),
    "target.position": (3,),
    "target.rotation": (3, 3),
    "target.twist": (6,),
}
"""Parameters that the MPC writes whatever its terms are: the held object in the tool frame [m, kg], and the
target with its twist [m, m/s, rad/s]."""


@dataclass(frozen=True)
class NodeGroup:
    """Terms that are evaluated at the same nodes.

    Attributes:
        nodes: Which, counted from 0; -1 is the present state.
        costs: Costs there.
        limits: Limits there.
        widths: Rows of each limit at one node.
        kinds: What each limit's rows are of.
        residuals: Rows of all costs together at one node.
    """

    nodes: tuple[int, ...]
    costs: tuple[NodeCost, ...]
    limits: tuple[NodeLimit, ...]
    widths: tuple[int, ...]
    kinds: tuple[str, ...]
    residuals: int


@dataclass(frozen=True, eq=False)
class Problem:
    """A compiled problem.

    The function takes q, dq, ddq (the last period's), plan_q, plan_dq (n each), plan_u (n, N) and the
    parameters; it returns bounds of u, (n·N) each; bounds of the joint rows; violations of joint limits; and
    for each group: cost matrix (n, K·rows), cost offsets, row matrix (n, nodes·rows), lower and upper bounds,
    and by how much the present state breaks each limit of the group.

    Attributes:
        function: The CasADi function.
        layout: Where parameters lie.
        groups: The groups of node terms.
        joint_limits: Limits on the joints' own motion.
    """

    function: Any
    layout: ParameterLayout
    groups: tuple[NodeGroup, ...]
    joint_limits: tuple[JointLimit, ...]


@lru_cache(maxsize=32)
def compile_problem(
    model: RobotModel,
    nodes: int,
    costs: tuple[NodeCost, ...],
    limits: tuple[NodeLimit, ...],
    joint_limits: tuple[JointLimit, ...],
) -> Problem:
    """Build and compile the problem of `nodes` nodes; the same arguments get the same problem."""
    acceleration = AccelerationLimit()
    shapes = dict(SHARED) | {"horizon.times": (nodes,), "horizon.weights": (nodes,)}
    shapes |= {"horizon.shifted_position": (nodes, nodes), "horizon.shifted_velocity": (nodes, nodes)}
    terms: tuple[Term, ...] = (acceleration, *joint_limits, *costs, *limits)
    for term in terms:
        shapes |= term.shapes(model)
    layout = ParameterLayout(shapes)
    tick = _tick(model, nodes, layout, acceleration, joint_limits)
    second = tuple(second_nodes(nodes))
    found = []
    for at, where in (("each", (-1, *range(1, nodes))), ("second", (-1, *second)), ("last", (nodes - 1,))):
        chosen_costs = tuple(cost for cost in costs if cost.at == at)
        chosen_limits = tuple(limit for limit in limits if limit.at == at)
        if chosen_costs or chosen_limits:
            found.append(_group(model, layout, at, where, chosen_costs, chosen_limits))
    function = _assemble(model, nodes, layout, tick, found)
    return Problem(compiled(function), layout, tuple(group for group, _ in found), joint_limits)


def _tick(
    model: RobotModel,
    nodes: int,
    layout: ParameterLayout,
    acceleration: AccelerationLimit,
    joint_limits: tuple[JointLimit, ...],
) -> Any:
    """Build what needs no kinematics: nominal motion, bounds of u, bounds of joint rows."""
    n = model.n
    q, dq, ddq = (ca.SX.sym(name, n) for name in ("q", "dq", "ddq"))
    plan_q, plan_dq, plan_u = ca.SX.sym("plan_q", n), ca.SX.sym("plan_dq", n), ca.SX.sym("plan_u", n, nodes)
    vector = ca.SX.sym("parameters", layout.size)
    p = layout.symbols(vector)
    times = p["horizon.times"]
    durations = times - ca.vertcat(0, times[:-1])
    dt = durations[0]
    state = State(model, nodes, q, dq, ddq, times, durations, p)
    # The limiter may have altered the command: start the old plan from where the arm really is.
    shift = q - (plan_q + dt * plan_dq + 0.5 * dt**2 * plan_u[:, 0])
    turn = dq - (plan_dq + dt * plan_u[:, 0])
    ones = ca.SX.ones(1, nodes)
    nominal = (plan_q + shift) @ ones + plan_dq @ (times.T + dt) + plan_u @ p["horizon.shifted_position"].T
    speed = (plan_dq + turn) @ ones + plan_u @ p["horizon.shifted_velocity"].T
    to_free = q @ ones + dq @ times.T - nominal
    lower, upper = acceleration.bounds(state)
    rows = [limit.bounds(state) for limit in joint_limits]
    joint_lower = ca.horzcat(*[low * limit.scale for limit, (low, _) in zip(joint_limits, rows, strict=True)])
    joint_upper = ca.horzcat(*[up * limit.scale for limit, (_, up) in zip(joint_limits, rows, strict=True)])
    violations = ca.vertcat(*[limit.violation(state) for limit in joint_limits])
    outputs = [nominal, speed, to_free, ca.vec(lower), ca.vec(upper), joint_lower, joint_upper, violations]
    return ca.Function(
        "tick",
        [q, dq, ddq, plan_q, plan_dq, plan_u, vector],
        [ca.densify(ca.SX(item)) for item in outputs],
        {"cse": True},
    )


def _group(
    model: RobotModel,
    layout: ParameterLayout,
    at: str,
    where: tuple[int, ...],
    costs: tuple[NodeCost, ...],
    limits: tuple[NodeLimit, ...],
) -> tuple[NodeGroup, Any]:
    """Build one node's function of a group: (q̄, dq̄, to_free, time, weight, dq, parameters) to its terms."""
    chain, n = joint_chain(model), model.n
    dq, to_free, dq_now = (ca.SX.sym(name, n) for name in ("dq", "to_free", "dq_now"))
    time, weight, vector = ca.SX.sym("time"), ca.SX.sym("weight"), ca.SX.sym("parameters", layout.size)
    R, p = tool_pose(model, chain)
    joint = tool_joint(model)
    J = ca.vertcat(chain.point_jacobian(joint, p), chain.angular_jacobian(joint))
    node = Node(model, chain, dq, dq_now, time, weight, p, R, J, layout.symbols(vector))
    G, r = _costs_at(node, [cost.residual(node) for cost in costs], to_free)
    found = [limit.rows(node) for limit in limits]
    A, lower, upper, excess = _rows_at(found, [limit.scale for limit in limits], to_free, time)
    outputs = [ca.densify(ca.SX(item)) for item in (G, r, A, lower, upper, excess)]
    inputs = [chain.q, dq, to_free, time, weight, dq_now, vector]
    group = NodeGroup(
        nodes=where,
        costs=costs,
        limits=limits,
        widths=tuple(int(rows.value.shape[0]) for rows in found),
        kinds=tuple(rows.of for rows in found),
        residuals=int(r.shape[0]),
    )
    return group, ca.Function(at, inputs, outputs, {"cse": True})


def _costs_at(node: Node, residuals: list[Residual], to_free: Any) -> tuple[Any, Any]:
    """Return weighted Jacobians, (n, rows), and residuals of the unforced motion, (rows, 1)."""
    matrices, offsets = [ca.SX.zeros(node.model.n, 0)], [ca.SX.zeros(0, 1)]
    for item in residuals:
        root = ca.sqrt(item.weight * node.weight)
        matrices.append((ca.diag(root) @ item.jacobian).T)
        offsets.append(root * (item.value + item.jacobian @ to_free))
    return ca.horzcat(*matrices), ca.vertcat(*offsets)


def _rows_at(found: list[Rows], scales: list[float], to_free: Any, time: Any) -> tuple[Any, Any, Any, Any]:
    """Return matrix (n, rows), bounds without the unforced motion, and what the present state breaks."""
    n = to_free.shape[0]
    matrices, lowers, uppers, excesses = [ca.SX.zeros(n, 0)], [ca.SX(0, 1)], [ca.SX(0, 1)], [ca.SX(0, 1)]
    for rows, scale in zip(found, scales, strict=True):
        free = rows.value + rows.jacobian @ to_free if rows.of == "q" else rows.value
        lower, upper = ca.SX(rows.lower) - free, ca.SX(rows.upper) - free
        excess = ca.fmax(ca.mmax(ca.fmax(lower, -upper)) if rows.excess is None else rows.excess, 0)
        # A torque at zero acceleration is not the arm's present one.
        excesses.append(excess if rows.of != "ddq" else ca.SX(0))
        if rows.of == "q":
            # The present posture is what it is: no control changes it.
            lower = ca.if_else(time > 0, lower, -ca.inf)
            upper = ca.if_else(time > 0, upper, ca.inf)
        matrices.append(scale * rows.jacobian.T)
        lowers.append(scale * lower)
        uppers.append(scale * upper)
    return ca.horzcat(*matrices), ca.vertcat(*lowers), ca.vertcat(*uppers), ca.vertcat(*excesses)


def _assemble(
    model: RobotModel, nodes: int, layout: ParameterLayout, tick: Any, found: list[tuple[NodeGroup, Any]]
) -> Any:
    """Join the tick's function and the groups', each mapped over its nodes."""
    n = model.n
    q, dq, ddq = (ca.MX.sym(name, n) for name in ("q", "dq", "ddq"))
    plan_q, plan_dq, plan_u = ca.MX.sym("plan_q", n), ca.MX.sym("plan_dq", n), ca.MX.sym("plan_u", n, nodes)
    vector = ca.MX.sym("parameters", layout.size)
    nominal, speed, to_free, *outputs = tick(q, dq, ddq, plan_q, plan_dq, plan_u, vector)
    times = vector[layout.place("horizon.times")].T
    weights = vector[layout.place("horizon.weights")].T
    for group, function in found:
        arguments = []
        for now, later in (
            (q, nominal),
            (dq, speed),
            (ca.MX.zeros(n, 1), to_free),
            (ca.MX.zeros(1, 1), times),
            (ca.MX.zeros(1, 1), weights),
        ):
            arguments.append(ca.horzcat(*[now if k < 0 else later[:, k] for k in group.nodes]))
        mapped = function.map(f"{function.name()}_nodes", "serial", len(group.nodes), [5, 6], [])
        outputs += mapped(*arguments, dq, vector)
    return ca.Function("mpc", [q, dq, ddq, plan_q, plan_dq, plan_u, vector], outputs)
