"""The keep-out rows are distances of points of the bodies to boxes, and keep the arm out of them."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.held_object import HeldObject
from controllers.limits.keep_out import KeepOutLimit
from controllers.world_gains import KeepOutZone

FAR = KeepOutZone(lower=(-4.0, -4.0, -4.0), upper=(-3.0, -3.0, -3.0), margin=0.0)


def signed_distance(point: np.ndarray, zone: KeepOutZone) -> float:
    """Of a point to a box, negative inside [m]."""
    nearest = np.clip(point, zone.lower, zone.upper)
    if not np.array_equal(nearest, point):
        return float(np.linalg.norm(point - nearest))
    return float(max(np.max(np.array(zone.lower) - point), np.max(point - np.array(zone.upper))))


def rooms(model: RobotModel, q: np.ndarray, zones: tuple[KeepOutZone, ...], held: HeldObject) -> np.ndarray:
    """Distances less margins of both ends and the middle of every body, shape (bodies, zones, 3)."""
    T, poses = model.forward_kinematics(q), model.joint_poses(q)
    segments = [(*model.capsule(b).ends(poses), model.capsule(b).radius) for b in model.obstacle_bodies]
    segments.append((*(T[:3, :3] @ end + T[:3, 3] for end in (held.start, held.end)), held.radius))
    return np.array(
        [
            [
                [signed_distance(point, zone) - radius - zone.margin for point in (a, (a + b) / 2, b)]
                for zone in zones
            ]
            for a, b, radius in segments
        ]
    )


@pytest.mark.parametrize("seed", [41, 42, 43])
def test_rows_are_the_distances_of_ends_and_middles(
    make_tick, model: RobotModel, all_on: Gains, helpers, seed: int
) -> None:
    # A box about the hand, so that points are in it, beside it and across its edges.
    hand = model.capsule("hand").ends(model.joint_poses(make_tick(seed).q))[0]
    box = KeepOutZone(
        lower=tuple(hand - np.array((0.08, 0.2, 0.05))),
        upper=tuple(hand + np.array((0.2, 0.08, 0.07))),
        margin=0.03,
    )
    zones, step = (box, FAR), 1e-6
    tick = make_tick(seed, tuning=helpers.tuned(all_on, keep_out=zones))
    held = HeldObject(np.array([0.0, 0.05, 0.02]), np.array([0.0, -0.15, 0.08]), 0.02, 0.3)
    tick.mpc.hold(held)
    rows = tick.rows("keep_out")

    def room(u: np.ndarray) -> np.ndarray:
        return np.array([rooms(model, q, zones, held) for q in tick.motion(u)[0][1::2]])

    u = tick.u.ravel()
    assert room(u).min() < 0.0 < room(u)[:, :, 0].max()
    found = (rows.A @ u - rows.lower).reshape(5, *room(u).shape[1:])
    np.testing.assert_allclose(found[1:], room(u), atol=1e-6)
    assert np.all(rows.upper > 1e6)
    for way in np.random.default_rng(seed).normal(size=(5, 56)):
        slope = (room(u + step * way) - room(u - step * way)) / (2 * step)
        np.testing.assert_allclose((rows.A @ way).reshape(found.shape)[1:], slope, atol=1e-5)


def test_violation_is_how_far_the_worst_point_is_in_now(
    make_tick, model: RobotModel, all_on: Gains, helpers
) -> None:
    q = np.array(model.q_rest)
    hand = (np.add(*model.capsule("hand").ends(model.joint_poses(q)))) / 2
    for side, expected in ((0.5, 0.0), (0.0, 0.1)):
        # A small box round the middle of the hand, whose surface is then in it by its radius and more.
        low, high = hand - 0.01 + (0.0, side, 0.0), hand + 0.01 + (0.0, side, 0.0)
        zone = KeepOutZone(lower=tuple(low), upper=tuple(high), margin=0.05)
        tick = make_tick(44, q=q, tuning=helpers.tuned(all_on, keep_out=(zone,)))
        nothing = HeldObject(np.zeros(3), np.zeros(3), 0.0, 0.0)
        worst = rooms(model, q, (zone,), nothing)[:-1].min()
        assert tick.violation("keep_out") == pytest.approx(max(-worst, 0.0), abs=1e-6)
        assert (tick.violation("keep_out") > 0.0) == (expected > 0.0)


START = (0.47, -0.09, 0.02, -2.35, 0.0, 2.27, 1.26)
"""The tool points down at about (0.5, 0.25, 0.3) [rad]."""


@pytest.mark.parametrize("holds", [False, True])
def test_without_them_the_arm_goes_into_the_box(
    model: RobotModel, gains: Gains, helpers, holds: bool
) -> None:
    # Beside the way of the hand, and in that of a pole held across it.
    x = 0.7 if holds else 0.62
    zone = KeepOutZone(lower=(x, -0.15, 0.2), upper=(x + 0.3, 0.15, 0.6), margin=0.02)
    held = HeldObject(np.array([-0.15, 0.0, 0.0]), np.array([0.15, 0.0, 0.0]), 0.015, 0.1)
    zoned = helpers.tuned(gains, keep_out=(zone,))

    def least(held_by_mpc: HeldObject | None, *without: type) -> float:
        mpc = helpers.build(model, zoned, without=without)
        mpc.hold(held_by_mpc)
        log = helpers.drive(mpc, model, helpers.tool_down(0.6, -0.25, 0.3), 200, q=np.array(START))
        assert all(result.ok for result in log)
        bodies = slice(None) if holds else slice(-1)
        return float(min(rooms(model, result.q, (zone,), held)[bodies].min() for result in log))

    assert least(held if holds else None) > -1e-3
    assert least(held if holds else None, KeepOutLimit) < -5e-3
    if holds:
        assert least(None) < -5e-3
