"""The checks at every message's door: shape, finiteness and rigid transforms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.messages.action import rotation_from_rpy
from hybridctl.messages.arrays import MessageError, checked, checked_scalar, checked_transform

angles = st.floats(-3.1, 3.1)
BAD_NUMBERS = [np.nan, np.inf, -np.inf]


def transform(rpy: tuple[float, float, float] = (0.3, -0.2, 1.0)) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3] = rotation_from_rpy(*rpy)
    T[:3, 3] = 0.4, -0.1, 0.3
    return T


def test_checked_copies_to_read_only_float64() -> None:
    source = np.array([1, 2, 3], dtype=np.int32)
    array = checked("q", source, shape=(3,))
    source[0] = 9
    assert array.dtype == np.float64
    assert array.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 5.0


@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_checked_refuses_what_is_not_finite_and_names_it(bad: float) -> None:
    with pytest.raises(MessageError, match="elbow holds NaN or infinite"):
        checked("elbow", [0.0, bad], shape=(2,))


@pytest.mark.parametrize("value", [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], 1.0])
def test_checked_refuses_another_shape(value: object) -> None:
    with pytest.raises(MessageError, match=r"q has shape .* expected \(2,\)"):
        checked("q", value, shape=(2,))


def test_checked_takes_any_length_where_the_shape_says_none() -> None:
    assert checked("q", [1.0, 2.0], shape=(None,)).shape == (2,)
    with pytest.raises(MessageError, match="any"):
        checked("q", [[1.0]], shape=(None,))


@pytest.mark.parametrize("value", [["a", "b"], [[1.0], [1.0, 2.0]], object()])
def test_checked_refuses_what_is_no_array_of_numbers(value: object) -> None:
    with pytest.raises(MessageError, match="not an array of numbers"):
        checked("q", value, shape=(2,))


@pytest.mark.parametrize("bad", [*BAD_NUMBERS, -0.1, 1.1])
def test_a_scalar_outside_its_range_is_refused(bad: float) -> None:
    with pytest.raises(MessageError, match=r"width is .* in \[0.0, 1.0\]"):
        checked_scalar("width", bad, low=0.0, high=1.0)


def test_a_scalar_on_its_bounds_is_kept() -> None:
    assert checked_scalar("width", 0.0, low=0.0, high=1.0) == 0.0
    assert checked_scalar("width", 1, low=0.0, high=1.0) == 1.0


@given(angles, angles, angles)
def test_any_rotation_passes_as_a_transform(roll: float, pitch: float, yaw: float) -> None:
    T = transform((roll, pitch, yaw))
    np.testing.assert_array_equal(checked_transform("T", T), T)


@given(angles, angles, angles, st.integers(0, 2), st.integers(0, 2), st.sampled_from([-1e-3, 1e-3]))
def test_a_rotation_with_one_entry_off_is_refused(
    roll: float, pitch: float, yaw: float, row: int, column: int, by: float
) -> None:
    T = transform((roll, pitch, yaw))
    T[row, column] += by
    distance = np.abs(T[:3, :3] @ T[:3, :3].T - np.eye(3)).max()
    if distance > 1e-6:
        with pytest.raises(MessageError, match="not orthonormal"):
            checked_transform("T", T)


def test_a_mirror_a_scale_and_a_bottom_row_are_refused() -> None:
    mirrored, scaled, projective = transform(), transform(), transform()
    mirrored[:3, 0] *= -1
    scaled[:3, :3] *= 1.01
    projective[3] = 0.0, 0.0, 0.1, 1.0
    for T, word in ((mirrored, "right-handed"), (scaled, "orthonormal"), (projective, "bottom row")):
        with pytest.raises(MessageError, match=word):
            checked_transform("T", T)
