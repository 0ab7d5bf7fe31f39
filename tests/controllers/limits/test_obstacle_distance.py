"""The obstacle rows are distances by MuJoCo, move with their obstacles, and keep the arm away from them."""

import mujoco
import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.collision import segment_distance
from controllers.held_object import HeldObject
from controllers.limits.obstacle_distance import ObstacleLimit
from controllers.mpc import Mpc
from controllers.obstacles import Obstacle
from controllers.robot_model import ROBOTS

BEAM = Obstacle(
    "beam", np.array([0.3, -0.3, 0.5]), np.array([0.75, 0.1, 0.4]), 0.05, np.array([0.1, -0.2, 0.05])
)
BALL = Obstacle("ball", np.array([0.5, 0.4, 0.2]), np.array([0.5, 0.4, 0.2]), 0.08)
MARGIN = 0.03


class Distances:
    """Distances of the arm's bodies to obstacles as MuJoCo measures them; fingers, boxes there, left out."""

    def __init__(self, model: RobotModel, obstacles: tuple[Obstacle, ...]) -> None:
        spec = mujoco.MjSpec.from_file(str(ROBOTS / "panda.xml"))
        for item in obstacles:
            body = spec.worldbody.add_body(name=item.name, mocap=True)
            if np.array_equal(item.start, item.end):
                kind, size, ends = mujoco.mjtGeom.mjGEOM_SPHERE, [item.radius, 0.0, 0.0], None
                body.add_geom(name=item.name, type=kind, size=size, pos=item.start)
            else:
                kind, ends = mujoco.mjtGeom.mjGEOM_CAPSULE, [*item.start, *item.end]
                body.add_geom(name=item.name, type=kind, size=[item.radius, 0.0, 0.0], fromto=ends)
        self.model, self.velocities = spec.compile(), np.array([item.velocity for item in obstacles])
        self.data = mujoco.MjData(self.model)
        self.obstacles = [self.model.geom(item.name).id for item in obstacles]
        self.kept = [i for i, b in enumerate(model.obstacle_bodies) if model.capsule(b).half_sides is None]
        self.bodies = [self.model.geom(model.obstacle_bodies[i]).id for i in self.kept]

    def __call__(self, q: np.ndarray, seconds: float = 0.0) -> np.ndarray:
        """Shape (bodies, obstacles), the obstacles as they are `seconds` from the start."""
        self.data.qpos[:7], self.data.mocap_pos[:] = q, seconds * self.velocities
        mujoco.mj_kinematics(self.model, self.data)
        return np.array(
            [
                [mujoco.mj_geomDistance(self.model, self.data, a, b, 9.0, None) for b in self.obstacles]
                for a in self.bodies
            ]
        )


@pytest.mark.parametrize("seed", [31, 32, 33])
def test_rows_are_the_distances_to_where_the_obstacles_will_be(
    make_tick, model: RobotModel, horizon, all_on: Gains, helpers, seed: int
) -> None:
    tick, step = make_tick(seed, tuning=helpers.tuned(all_on, obstacles={"margin": MARGIN})), 1e-4
    tick.mpc.set_obstacles((BEAM, BALL))
    distances, slots = Distances(model, (BEAM, BALL)), all_on.obstacles.slots
    rows = tick.rows("obstacles")

    def apart(u: np.ndarray) -> np.ndarray:
        postures, times = tick.motion(u)[0][1::2], horizon.times[1::2]
        return np.array([distances(q, t) for q, t in zip(postures, times, strict=True)])

    def measured(of_rows: np.ndarray) -> np.ndarray:
        """What concerns the bodies and obstacles that MuJoCo measured, the present posture left out."""
        return of_rows.reshape(5, len(model.obstacle_bodies) + 1, slots)[1:, distances.kept, :2]

    u = tick.u.ravel()
    np.testing.assert_allclose(measured(rows.A @ u - rows.lower), apart(u) - MARGIN, atol=1e-5)
    assert np.all(rows.upper > 1e6)
    empty = (rows.A @ u - rows.lower).reshape(5, -1, slots)[1:, :-1, 2:]
    assert np.all(empty > 10.0)
    for way in np.random.default_rng(seed).normal(size=(5, 56)):
        slope = (apart(u + step * way) - apart(u - step * way)) / (2 * step)
        np.testing.assert_allclose(measured(rows.A @ way), slope, atol=2e-3)


def test_the_held_object_has_its_distance_too(make_tick, model: RobotModel, horizon, all_on: Gains) -> None:
    tick, step = make_tick(34), 1e-5
    held = HeldObject(np.array([0.0, 0.05, 0.02]), np.array([0.0, -0.15, 0.08]), 0.02, 0.3)
    tick.mpc.set_obstacles((BEAM,))
    tick.mpc.hold(held)
    rows = tick.rows("obstacles")

    def apart(u: np.ndarray) -> np.ndarray:
        found = []
        for q, t in zip(tick.motion(u)[0][1::2], horizon.times[1::2], strict=True):
            T, there = model.forward_kinematics(q), BEAM.at(t)
            ends = [T[:3, :3] @ end + T[:3, 3] for end in (held.start, held.end)]
            found.append(segment_distance(*ends, there.start, there.end) - held.radius - there.radius)
        return np.array(found)

    def of_held(of_rows: np.ndarray) -> np.ndarray:
        return of_rows.reshape(5, -1, all_on.obstacles.slots)[1:, -1, 0]

    u = tick.u.ravel()
    np.testing.assert_allclose(
        of_held(rows.A @ u - rows.lower), apart(u) - all_on.obstacles.margin, atol=1e-6
    )
    for way in np.random.default_rng(34).normal(size=(3, 56)):
        slope = (apart(u + step * way) - apart(u - step * way)) / (2 * step)
        np.testing.assert_allclose(of_held(rows.A @ way), slope, atol=1e-4)


def test_violation_is_how_far_the_nearest_pair_is_too_near_now(make_tick, model: RobotModel) -> None:
    tick = make_tick(35)
    hand = model.capsule("hand").ends(model.joint_poses(tick.q))
    side = np.cross(hand[1] - hand[0], (0.0, 0.0, 1.0))
    for gap, expected in ((0.05, 0.0), (0.005, 0.015)):
        # Beside the hand, far from the other bodies but the links that are wider than it.
        reach = model.capsule("hand").radius + 0.01 + gap
        centre = (hand[0] + hand[1]) / 2 + reach * side / np.linalg.norm(side)
        ball = Obstacle("ball", centre, centre, 0.01, np.array([0.0, 0.0, 1.0]))
        tick.mpc.set_obstacles((ball,))
        nearest = Distances(model, (ball,))(tick.q).min()
        assert tick.violation("obstacles") == pytest.approx(max(0.02 - nearest, 0.0), abs=1e-5)
        assert nearest <= gap + 1e-6
        if nearest == pytest.approx(gap, abs=1e-6):
            assert tick.violation("obstacles") == pytest.approx(expected, abs=1e-5)


START = (0.47, -0.09, 0.02, -2.35, 0.0, 2.27, 1.26)
"""The tool points down at about (0.5, 0.25, 0.3) [rad]."""
IN_THE_WAY = Obstacle("post", np.array([0.53, 0.0, 0.1]), np.array([0.53, 0.0, 0.3]), 0.05)
CROSSING = Obstacle(
    "crossing", np.array([0.8, 0.1, 0.3]), np.array([0.8, 0.1, 0.35]), 0.05, np.array([-0.15, -0.1, 0.0])
)


def nearest_on_the_way(
    mpc: Mpc, model: RobotModel, helpers, obstacles: tuple[Obstacle, ...], *, moving: bool, told: bool
) -> float:
    """Least distance while the tool goes 0.5 m across, the obstacles told to the MPC every period [m]."""
    dt = 0.01
    distances, closest = Distances(model, obstacles), np.inf
    q, dq, T = np.array(START), np.zeros(7), helpers.tool_down(0.5, -0.25, 0.3)
    for k in range(350):
        if told:
            mpc.set_obstacles([item.at(k * dt) for item in obstacles] if moving else obstacles)
        (result,) = helpers.drive(mpc, model, T, 1, q=q, dq=dq)
        assert result.ok
        q, dq = result.q, result.dq
        closest = min(closest, float(distances(q, (k + 1) * dt if moving else 0.0).min()))
    return closest


@pytest.mark.parametrize(("obstacle", "moving"), [(IN_THE_WAY, False), (CROSSING, True)])
def test_without_them_the_arm_runs_into_an_obstacle(
    model: RobotModel, gains: Gains, helpers, obstacle: Obstacle, moving: bool
) -> None:
    def nearest(*without: type) -> float:
        mpc = helpers.build(model, gains, without=without)
        return nearest_on_the_way(mpc, model, helpers, (obstacle,), moving=moving, told=not without)

    assert nearest() > gains.obstacles.margin - 1e-3
    assert nearest(ObstacleLimit) < gains.obstacles.margin - 5e-3


@pytest.mark.parametrize("known", [True, False])
def test_an_arm_that_holds_still_gives_way_to_what_comes_at_a_known_speed(
    model: RobotModel, gains: Gains, helpers, known: bool
) -> None:
    """Told where it is and that it stands, the arm starts late."""
    mpc, q, dq = helpers.build(model, gains), np.array(START), np.zeros(7)
    T = model.forward_kinematics(q)
    ball = Obstacle(
        "ball", np.array([0.53, -0.3, 0.38]), np.array([0.53, -0.3, 0.38]), 0.06, np.array([0.0, 0.6, 0.0])
    )
    distances, closest = Distances(model, (ball,)), np.inf
    for k in range(130):
        there = ball.at(0.01 * k)
        velocity = ball.velocity if known else np.zeros(3)
        mpc.set_obstacles([Obstacle("ball", there.start, there.end, there.radius, velocity)])
        (result,) = helpers.drive(mpc, model, T, 1, q=q, dq=dq)
        q, dq = result.q, result.dq
        closest = min(closest, float(distances(q, 0.01 * (k + 1)).min()))
    if known:
        assert closest > gains.obstacles.margin - 5e-4
    else:
        assert closest < gains.obstacles.margin - 5e-3


def test_an_allowed_contact_is_made_and_others_are_not(model: RobotModel, gains: Gains, helpers) -> None:
    """A ball at the palm stops the hand, unless the hand may touch it."""
    T = helpers.tool_down(0.5, 0.0, 0.3)
    palm = T[:3, 3] + np.array((0.0, 0.0, 0.03))
    ball = Obstacle("ball", palm, palm, 0.02)
    touching = frozenset((body, "ball") for body in ("hand", "left_finger", "right_finger"))

    def left_to_go(allowed: frozenset[tuple[str, str]]) -> float:
        mpc = helpers.build(model, gains)
        mpc.set_obstacles((ball,), allowed=allowed)
        log = helpers.drive(mpc, model, T, 250, q=np.array(START))
        return float(np.linalg.norm(model.forward_kinematics(log[-1].q)[:3, 3] - T[:3, 3]))

    assert left_to_go(frozenset()) > 0.01
    assert left_to_go(touching) < 1e-3
    assert left_to_go(frozenset((("left_finger", "ball"), ("right_finger", "ball")))) > 0.01
