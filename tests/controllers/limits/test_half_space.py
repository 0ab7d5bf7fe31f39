"""The half-space rows are the bodies' heights over planes, and keep the arm on its side of them."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.held_object import HeldObject
from controllers.limits.half_space import HalfSpaceLimit
from controllers.world_gains import HalfSpace

WALL = HalfSpace(normal=(0.0, 2.0, 0.0), offset=-0.1, margin=0.02)
SLOPE = HalfSpace(normal=(-1.0, 0.0, 1.0), offset=-0.4, margin=0.0)
HELD = HeldObject(np.array([0.0, 0.15, 0.02]), np.array([0.0, -0.15, 0.08]), 0.02, 0.3)


def heights(model: RobotModel, q: np.ndarray, planes: tuple[HalfSpace, ...]) -> np.ndarray:
    """Of every body's lowest point over the planes, less the margins, shape (bodies, planes) [m]."""
    T, poses = model.forward_kinematics(q), model.joint_poses(q)
    segments = [(*model.capsule(b).ends(poses), model.capsule(b).radius) for b in model.obstacle_bodies]
    segments.append((*(T[:3, :3] @ end + T[:3, 3] for end in (HELD.start, HELD.end)), HELD.radius))
    units = [np.array(plane.normal) / np.linalg.norm(plane.normal) for plane in planes]
    return np.array(
        [
            [
                min(unit @ a, unit @ b) - radius - plane.offset - plane.margin
                for unit, plane in zip(units, planes, strict=True)
            ]
            for a, b, radius in segments
        ]
    )


@pytest.mark.parametrize("seed", [51, 52, 53])
def test_rows_are_the_heights_over_the_planes(
    make_tick, model: RobotModel, all_on: Gains, helpers, seed: int
) -> None:
    planes, step = (WALL, SLOPE), 1e-6
    tick = make_tick(seed, tuning=helpers.tuned(all_on, half_spaces=planes))
    tick.mpc.hold(HELD)
    rows = tick.rows("half_spaces")

    def over(u: np.ndarray) -> np.ndarray:
        return np.array([heights(model, q, planes) for q in tick.motion(u)[0][1::2]])

    u = tick.u.ravel()
    found = (rows.A @ u - rows.lower).reshape(5, *over(u).shape[1:])
    np.testing.assert_allclose(found[1:], over(u), atol=1e-9)
    assert np.all(rows.upper > 1e6)
    for way in np.random.default_rng(seed).normal(size=(5, 56)):
        slope = (over(u + step * way) - over(u - step * way)) / (2 * step)
        np.testing.assert_allclose((rows.A @ way).reshape(found.shape)[1:], slope, atol=1e-6)


def test_violation_is_how_far_the_lowest_point_is_beyond_now(
    make_tick, model: RobotModel, all_on: Gains, helpers
) -> None:
    q = np.array(model.q_rest)
    nearest = heights(model, q, (WALL,))[:-1].min()
    for more, expected in ((nearest - 0.01, 0.0), (nearest + 0.03, 0.03)):
        plane = WALL.model_copy(update={"offset": WALL.offset + more})
        tick = make_tick(54, q=q, tuning=helpers.tuned(all_on, half_spaces=(plane,)))
        assert tick.violation("half_spaces") == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("holds", [False, True])
def test_without_them_the_arm_goes_through_the_wall(
    model: RobotModel, gains: Gains, helpers, holds: bool
) -> None:
    walled = helpers.tuned(gains, half_spaces=(WALL,))
    T = helpers.tool_down(0.5, -0.2 if not holds else 0.1, 0.3)

    def least(held: HeldObject | None, *without: type) -> float:
        mpc = helpers.build(model, walled, without=without)
        mpc.hold(held)
        log = helpers.drive(mpc, model, T, 150, q=np.array(model.q_rest))
        bodies = slice(None) if holds else slice(-1)
        return float(
            min(heights(model, result.q, (WALL,))[bodies].min() for result in log[40:])
        )  # the start is beyond

    held = HELD if holds else None
    assert least(held) > -1e-3
    assert least(held, HalfSpaceLimit) < -0.02
    if holds:
        assert least(None) < -0.01
