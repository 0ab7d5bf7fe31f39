"""Symbolic kinematics agree with Pinocchio, for any joint axis."""

import casadi as ca
import numpy as np
import pinocchio as pin
import pytest

from controllers import ControllerError, RobotModel
from controllers.kinematics import joint_chain, tool_pose
from controllers.robot_file import joint_axis


def test_tool_pose_and_jacobian_agree_with_pinocchio(any_arm: RobotModel, helpers) -> None:
    chain, last = joint_chain(any_arm), any_arm.n - 1
    R, p = tool_pose(any_arm, chain)
    outputs = [R, p, ca.vertcat(chain.point_jacobian(last, p), chain.angular_jacobian(last))]
    function = ca.Function("tool", [chain.q], outputs)
    for q in helpers.postures(any_arm, 50):
        R_q, p_q, J_q = (np.array(item) for item in function(q))
        T = any_arm.forward_kinematics(q)
        np.testing.assert_allclose(R_q, T[:3, :3], atol=1e-9)
        np.testing.assert_allclose(p_q[:, 0], T[:3, 3], atol=1e-9)
        np.testing.assert_allclose(J_q, any_arm.jacobian(q), atol=1e-9)


MIXED = """<mujoco><worldbody><body name="a" pos="0.1 0.2 0.3" quat="0.9 0.1 0.3 0.2">
  <inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>
  <joint name="j1" axis="1 2 -0.5" range="-1 1" limited="true"/><geom name="ga" type="sphere" size="0.01"/>
  <body name="b" pos="0 0.2 0.1"><inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>
    <joint name="j2" type="slide" axis="0.3 -1 0.4" range="-1 1" limited="true"/>
    <geom name="gb" type="sphere" size="0.01"/><site name="tip" pos="0.1 0 0.2" quat="0.5 0.5 0.5 0.5"/>
    <body name="c" pos="0.2 0 0"><inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>
      <joint name="j3" axis="0 -1 0" range="-1 1" limited="true"/>
      <geom name="gc" type="capsule" size="0.01" fromto="0 0 0 0 0 0.1"/>
      <site name="tool" pos="0 0.1 0.3" euler="0.1 0.2 0.3"/></body></body></body></worldbody></mujoco>"""
LIMITS = """
arm_joints: [j1, j2, j3]
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
table_bodies: [gc]
self_collision_pairs: [[ga, gc]]
"""


def test_unaligned_and_sliding_joints_agree_with_pinocchio(tmp_path) -> None:
    (tmp_path / "mixed.xml").write_text(MIXED)
    (tmp_path / "mixed.yaml").write_text(LIMITS)
    model = RobotModel.load(tmp_path / "mixed.xml")
    chain = joint_chain(model)
    R, p = tool_pose(model, chain)
    jacobian = ca.vertcat(chain.point_jacobian(2, p), chain.angular_jacobian(2))
    function = ca.Function("tool", [chain.q], [R, p, jacobian])
    for q in np.random.default_rng(4).uniform(-1, 1, (20, 3)):
        R_q, p_q, J_q = (np.array(item) for item in function(q))
        T = model.forward_kinematics(q)
        np.testing.assert_allclose(np.column_stack((R_q, p_q)), T[:3], atol=1e-9)
        np.testing.assert_allclose(J_q, model.jacobian(q), atol=1e-9)


@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.6, 0.0, -0.8)])
def test_axis_of_a_continuous_joint_is_read_like_any_other(axis: tuple) -> None:
    x, y, z = axis
    model = pin.buildModelFromXML(
        '<robot name="r"><link name="a"/><link name="b"/><joint name="wheel" type="continuous">'
        f'<parent link="a"/><child link="b"/><axis xyz="{x} {y} {z}"/></joint></robot>'
    )
    assert (model.nq, model.nv) == (2, 1)
    found, slides = joint_axis(model.joints[1])
    np.testing.assert_allclose(found, axis)
    assert not slides


@pytest.mark.parametrize("joint", [pin.JointModelSpherical(), pin.JointModelPlanar(), pin.JointModelHX(0.1)])
def test_joint_that_neither_turns_nor_slides_is_refused_by_name(joint: object) -> None:
    model = pin.Model()
    model.addJoint(0, joint, pin.SE3.Identity(), "ball")
    with pytest.raises(ControllerError, match=f"{joint.shortname()} .*expected a revolute"):
        joint_axis(model.joints[1])
