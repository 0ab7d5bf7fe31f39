"""Robot files that hold no arm, or another than the YAML says, are refused with what would be right."""

from pathlib import Path

import numpy as np
import pytest

from controllers import ControllerError, RobotModel

INERTIA = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
LIMIT = '<limit lower="-1" upper="1" velocity="2" effort="9"/>'
DESCRIPTION = """
arm_joints: [j1, j2, j3]
locked_joints: {finger: 0.02}
tool_frame: tip
rise_time: {velocity: 0.5, acceleration: 0.1}
cartesian:
  {velocity: 1, acceleration: 1, jerk: 1, angular_velocity: 1, angular_acceleration: 1, angular_jerk: 1}
rest: [0, 0, 0.1]
table_bodies: [tip_0]
self_collision_pairs: [[tip_0, base_0]]
"""


def link(name: str, shape: str = "") -> str:
    shape = f"<collision><geometry>{shape}</geometry></collision>" if shape else ""
    return f'<link name="{name}">{INERTIA}{shape}</link>'


def joint(name: str, parent: str, child: str, kind: str = "revolute", limit: str = LIMIT) -> str:
    return (
        f'<joint name="{name}" type="{kind}"><origin xyz="0.1 0 0.3" rpy="0.3 0 0.2"/>'
        f'<parent link="{parent}"/><child link="{child}"/><axis xyz="0.6 0 0.8"/>{limit}</joint>'
    )


ARM = [
    link("base", '<sphere radius="0.05"/>'),
    link("a"),
    link("b", '<cylinder radius="0.04" length="0.2"/>'),
    link("tip", '<box size="0.1 0.02 0.04"/>'),
    link("pad"),
    joint("j1", "base", "a", "continuous", '<limit velocity="2" effort="9"/>'),
    joint("j2", "a", "b"),
    joint("j3", "b", "tip", "prismatic"),
    joint("finger", "tip", "pad", "prismatic"),
]


@pytest.fixture
def load(tmp_path: Path):
    def load(parts: list[str] = ARM, *changes: tuple[str, str], robot: str = "") -> RobotModel:
        path, text = tmp_path / "arm.urdf", DESCRIPTION
        path.write_text(robot or f'<robot name="arm">{"".join(parts)}</robot>')
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path.with_suffix(".yaml").write_text(text)
        return RobotModel.load(path)

    return load


def test_a_urdf_brings_its_limits_and_bodies(load) -> None:
    model = load()
    np.testing.assert_array_equal(model.q_min, [-np.inf, -1, -1])
    np.testing.assert_array_equal(model.endless, [True, False, False])
    assert [body.name for body in model.capsules] == ["base_0", "b_0", "tip_0"]


def test_boxes_and_cylinders_of_a_urdf_lie_inside_their_capsules(load) -> None:
    model = load()
    corners = np.array([[x, y, z] for x in (-0.05, 0.05) for y in (-0.01, 0.01) for z in (-0.02, 0.02)])
    turns = np.linspace(0, 2 * np.pi, 60)
    rim = np.column_stack((0.04 * np.cos(turns), 0.04 * np.sin(turns), np.full(60, 0.1)))
    for name, points in (("tip_0", corners), ("b_0", np.vstack((rim, -rim)))):
        body = model.capsule(name)
        axis = body.end - body.start
        share = np.clip((points - body.start) @ axis / (axis @ axis), 0, 1)
        away = np.linalg.norm(points - body.start - share[:, None] * axis, axis=1)
        assert away.max() == pytest.approx(body.radius, abs=1e-9)


def test_written_bodies_replace_the_geometry_of_the_file(load) -> None:
    bodies = """collision_bodies:
  - {name: rod, frame: b, start: [0, 0, 0], end: [0, 0, 0.2], radius: 0.03}
  - {name: ball, frame: tip, start: [0.1, 0, 0], radius: 0.02}
  - {name: foot, frame: base, start: [0, 0, 0], radius: 0.02}
table_bodies: [ball]
self_collision_pairs: [[ball, foot]]"""
    parts = [part.replace('<sphere radius="0.05"/>', '<mesh filename="package://x/m.stl"/>') for part in ARM]
    model = load(
        parts,
        ("table_bodies: [tip_0]\nself_collision_pairs: [[tip_0, base_0]]", bodies),
    )
    assert [(body.name, body.joint, body.radius) for body in model.capsules] == [
        ("rod", 1, 0.03),
        ("ball", 2, 0.02),
        ("foot", -1, 0.02),
    ]
    np.testing.assert_array_equal(model.capsule("ball").start, model.capsule("ball").end)


@pytest.mark.parametrize("angle", [0.7, -2.0])
def test_a_locked_joint_stays_where_the_yaml_holds_it_also_a_continuous_one(load, angle: float) -> None:
    parts = [part.replace('name="j1" type="continuous"', 'name="j0" type="continuous"') for part in ARM]
    changes = (
        ("[j1, j2, j3]", "[j2, j3]"),
        ("{finger: 0.02}", f"{{finger: 0.02, j0: {angle}}}"),
        ("[0, 0, 0.1]", "[0, 0.1]"),
    )
    np.testing.assert_allclose(
        load(parts, *changes).forward_kinematics([0.3, -0.2]),
        load().forward_kinematics([angle, 0.3, -0.2]),
        atol=1e-12,
    )


def test_a_tool_offset_moves_the_tool_point(load) -> None:
    offset = "tool_frame: tip\ntool_offset: {translation: [0, 0.1, 0.2], quaternion: [0.6, 0.8, 0, 0]}"
    q, shift = [0.4, -0.3, 0.2], np.eye(4)
    shift[1:3, 1:3], shift[:3, 3] = [[-0.28, -0.96], [0.96, -0.28]], (0.0, 0.1, 0.2)
    moved = load(ARM, ("tool_frame: tip", offset)).forward_kinematics(q)
    np.testing.assert_allclose(moved, load().forward_kinematics(q) @ shift, atol=1e-12)


def test_a_site_is_meant_where_a_body_has_its_name(tmp_path: Path) -> None:
    path = tmp_path / "arm.xml"
    path.write_text(
        """<mujoco><worldbody><body name="tip"><inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>
        <joint name="j1" range="-1 1" limited="true"/><site name="tip" pos="0 0 0.5"/></body></worldbody>
        </mujoco>"""
    )
    text = DESCRIPTION.replace("[j1, j2, j3]", "[j1]").replace("[0, 0, 0.1]", "[0]")
    text = text.replace("{finger: 0.02}", "{}").replace("[tip_0]", "[]").replace("[[tip_0, base_0]]", "[]")
    path.with_suffix(".yaml").write_text(text + "velocity: [1]\ntorque: [1]\n")
    assert RobotModel.load(path).forward_kinematics([0.0])[2, 3] == 0.5


@pytest.mark.parametrize(
    ("parts", "changes", "message"),
    [
        (ARM, [("[j1, j2, j3]", "[j1, j2, j9]")], "no joint named j9, expected one of: j1, j2, j3, finger"),
        (ARM, [("{finger: 0.02}", "{}")], "joint finger is neither in arm_joints nor in locked_joints"),
        (ARM, [("[j1, j2, j3]", "[j2, j1, j3]")], r"expected base first: \['j1', 'j2', 'j3'\]"),
        (
            [*ARM, link("c"), joint("j4", "a", "c")],
            [("[j1, j2, j3]", "[j1, j2, j3, j4]"), ("[0, 0, 0.1]", "[0, 0, 0, 0]")],
            "the arm branches at j1 into j2 and j4, expected one chain: .*locked_joints",
        ),
        (ARM, [("tool_frame: tip", "tool_frame: base")], "tool_frame base is fixed to the base"),
        (ARM, [("tool_frame: tip", "tool_frame: tcp")], "no frame named tcp, expected one of: .*tip"),
        (ARM, [("[tip_0]", "[tip_9]")], "no geom named tip_9, expected one of: base_0, b_0, tip_0"),
        (ARM, [("[0, 0, 0.1]", "[0, 0, 1.1]")], r"rest of j3 is 1.1, expected a position in \[-1.0, 1.0\]"),
        (
            [part.replace('type="revolute"', 'type="floating"') for part in ARM],
            [],
            "j2: JointModelFreeFlyer has nq=7, nv=6, expected a revolute, continuous or prismatic",
        ),
        (
            [part.replace('name="finger" type="prismatic"', 'name="finger" type="floating"') for part in ARM],
            [],
            "finger is a JointModelFreeFlyer, which one number cannot lock",
        ),
        (
            [part.replace('<sphere radius="0.05"/>', '<mesh filename="package://x/m.stl"/>') for part in ARM],
            [],
            "its geometry cannot be read: Mesh package://x/m.stl could not be found",
        ),
        (
            [part.replace('radius="0.05"', 'radius="1.5"') for part in ARM],
            [],
            "tip_0 and base_0 overlap by .* m at rest, expected them apart",
        ),
    ],
)
def test_what_is_wrong_is_named(load, parts: list[str], changes: list, message: str) -> None:
    with pytest.raises(ControllerError, match=message):
        load(parts, *changes)


def test_a_file_that_is_no_robot_is_refused(load) -> None:
    with pytest.raises(
        ControllerError, match=r"arm.urdf: its robot cannot be read: .*not contain a valid URDF"
    ):
        load(robot="<nothing/>")


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "arm.sdf").write_text("<sdf/>")
    with pytest.raises(ControllerError, match=r"expected a path to an .xml or .urdf, or one of: panda"):
        RobotModel.load(tmp_path / "arm.sdf")
