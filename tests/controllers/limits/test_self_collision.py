"""The self-collision rows are the distances between links, by MuJoCo's geoms, and keep links apart."""

from pathlib import Path

import mujoco
import numpy as np
import pinocchio as pin
import pytest
from controllers.linearisation import Linearizer

from controllers import Gains, RobotModel
from controllers.collision import segment_distance
from controllers.limits.self_collision import SelfCollisionLimit
from controllers.mpc import Mpc
from controllers.robot_model import ROBOTS


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
    make_tick, model: RobotModel, horizon, distances: Distances, seed: int
) -> None:
    tick, step, pairs = make_tick(seed), 1e-4, len(model.self_collision_pairs)
    A, lower, upper = tick.rows(SelfCollisionLimit(horizon, joints=7, pairs=pairs, margin=0.02))

    def apart(u: np.ndarray) -> np.ndarray:
        return np.array([distances(q) for q in tick.motion(u)[0][1::2]])

    u = tick.u.ravel()
    room = (A @ u - lower).reshape(-1, pairs)[:, distances.kept]
    np.testing.assert_allclose(room, apart(u) - 0.02, atol=1e-5)
    assert np.all(upper == np.inf)
    for way in np.random.default_rng(seed).normal(size=(5, 56)):
        slope = (apart(u + step * way) - apart(u - step * way)) / (2 * step)
        np.testing.assert_allclose((A @ way).reshape(-1, pairs)[:, distances.kept], slope, atol=2e-3)


def test_violation_is_how_far_the_nearest_pair_is_too_near_now(make_tick, model: RobotModel, horizon) -> None:
    now = make_tick(27).prediction
    poses, gaps = model.joint_poses(now.q), []
    for pair in model.self_collision_pairs:
        a, b = (model.capsule(name) for name in pair)
        gaps.append(segment_distance(*a.ends(poses), *b.ends(poses)) - a.radius - b.radius)
    for margin, expected in ((min(gaps) - 0.01, 0.0), (min(gaps) + 0.03, 0.03)):
        limit = SelfCollisionLimit(horizon, joints=7, pairs=len(gaps), margin=margin)
        assert limit.violation(now) == pytest.approx(expected, abs=1e-6)


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
self_collision_pairs: [[bar, moving], [bar, ball], [ball, bar], [bar, cube], [moving, bar]]
"""
SPHERE_PAIRS = (1, 2, 3)  # a cube's inscribed capsule is a sphere too


@pytest.fixture(scope="module")
def gantry(tmp_path_factory: pytest.TempPathFactory) -> tuple[RobotModel, Linearizer, Distances]:
    folder = tmp_path_factory.mktemp("gantry")
    (folder / "gantry.xml").write_text(GANTRY)
    (folder / "gantry.yaml").write_text(GANTRY_LIMITS)
    model = RobotModel.load(folder / "gantry.xml")
    return model, Linearizer(model, postures=1), Distances(folder / "gantry.xml", model)


@pytest.mark.parametrize("yaw", [0.0, 1e-9, 1e-5, np.pi, -np.pi + 1e-7])
def test_parallel_capsules_have_their_distance_and_a_finite_slope(gantry, yaw: float) -> None:
    _, linearizer, distances = gantry
    for x in (-0.7, -0.2, 0.05, 0.2, 0.6, 0.9):
        for y in (0.1, -0.1, 0.025):
            q = np.array([x, y, yaw])
            lin = linearizer.evaluate(q[None], np.eye(4))
            np.testing.assert_allclose(lin.distances[0, distances.kept], distances(q), atol=1e-5)
            assert np.isfinite(lin.distance_jacobian).all()
            # Sliding along and away is smooth however they lie; turning is not where they are parallel.
            for j in (0, 1):
                step = np.eye(3)[j] * 1e-5
                slope = (distances(q + step) - distances(q - step)) / 2e-5
                np.testing.assert_allclose(lin.distance_jacobian[0, j, distances.kept], slope, atol=2e-3)


def test_a_ball_or_cube_may_stand_on_either_side_of_a_pair(gantry) -> None:
    model, linearizer, _ = gantry
    rng = np.random.default_rng(28)
    bar = np.array([[0.0, 0.0, 0.0], [0.4, 0.0, 0.0]])
    for q in rng.uniform((-0.6, -0.5, -3.0), (0.6, 0.5, 3.0), (50, 3)):
        lin = linearizer.evaluate(q[None], np.eye(4))
        poses = model.joint_poses(q)
        for i, name, radius in zip(SPHERE_PAIRS, ("ball", "ball", "cube"), (0.01, 0.01, 0.02), strict=True):
            centre = model.capsule(name).ends(poses)[0]
            nearest = np.clip(centre[0], 0.0, 0.4) * np.array([1.0, 0.0, 0.0])
            expected = np.linalg.norm(centre - nearest)
            assert lin.distances[0, i] == pytest.approx(expected - radius - 0.01, abs=1e-6)
            assert segment_distance(*bar, centre, centre) == pytest.approx(expected)
            assert segment_distance(centre, centre, *bar) == pytest.approx(expected)


def test_capsules_whose_axes_cross_have_no_distance_and_no_nan(gantry) -> None:
    _, linearizer, _ = gantry
    for q in ((0.2, -0.1, np.pi / 2), (0.1, 0.0, 0.0)):
        lin = linearizer.evaluate(np.array([q]), np.eye(4))
        assert lin.distances[0, 0] == pytest.approx(-0.02, abs=1e-6)
        assert np.isfinite(lin.distance_jacobian).all()


def test_without_them_links_come_too_near(
    model: RobotModel, gains: Gains, helpers, distances: Distances, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nearest() -> float:
        rng, mpc, closest = np.random.default_rng(9), Mpc(model, gains), np.inf
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
    helpers.drop_rows(monkeypatch, SelfCollisionLimit)
    assert nearest() < margin - 5e-3
