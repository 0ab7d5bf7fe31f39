"""What an action means: its bounds, its frame, and the target that it makes of a tool pose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.action import ACTION_NAMES, Action, ActionSpec, PoseTarget, rotation_from_rpy
from hybridctl.messages.arrays import MessageError

LOW, HIGH = -np.ones(8), np.ones(8)
small = st.floats(-0.5, 0.5)


def turned(axis: int, angle: float) -> np.ndarray:
    """Rotation about a coordinate axis, from the definition."""
    c, s = np.cos(angle), np.sin(angle)
    R = np.eye(3)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    R[i, i] = R[j, j] = c
    R[i, j], R[j, i] = -s, s
    return R


def pose(R: np.ndarray, p: object) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, p
    return T


def test_the_eight_dimensions_are_those_of_rt2_in_its_order() -> None:
    assert ACTION_NAMES == ("terminate", "dx", "dy", "dz", "droll", "dpitch", "dyaw", "gripper")


def test_a_spec_tells_its_bin_width_and_is_read_only() -> None:
    spec = ActionSpec(low=LOW, high=HIGH * np.arange(1, 9), bins=4, frame="base")
    np.testing.assert_allclose(spec.bin_width, (1 + np.arange(1, 9)) / 4)
    with pytest.raises(ValueError, match="read-only"):
        spec.low[0] = 3.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"low": LOW[:7]}, "ActionSpec.low has shape"),
        ({"high": np.full(8, np.inf)}, "ActionSpec.high holds NaN or infinite"),
        ({"low": np.where(np.arange(8) == 3, np.nan, LOW)}, "ActionSpec.low holds NaN"),
        ({"low": np.where(np.arange(8) == 6, 1.0, LOW)}, "dyaw: low 1.0 is not below high 1.0"),
        ({"bins": 1}, "bins is 1"),
        ({"frame": "world"}, "'world', expected 'base' or 'tool'"),
    ],
)
def test_a_spec_that_means_nothing_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(MessageError, match=message):
        ActionSpec(**{"low": LOW, "high": HIGH, "bins": 256, "frame": "base", **change})


def test_a_spec_has_no_defaults() -> None:
    with pytest.raises(TypeError, match="missing 4 required"):
        ActionSpec()


@pytest.mark.parametrize(
    "change",
    [
        {"terminate": -0.1}, {"terminate": 1.1}, {"terminate": np.nan}, {"gripper": 1.5}, {"gripper": -0.5},
        {"translation": [0.0, np.inf, 0.0]}, {"translation": [0.0, 0.0]}, {"rotation": [np.nan, 0.0, 0.0]},
        {"rotation": np.zeros((1, 3))},
    ],
)  # fmt: skip
def test_an_action_out_of_range_is_refused(change: dict[str, object]) -> None:
    good = {"terminate": 0.0, "translation": np.zeros(3), "rotation": np.zeros(3), "gripper": 1.0}
    with pytest.raises(MessageError, match=f"Action.{next(iter(change))}"):
        Action(**{**good, **change})


@given(small, small, small)
def test_roll_pitch_yaw_compose_as_yaw_after_pitch_after_roll(roll: float, pitch: float, yaw: float) -> None:
    expected = turned(2, yaw) @ turned(1, pitch) @ turned(0, roll)
    np.testing.assert_allclose(rotation_from_rpy(roll, pitch, yaw), expected, atol=1e-12)


def test_in_the_base_frame_a_move_goes_along_the_base_axes() -> None:
    T_base_tool = pose(turned(0, np.pi), (0.5, 0.1, 0.3))  # points down: its z axis is the base's −z
    action = Action(terminate=0.0, translation=[0.01, 0.02, 0.03], rotation=[0.0, 0.0, 0.2], gripper=1.0)
    T = action.apply(T_base_tool, frame="base")
    np.testing.assert_allclose(T[:3, 3], (0.51, 0.12, 0.33), atol=1e-12)
    np.testing.assert_allclose(T[:3, 0], (np.cos(0.2), np.sin(0.2), 0.0), atol=1e-12)
    np.testing.assert_allclose(T[:3, 2], (0.0, 0.0, -1.0), atol=1e-12)


def test_in_the_tool_frame_the_same_move_goes_along_the_tool_axes() -> None:
    T_base_tool = pose(turned(0, np.pi), (0.5, 0.1, 0.3))
    action = Action(terminate=0.0, translation=[0.01, 0.02, 0.03], rotation=[0.0, 0.0, 0.2], gripper=1.0)
    T = action.apply(T_base_tool, frame="tool")
    np.testing.assert_allclose(T[:3, 3], (0.51, 0.08, 0.27), atol=1e-12)
    np.testing.assert_allclose(T[:3, 0], (np.cos(0.2), -np.sin(0.2), 0.0), atol=1e-12)


@given(small, small, small, st.tuples(small, small, small), st.tuples(small, small, small))
def test_both_frames_agree_with_the_composition_written_out(
    a: float, b: float, c: float, move: tuple[float, ...], turn: tuple[float, ...]
) -> None:
    T_base_tool = pose(turned(2, a) @ turned(0, b) @ turned(1, c), (0.4, -0.2, 0.3))
    action = Action(terminate=1.0, translation=move, rotation=turn, gripper=0.0)
    delta = pose(turned(2, turn[2]) @ turned(1, turn[1]) @ turned(0, turn[0]), move)
    np.testing.assert_allclose(action.apply(T_base_tool, frame="tool"), T_base_tool @ delta, atol=1e-12)
    based = action.apply(T_base_tool, frame="base")
    np.testing.assert_allclose(based[:3, :3], delta[:3, :3] @ T_base_tool[:3, :3], atol=1e-12)
    np.testing.assert_allclose(based[:3, 3], T_base_tool[:3, 3] + move, atol=1e-12)


def test_applying_an_action_leaves_the_pose_it_was_given_alone() -> None:
    T_base_tool = pose(np.eye(3), (0.5, 0.0, 0.3))
    Action(terminate=0.0, translation=[0.1, 0.0, 0.0], rotation=[0.0, 0.0, 1.0], gripper=1.0).apply(
        T_base_tool, frame="base"
    )
    np.testing.assert_array_equal(T_base_tool, pose(np.eye(3), (0.5, 0.0, 0.3)))


def test_an_unknown_frame_is_refused() -> None:
    action = Action(terminate=0.0, translation=np.zeros(3), rotation=np.zeros(3), gripper=1.0)
    with pytest.raises(MessageError, match="'camera', expected 'base' or 'tool'"):
        action.apply(np.eye(4), frame="camera")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"T_base_target": 2 * np.eye(4)}, "T_base_target"),
        ({"T_base_target": np.eye(3)}, "T_base_target has shape"),
        ({"stamp": np.nan}, "stamp"),
        ({"gripper_width": -0.01}, "gripper_width"),
        ({"gripper_width": np.inf}, "gripper_width"),
        ({"twist": np.zeros(3)}, "twist has shape"),
        ({"twist": np.full(6, np.nan)}, "twist holds NaN"),
        ({"tolerance": (0.01, -0.1)}, "expected a distance"),
        ({"tolerance": (0.01,)}, "tolerance has shape"),
        ({"tolerance": (0.01, np.inf)}, "tolerance holds NaN or inf"),
    ],
)
def test_a_target_that_no_arm_can_take_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(MessageError, match=message):
        PoseTarget(**{"T_base_target": np.eye(4), "stamp": 0.0, **change})


def test_a_target_keeps_its_own_copy_of_the_pose() -> None:
    T = np.eye(4)
    target = PoseTarget(T, stamp=1.0)
    T[0, 3] = 5.0
    assert target.T_base_target[0, 3] == 0.0
    assert target.gripper_width is None
    with pytest.raises(ValueError, match="read-only"):
        target.T_base_target[0, 3] = 1.0
