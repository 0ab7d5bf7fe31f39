"""The model agrees with MuJoCo on the same file, and refuses what is not a joint position."""

from pathlib import Path

import mujoco
import numpy as np
import pinocchio as pin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import ControllerError, GainsError, RobotModel
from controllers.collision import allowed_pairs, segment_distance
from controllers.robot_model import ROBOTS

PANDA = ROBOTS / "panda.xml"


@pytest.fixture(scope="module")
def simulated() -> tuple[mujoco.MjModel, mujoco.MjData]:
    spec = mujoco.MjSpec.from_file(str(PANDA))
    for body in spec.bodies:
        body.gravcomp = 0.0
    compiled = spec.compile()
    return compiled, mujoco.MjData(compiled)


def place(simulated: tuple[mujoco.MjModel, mujoco.MjData], q: np.ndarray) -> mujoco.MjData:
    compiled, data = simulated
    data.qpos[:7] = q
    data.qpos[7:] = 0.04
    data.qvel[:] = 0.0
    mujoco.mj_forward(compiled, data)
    return data


def postures(model: RobotModel, count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(model.q_min, model.q_max, (count, model.n))


def test_tool_pose_agrees_with_mujoco(model: RobotModel, simulated: tuple) -> None:
    for q in postures(model, 50):
        data = place(simulated, q)
        T = model.forward_kinematics(q)
        np.testing.assert_allclose(T[:3, 3], data.site("tool").xpos, atol=1e-9)
        np.testing.assert_allclose(T[:3, :3], data.site("tool").xmat.reshape(3, 3), atol=1e-9)


def test_gravity_torque_agrees_with_mujoco(model: RobotModel, simulated: tuple) -> None:
    for q in postures(model, 50):
        bias = place(simulated, q).qfrc_bias[:7]
        np.testing.assert_allclose(model.gravity_torque(q), bias, atol=1e-6)


def test_jacobian_agrees_with_mujoco(model: RobotModel, simulated: tuple) -> None:
    compiled, _ = simulated
    linear, angular = np.zeros((3, compiled.nv)), np.zeros((3, compiled.nv))
    for q in postures(model, 10):
        data = place(simulated, q)
        mujoco.mj_jacSite(compiled, data, linear, angular, data.site("tool").id)
        np.testing.assert_allclose(model.jacobian(q), np.vstack((linear, angular))[:, :7], atol=1e-9)


def test_capsules_lie_where_mujoco_has_the_geoms(model: RobotModel, simulated: tuple) -> None:
    for q in postures(model, 5):
        data, poses = place(simulated, q), model.joint_poses(q)
        for capsule in model.capsules:
            middle = sum(capsule.ends(poses)) / 2
            np.testing.assert_allclose(middle, data.geom(capsule.name).xpos, atol=1e-9)


def test_limits_are_those_of_the_files(model: RobotModel) -> None:
    assert model.n == 7
    assert model.joint_names == tuple(f"joint{i}" for i in range(1, 8))
    np.testing.assert_allclose(model.q_max, [2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973])
    np.testing.assert_allclose(model.tau_max, [87, 87, 87, 87, 12, 12, 12])
    assert model.gripper_width == (0.0, 0.08)


def test_excluded_and_neighbouring_bodies_are_not_kept_apart(model: RobotModel) -> None:
    may_touch = allowed_pairs(PANDA, model.capsules)
    assert frozenset(("hand", "link6")) in may_touch
    assert frozenset(("link1", "link3")) in may_touch
    assert frozenset(("hand", "link0")) not in may_touch
    assert not any(frozenset(pair) in may_touch for pair in model.self_collision_pairs)


def test_configuration_is_what_pinocchio_integrates_to(any_arm: RobotModel, helpers) -> None:
    neutral = pin.neutral(any_arm.pin_model)
    for q in helpers.postures(any_arm, 20):
        expected = pin.integrate(any_arm.pin_model, neutral, q)
        np.testing.assert_allclose(any_arm.configuration(q), expected, atol=1e-12)


def test_continuous_joints_have_no_bounds_and_one_angle(arm_named) -> None:
    jaco = arm_named("jaco")
    assert (jaco.n, jaco.pin_model.nq) == (6, 9)
    np.testing.assert_array_equal(jaco.endless, [True, False, False, True, False, True])
    np.testing.assert_array_equal(np.isinf(jaco.q_min), jaco.endless)
    turned = jaco.q_rest + 2 * np.pi * np.array([1, 0, 0, -2, 0, 3])
    np.testing.assert_allclose(
        jaco.forward_kinematics(turned), jaco.forward_kinematics(jaco.q_rest), atol=1e-12
    )


@settings(max_examples=100, deadline=None)
@given(start=st.floats(-3.0, 3.0), motion=st.floats(-3.1, 3.1), turns=st.integers(-3, 3))
def test_a_turn_is_the_short_way_of_endless_joints_alone(
    arm_named, start: float, motion: float, turns: int
) -> None:
    jaco = arm_named("jaco")
    q = np.full(6, start)
    found = jaco.turn(q, q + motion + 2 * np.pi * turns)
    np.testing.assert_allclose(found[jaco.endless], motion, atol=1e-12)
    np.testing.assert_allclose(found[~jaco.endless], motion + 2 * np.pi * turns, atol=1e-12)


def test_limits_of_a_urdf_are_its_own(arm_named) -> None:
    ur5 = arm_named("ur5")
    np.testing.assert_allclose(ur5.q_max, np.array([2, 2, 1, 2, 2, 2]) * np.pi)
    np.testing.assert_allclose(ur5.dq_max, [3.15, 3.15, 3.15, 3.2, 3.2, 3.2])
    np.testing.assert_allclose(ur5.tau_max, [150, 150, 150, 28, 28, 28])
    assert ur5.gripper_width == (0.0, 0.0)


def test_fitted_capsules_hold_every_vertex_of_the_meshes(arm_named, helpers) -> None:
    ur5 = arm_named("ur5")
    path = helpers.urdf_of("ur5")
    folders = [str(folder) for folder in path.parents]
    geometry = pin.buildGeomFromUrdf(ur5.pin_model, str(path), pin.GeometryType.COLLISION, folders)
    meshes = [item for item in geometry.geometryObjects if hasattr(item.geometry, "vertices")]
    assert len(meshes) == 7
    for mesh in meshes:
        body = ur5.capsule(mesh.name)
        assert body.joint == mesh.parentJoint - 1
        for point in mesh.geometry.vertices():
            p = mesh.placement.act(point)
            assert segment_distance(body.start, body.end, p, p) <= body.radius + 1e-9


@pytest.mark.parametrize("q", [np.full(7, np.nan), np.zeros(6), np.zeros((7, 1)), [0, 0, 0, np.inf, 0, 0, 0]])
def test_wrong_joint_positions_are_refused(model: RobotModel, q: np.ndarray) -> None:
    for function in (model.forward_kinematics, model.jacobian, model.joint_poses, model.gravity_torque):
        with pytest.raises(ControllerError, match="q "):
            function(q)


def test_unknown_robot_is_refused_with_the_known_names() -> None:
    with pytest.raises(ControllerError, match="panda"):
        RobotModel.load("pandra")


def test_limits_file_that_names_what_is_not_there_is_refused(tmp_path: Path) -> None:
    text = PANDA.with_suffix(".yaml").read_text()
    for old, new, error, named in (
        ("tool_frame: tool", "tool_frame: tcp", ControllerError, "no frame named tcp"),
        ("[hand, link0]", "[hand, link6]", ControllerError, "hand and link6 may touch by design"),
        ("[hand, link0]", "[hand, link99]", ControllerError, "no geom named link99"),
        ("velocity: [2.175,", "velocity: [-2.175,", GainsError, "velocity.0 = -2.175"),
        ("velocity: [2.175,", "velocity: [.inf,", GainsError, "velocity.0 = inf"),
        ("left_finger_joint: 0.04", "left_finger_joint: .nan", GainsError, "left_finger_joint = nan"),
        ("velocity: [2.175,", "velocity: [", GainsError, "velocity has 6 values"),
    ):
        path = tmp_path / "limits.yaml"
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(error, match=named):
            RobotModel.load(PANDA, limits=path)
