"""The self-collision rows are the distances between links, by MuJoCo's geoms, and keep links apart."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import casadi as ca
import mujoco
import numpy as np
import pinocchio as pin
import pytest

from controllers import Gains, RobotModel
from controllers.clearance import capsule_distance
from controllers.collision import segment_distance
from controllers.held_object import HeldObject
from controllers.limits.self_collision import SelfCollisionLimit, collision_pairs
from controllers.robot_model import ROBOTS
from controllers.symbols import HELD, Node


class Distances:
    """Distances between the surfaces of the pairs as MuJoCo measures them; fingers, boxes there, left out."""

    def __init__(self, path: Path, model: RobotModel) -> None:
        self.model = mujoco.MjModel.from_xml_path(str(path))
        self.data = mujoco.MjData(self.model)
        boxes = [item.name for item in model.capsules if item.half_sides is not None]
        self.kept = [
            i for i, pair in enumerate(model.self_collision_pairs) if not any(name in boxes for name in pair)
        ]
        self.pairs = [[self.model.geom(name).id for name in model.self_collision_pairs[i]] for i in self.kept]

    def __call__(self, q: np.ndarray) -> np.ndarray:
        self.data.qpos[: len(q)] = q
        mujoco.mj_kinematics(self.model, self.data)
        return np.array(
            [mujoco.mj_geomDistance(self.model, self.data, a, b, 9.0, None) for a, b in self.pairs]
        )


@pytest.fixture(scope="module")
def distances(model: RobotModel) -> Distances:
    return Distances(ROBOTS / "panda.xml", model)


@pytest.mark.parametrize("seed", [24, 25, 26])
def test_rows_are_the_distances_at_every_second_node(
    make_tick, model: RobotModel, all_on: Gains, helpers, distances: Distances, seed: int
) -> None:
    tick, step = make_tick(seed, tuning=helpers.tuned(all_on, safety={"self_collision_margin": 0.03})), 1e-4
    rows, pairs = tick.rows("self_collision"), len(collision_pairs(model))

    def apart(u: np.ndarray) -> np.ndarray:
        return np.array([distances(q) for q in tick.motion(u)[0][1::2]])

    def measured(of_rows: np.ndarray) -> np.ndarray:
        """What concerns the pairs that MuJoCo measured, the present posture left out."""
        return of_rows.reshape(5, pairs)[1:, distances.kept]

    u = tick.u.ravel()
    np.testing.assert_allclose(measured(rows.A @ u - rows.lower), apart(u) - 0.03, atol=1e-5)
    assert np.all(rows.upper > 1e6)
    for way in np.random.default_rng(seed).normal(size=(5, 56)):
        slope = (apart(u + step * way) - apart(u - step * way)) / (2 * step)
        np.testing.assert_allclose(measured(rows.A @ way), slope, atol=2e-3)


def test_violation_is_how_far_the_nearest_pair_is_too_near_now(
    make_tick, model: RobotModel, all_on: Gains, helpers
) -> None:
    poses, gaps = model.joint_poses(make_tick(27).q), []
    for pair in model.self_collision_pairs:
        a, b = (model.capsule(name) for name in pair)
        gaps.append(segment_distance(*a.ends(poses), *b.ends(poses)) - a.radius - b.radius)
    for margin, expected in ((min(gaps) - 0.01, 0.0), (min(gaps) + 0.03, 0.03)):
        tick = make_tick(27, tuning=helpers.tuned(all_on, safety={"self_collision_margin": margin}))
        assert tick.violation("self_collision") == pytest.approx(expected, abs=1e-6)


GANTRY = """<mujoco><default><geom type="capsule" size="0.01" contype="0"/></default>
<worldbody><body name="fixed"><geom name="bar" fromto="0 0 0 0.4 0 0"/>
<body name="x"><inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>
  <joint name="jx" type="slide" axis="1 0 0" range="-2 2" limited="true"/>
  <body name="y"><inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>
    <joint name="jy" type="slide" axis="0 1 0" range="-2 2" limited="true"/>
    <body name="yaw"><inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>
      <joint name="jr" axis="0 0 1" range="-4 4" limited="true"/>
      <geom name="moving" fromto="0 0 0 0.3 0 0"/><geom name="ball" type="sphere" pos="0.3 0 0"/>
      <geom name="cube" type="box" size="0.02 0.02 0.02" pos="-0.1 0 0"/>
      <site name="tool" pos="0 0 0"/></body></body></body></body></worldbody></mujoco>"""
GANTRY_LIMITS = """
arm_joints: [jx, jy, jr]
locked_joints: {}
tool_frame: tool
velocity: [1, 1, 1]
acceleration: [5, 5, 5]
jerk: [50, 50, 50]
torque: [9, 9, 9]
cartesian:
  {velocity: 1, acceleration: 1, jerk: 1, angular_velocity: 1, angular_acceleration: 1, angular_jerk: 1}
gripper_width: [0.0, 0.1]
rest: [0, 0, 0]
table_bodies: [moving]
obstacle_bodies: [moving]
self_collision_pairs: [[bar, moving], [bar, ball], [ball, bar], [bar, cube], [moving, bar]]
"""
SPHERE_PAIRS = (1, 2, 3)  # a cube's inscribed capsule is a sphere too


@dataclass(frozen=True)
class Gantry:
    """The distances of its pairs and their slopes by the controller, and the distances by MuJoCo."""

    model: RobotModel
    capsules: Callable[[np.ndarray], list[np.ndarray]]
    distances: Distances


@pytest.fixture(scope="module")
def gantry(tmp_path_factory: pytest.TempPathFactory, helpers) -> Gantry:
    folder = tmp_path_factory.mktemp("gantry")
    (folder / "gantry.xml").write_text(GANTRY)
    (folder / "gantry.yaml").write_text(GANTRY_LIMITS)
    model = RobotModel.load(folder / "gantry.xml")

    def terms(node: Node) -> list:
        found = [capsule_distance(node, node.body(a), node.body(b)) for a, b in model.self_collision_pairs]
        values, jacobians = zip(*found, strict=True)
        return [ca.vertcat(*values).T, ca.vertcat(*jacobians)]

    return Gantry(model, helpers.on_posture(model, terms), Distances(folder / "gantry.xml", model))


@pytest.mark.parametrize("yaw", [0.0, 1e-9, 1e-5, np.pi, -np.pi + 1e-7])
def test_parallel_capsules_have_their_distance_and_a_finite_slope(gantry: Gantry, yaw: float) -> None:
    kept, distances = gantry.distances.kept, gantry.distances
    for x in (-0.7, -0.2, 0.05, 0.2, 0.6, 0.9):
        for y in (0.1, -0.1, 0.025):
            q = np.array([x, y, yaw])
            (values,), slopes = gantry.capsules(q)
            np.testing.assert_allclose(values[kept], distances(q), atol=1e-5)
            assert np.isfinite(slopes).all()
            # Sliding along and away is smooth however they lie; turning is not where they are parallel.
            for j in (0, 1):
                step = np.eye(3)[j] * 1e-5
                slope = (distances(q + step) - distances(q - step)) / 2e-5
                np.testing.assert_allclose(slopes[kept, j], slope, atol=2e-3)


def test_a_ball_or_cube_may_stand_on_either_side_of_a_pair(gantry: Gantry) -> None:
    model, rng = gantry.model, np.random.default_rng(28)
    bar = np.array([[0.0, 0.0, 0.0], [0.4, 0.0, 0.0]])
    for q in rng.uniform((-0.6, -0.5, -3.0), (0.6, 0.5, 3.0), (50, 3)):
        (values,), _ = gantry.capsules(q)
        poses = model.joint_poses(q)
        for i, name, radius in zip(SPHERE_PAIRS, ("ball", "ball", "cube"), (0.01, 0.01, 0.02), strict=True):
            centre = model.capsule(name).ends(poses)[0]
            nearest = np.clip(centre[0], 0.0, 0.4) * np.array([1.0, 0.0, 0.0])
            expected = np.linalg.norm(centre - nearest)
            assert values[i] == pytest.approx(expected - radius - 0.01, abs=1e-6)
            assert segment_distance(*bar, centre, centre) == pytest.approx(expected)
            assert segment_distance(centre, centre, *bar) == pytest.approx(expected)


def test_capsules_whose_axes_cross_have_no_distance_and_no_nan(gantry: Gantry) -> None:
    for q in ((0.2, -0.1, np.pi / 2), (0.1, 0.0, 0.0)):
        (values,), slopes = gantry.capsules(np.array(q))
        assert values[0] == pytest.approx(-0.02, abs=1e-6)
        assert np.isfinite(slopes).all()


def test_without_them_links_come_too_near(
    model: RobotModel, gains: Gains, helpers, distances: Distances
) -> None:
    def nearest(*without: type) -> float:
        rng, mpc, closest = np.random.default_rng(9), helpers.build(model, gains, without=without), np.inf
        q, dq = np.array(model.q_rest), np.zeros(7)
        for _ in range(12):
            T = model.forward_kinematics(model.q_rest)
            T[:3, 3] += rng.uniform((-0.25, -0.2, -0.2), (0.1, 0.2, 0.3))
            T[:3, :3] = pin.exp3(1.5 * rng.normal(size=3)) @ T[:3, :3]
            log = helpers.drive(mpc, model, T, 90, q=q, dq=dq)
            q, dq = log[-1].q, log[-1].dq
            closest = min(closest, min(float(distances(result.q).min()) for result in log))
        return closest

    margin = gains.safety.self_collision_margin
    assert nearest() > margin - 1e-3
    assert nearest(SelfCollisionLimit) < margin - 5e-3


def gaps_to(model: RobotModel, held: HeldObject, links: list[str]) -> Callable[[np.ndarray], np.ndarray]:
    """Distances of a held object to links, by the postures' own capsules."""

    def measure(q: np.ndarray) -> np.ndarray:
        T, poses = model.forward_kinematics(q), model.joint_poses(q)
        ends = [T[:3, :3] @ end + T[:3, 3] for end in (held.start, held.end)]
        found = []
        for name in links:
            link = model.capsule(name)
            found.append(segment_distance(*ends, *link.ends(poses)) - held.radius - link.radius)
        return np.array(found)

    return measure


def test_a_held_object_has_its_distances_to_the_links_that_the_hand_is_kept_from(
    make_tick, model: RobotModel
) -> None:
    links = [link for one, link in collision_pairs(model) if one == HELD]
    assert {"link0", "link1", "link2", "link3"} <= set(links)
    assert not {"hand", "link6", "link7"} & set(links)
    tick, step = make_tick(29), 1e-5
    tick.mpc.hold(POLE)
    rows, gaps = tick.rows("self_collision"), gaps_to(model, POLE, links)

    def apart(u: np.ndarray) -> np.ndarray:
        return np.array([gaps(q) for q in tick.motion(u)[0][1::2]])

    def of_held(of_rows: np.ndarray) -> np.ndarray:
        return of_rows.reshape(5, -1)[1:, -len(links) :]

    u = tick.u.ravel()
    np.testing.assert_allclose(of_held(rows.A @ u - rows.lower), apart(u) - 0.02, atol=1e-6)
    for way in np.random.default_rng(29).normal(size=(3, 56)):
        slope = (apart(u + step * way) - apart(u - step * way)) / (2 * step)
        np.testing.assert_allclose(of_held(rows.A @ way), slope, atol=1e-4)


POLE = HeldObject(np.array([-0.25, 0.0, 0.0]), np.array([0.25, 0.0, 0.0]), 0.02, 0.1)
"""Across the fingers, half a metre long."""


def test_a_held_pole_does_not_strike_the_arm(model: RobotModel, gains: Gains, helpers) -> None:
    links = [link for one, link in collision_pairs(model) if one == HELD]
    gaps, mpc = gaps_to(model, POLE, links), helpers.build(model, gains)
    T = helpers.tool_down(0.28, 0.0, 0.3)

    def nearest(held: HeldObject | None) -> float:
        mpc.reset()
        mpc.hold(held)
        log = helpers.drive(mpc, model, T, 200, q=np.array(model.q_rest))
        return float(min(gaps(result.q).min() for result in log))

    margin = gains.safety.self_collision_margin
    assert nearest(POLE) > margin - 1e-3
    assert nearest(None) < margin - 5e-3
