"""Distances between bodies, and of bodies to planes and boxes, as CasADi expressions with Jacobians."""

from __future__ import annotations

from typing import Any

import casadi as ca

from controllers.symbols import HELD, Body, Node

_TINY = 1e-12


def capsule_distance(node: Node, first: Body, second: Body) -> tuple[Any, Any]:
    """Return the distance between two capsules' surfaces [m] and its Jacobian, SX (1, n).

    Nearest points of two segments: Ericson, Real-Time Collision Detection, 5.1.9. The nearest points'
    own motion along the segments does not change the distance to first order (envelope theorem).
    A body of the world has joint -1.
    """
    a0, a1, b0, b1 = first.start, first.end, second.start, second.end
    d1, d2, r = a1 - a0, b1 - b0, a0 - b0
    a, e, b, c, f = ca.dot(d1, d1), ca.dot(d2, d2), ca.dot(d1, d2), ca.dot(d1, r), ca.dot(d2, r)
    denominator = a * e - b * b
    crossing = (b * f - c * e) / ca.fmax(denominator, _TINY)
    # Parallel, or one is a point: any s does if it is the first's nearest to the second's start.
    s0 = _unit(ca.if_else(denominator > _TINY, crossing, -c / ca.fmax(a, _TINY)))
    t0 = (b * s0 + f) / ca.fmax(e, _TINY)
    t = _unit(t0)
    s = ca.if_else(t0 == t, s0, _unit((b * t - c) / ca.fmax(a, _TINY)))
    on_first, on_second = a0 + s * d1, b0 + t * d2
    gap = on_first - on_second
    length = ca.sqrt(ca.dot(gap, gap) + 1e-16)
    return length - first.radius - second.radius, _slope(node, gap / length, on_first, first, second)


def _slope(node: Node, normal: Any, point: Any, first: Body, second: Body) -> Any:
    """Return how the distance along `normal` from the second body to `point` of the first changes, SX (1, n).

    A joint that carries both bodies does not change it, so only those between them count. Of a revolute
    joint it is a·((p − o) × n) = a·(p × n) − n·(a × o), whose last product all pairs share.
    """
    chain = node.chain
    if first.joint < second.joint:
        first, second, normal = second, first, -normal
    moment = ca.cross(point, normal)
    slopes = [ca.SX(0)] * node.model.n
    for j in range(second.joint + 1, first.joint + 1):
        axis = chain.axes[j]
        if chain.prismatic[j]:
            slopes[j] = ca.dot(axis, normal)
        else:
            slopes[j] = ca.dot(axis, moment) - ca.dot(normal, ca.cross(axis, chain.origins[j]))
    return ca.horzcat(*slopes)


def lowest_height(node: Node, name: str) -> tuple[Any, Any]:
    """Return the height of a body's lowest point [m] and its Jacobian, SX (1, n).

    A box is taken as it is: its lowest corner. Everything else is its capsule.
    """
    chain = node.chain
    if name != HELD:
        capsule = node.model.capsule(name)
        if capsule.half_sides is not None:
            centre = chain.point(capsule.joint, (capsule.start + capsule.end) / 2)
            corner = centre
            for half_side in capsule.half_sides:
                toward = chain.point(capsule.joint, (capsule.start + capsule.end) / 2 + half_side) - centre
                corner = corner - ca.if_else(toward[2] > 0, 1, -1) * toward
            return corner[2], chain.point_jacobian(capsule.joint, corner)[2, :]
    body = node.body(name)
    lower = ca.if_else(body.start[2] < body.end[2], body.start, body.end)
    return lower[2] - body.radius, chain.point_jacobian(body.joint, lower)[2, :]


def plane_distance(node: Node, body: Body, normal: Any, offset: Any) -> tuple[Any, Any]:
    """Return how far a body is above the plane normal·p = offset [m] and the Jacobian, SX (1, n)."""
    start, end = ca.dot(normal, body.start), ca.dot(normal, body.end)
    nearest = ca.if_else(start < end, body.start, body.end)
    value = ca.fmin(start, end) - offset - body.radius
    return value, normal.T @ node.chain.point_jacobian(body.joint, nearest)


def box_distance(node: Node, body: Body, lower: Any, upper: Any) -> list[tuple[Any, Any]]:
    """Return the distances [m] of both ends and the middle of a body to a box, each with its Jacobian.

    The signed distance of a point to a box, negative inside, is exact for spheres; between its three
    spheres a capsule may cut a corner by less than its radius.
    """
    centre, half = (lower + upper) / 2, (upper - lower) / 2
    found = []
    for point in (body.start, (body.start + body.end) / 2, body.end):
        away = point - centre
        beyond = ca.fabs(away) - half
        outside = ca.fmax(beyond, 0)
        length = ca.sqrt(ca.dot(outside, outside) + 1e-16)
        deepest = ca.mmax(beyond)
        inside = deepest < 0
        face = ca.vertcat(*[ca.if_else(beyond[i] >= deepest, 1, 0) for i in range(3)])
        direction = ca.if_else(inside, face / ca.sum1(face), outside / length) * ca.sign(away)
        value = ca.if_else(inside, deepest, length) - body.radius
        found.append((value, direction.T @ node.chain.point_jacobian(body.joint, point)))
    return found


def _unit(value: Any) -> Any:
    return ca.fmin(ca.fmax(value, 0), 1)
