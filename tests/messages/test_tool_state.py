"""The seven numbers that a prompt says of the arm."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.action import rotation_from_rpy
from hybridctl.messages.tool_state import STATE_NAMES, tool_state

DOWN = np.diag([1.0, -1.0, -1.0])


def pose(R: np.ndarray) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, (0.5, -0.1, 0.2)
    return T


def test_a_tool_that_points_down_and_is_turned_has_only_yaw() -> None:
    c, s = np.cos(0.4), np.sin(0.4)
    R = np.array([[c, s, 0.0], [s, -c, 0.0], [0.0, 0.0, -1.0]])  # x axis turned by 0.4, z axis down
    state = tool_state(pose(R), 0.06)
    np.testing.assert_allclose(state, (0.5, -0.1, 0.2, 0.0, 0.0, 0.4, 0.06), atol=1e-12)
    assert len(state) == len(STATE_NAMES) == 7


@given(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5), st.floats(-3.1, 3.1))
def test_angles_rebuild_the_rotation(roll: float, pitch: float, yaw: float) -> None:
    R = rotation_from_rpy(roll, pitch, yaw) @ DOWN
    state = tool_state(pose(R), 0.0)
    np.testing.assert_allclose(state[3:6], (roll, pitch, yaw), atol=1e-7)
