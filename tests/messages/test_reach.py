"""Where a skill brings the tool."""

import math

from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.reach import MAX_GRASP_YAW, grasp_height, nearest_square_yaw


@given(st.floats(-10.0, 10.0), st.floats(-0.9, 0.9))
def test_a_square_yaw_is_the_same_square_within_reach_and_the_nearest(yaw: float, to: float) -> None:
    chosen = nearest_square_yaw(yaw, to=to)
    assert abs(chosen) <= MAX_GRASP_YAW
    assert abs(math.remainder(chosen - yaw, math.pi / 2)) < 1e-9
    others = [chosen + k * math.pi / 2 for k in (-2, -1, 1, 2)]
    assert all(abs(chosen - to) <= abs(o - to) + 1e-9 for o in others if abs(o) <= MAX_GRASP_YAW - 1e-9)


def test_a_grasp_takes_the_middle_but_never_scrapes_the_table() -> None:
    assert grasp_height(0.06) == 0.03
    assert grasp_height(0.01) == 0.018
