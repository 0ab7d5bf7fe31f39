"""Limits come from the YAML, else from the robot file, else from the rule for rise times, else not at all."""

from pathlib import Path

import numpy as np
import pytest

from controllers import ControllerError, GainsError, RobotModel

ROBOT = """<mujoco><worldbody><body name="a"><inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>
<joint name="j1" axis="0 1 0"/><body name="b"><inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>
<joint name="j2" type="slide" axis="1 0 0" range="-0.2 0.3" limited="true"/><site name="tool"/>
</body></body></worldbody></mujoco>"""
DESCRIPTION = """
arm_joints: [j1, j2]
tool_frame: tool
velocity: [2, 0.5]
torque: [9, 40]
rise_time: {velocity: 0.25, acceleration: 0.1}
cartesian:
  {velocity: 1, acceleration: 1, jerk: 1, angular_velocity: 1, angular_acceleration: 1, angular_jerk: 1}
rest: [0, 0]
table_bodies: []
self_collision_pairs: []
"""


@pytest.fixture
def load(tmp_path: Path):
    def load(*changes: tuple[str, str], robot: str = ROBOT) -> RobotModel:
        text = DESCRIPTION
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "arm.xml"
        path.write_text(robot)
        path.with_suffix(".yaml").write_text(text)
        return RobotModel.load(path)

    return load


def test_a_hinge_without_range_is_endless(load) -> None:
    model = load()
    np.testing.assert_array_equal(model.q_min, [-np.inf, -0.2])
    np.testing.assert_array_equal(model.q_max, [np.inf, 0.3])
    np.testing.assert_array_equal(model.endless, [True, False])


def test_a_slide_is_in_metres_also_in_a_file_in_degrees(load) -> None:
    """Pinocchio 4.1 turns every range of such a file into radians; MuJoCo, and we, those of hinges alone."""
    in_default = ROBOT.replace("<mujoco>", '<mujoco><default><joint range="-0.2 0.3"/></default>').replace(
        'axis="1 0 0" range="-0.2 0.3"', 'axis="1 0 0"'
    )
    in_default = in_default.replace('axis="0 1 0"', 'axis="0 1 0" limited="false"')
    with pytest.raises(ControllerError, match=r'of sliding joint j2 .*angle="radian"'):
        load(robot=in_default)
    radian = in_default.replace("<mujoco>", '<mujoco><compiler angle="radian"/>')
    assert load(robot=radian).q_max[1] == load().q_max[1] == 0.3


def test_accelerations_and_jerks_follow_the_rule(load) -> None:
    model = load()
    np.testing.assert_allclose(model.ddq_max, [8.0, 2.0])
    np.testing.assert_allclose(model.dddq_max, [80.0, 20.0])


def test_given_accelerations_precede_the_rule(load) -> None:
    model = load(("rest:", "acceleration: [5, 1]\nrest:"))
    np.testing.assert_allclose(model.ddq_max, [5.0, 1.0])
    np.testing.assert_allclose(model.dddq_max, [50.0, 10.0])


def test_the_yaml_may_bound_an_endless_joint_and_leave_the_others(load) -> None:
    model = load(("rest:", "position: [[-3, 4], null]\nrest:"))
    np.testing.assert_array_equal(model.q_min, [-3.0, -0.2])
    np.testing.assert_array_equal(model.q_max, [4.0, 0.3])
    assert not model.endless.any()


def test_the_yaml_bounds_a_continuous_joint_of_a_urdf(arm_named, helpers, tmp_path: Path) -> None:
    arm_named("jaco")
    text = (Path(__file__).parent / "arms" / "jaco.yaml").read_text()
    path = tmp_path / "jaco.yaml"
    path.write_text(text + "\nposition: [[-4, 5], null, null, null, null, null]\n")
    model = RobotModel.load(helpers.urdf_of("jaco"), limits=path)
    np.testing.assert_array_equal(model.endless, [False, False, False, True, False, True])
    assert (model.q_min[0], model.q_max[0]) == (-4.0, 5.0)
    # Two turns apart is the same cosine and sine, but not the same place of a bounded joint.
    zero = np.zeros(6)
    np.testing.assert_allclose(model.turn(zero, np.full(6, 4.5)) - 4.5, [0, 0, 0, -2 * np.pi, 0, -2 * np.pi])


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ("velocity: [2, 0.5]\n", "", ControllerError, "j1 has no velocity limit, .* velocity: in its YAML"),
        ("torque: [9, 40]\n", "", ControllerError, "j1 has no torque limit, .* torque: in its YAML"),
        (
            "rise_time:",
            "# ",
            GainsError,
            "acceleration is in no robot file, .*rise_time",
        ),
        ("rest:", "position: [null, [1, 1]]\nrest:", GainsError, r"position of j2 is \[1.0, 1.0\]"),
        ("rest:", "position: [null]\nrest:", GainsError, "position has 1 values, expected one a joint"),
        ("[j1, j2]", "[j1, j1]", GainsError, "joint j1 is named twice"),
    ],
)
def test_missing_and_impossible_limits_are_named(load, old: str, new: str, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        load((old, new))


def test_a_sliding_joint_without_a_range_is_refused(load) -> None:
    robot = ROBOT.replace('range="-0.2 0.3" limited="true"', "")
    with pytest.raises(ControllerError, match="sliding joint j2 has no position limit"):
        load(robot=robot)
    assert load(("rest:", "position: [null, [-1, 1]]\nrest:"), robot=robot).q_max[1] == 1.0
