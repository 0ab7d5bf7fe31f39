"""Closed-form checks of the shape fits on points that are not rendered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from world_state.shape import fit_shape, polygon_area, polygon_centroid, quarter, smallest_rectangle, turn


def rectangle_points(width, depth, yaw, *, n=15):
    x, y = np.meshgrid(np.linspace(-width / 2, width / 2, n), np.linspace(-depth / 2, depth / 2, n))
    c, s = np.cos(yaw), np.sin(yaw)
    return np.column_stack([x.ravel(), y.ravel()]) @ np.array([[c, s], [-s, c]])


@given(yaw=st.floats(-0.78, 0.78), aspect=st.sampled_from([1.0, 1.2, 1.6, 2.5]))
def test_turn_of_rectangles_of_any_aspect(yaw, aspect):
    found = turn(rectangle_points(0.04 * aspect, 0.04, yaw))
    assert found is not None
    assert abs(quarter(found - yaw)) < 1e-6


def test_disc_has_no_turn():
    points = rectangle_points(0.05, 0.05, 0.0, n=41)
    assert turn(points[np.linalg.norm(points, axis=1) < 0.025]) is None


@given(angle=st.floats(-20, 20))
def test_quarter_keeps_the_angle_modulo_ninety_degrees(angle):
    assert -np.pi / 4 - 1e-9 <= quarter(angle) <= np.pi / 4 + 1e-9
    turns = (quarter(angle) - angle) / (np.pi / 2)
    assert turns == pytest.approx(round(turns), abs=1e-9)


@given(yaw=st.floats(-0.7, 0.7))
def test_smallest_rectangle_gives_back_a_turned_rectangle(yaw):
    c, s = np.cos(yaw), np.sin(yaw)
    corners = np.array([[-3, -1], [3, -1], [3, 1], [-3, 1]]) @ np.array([[c, s], [-s, c]])
    found, size = smallest_rectangle(corners)
    assert found == pytest.approx(yaw, abs=1e-6)
    np.testing.assert_allclose(size, [6, 2], atol=1e-6)


def test_area_and_centroid_of_a_triangle():
    corners = np.array([[1.0, 1], [4, 1], [1, 4]])
    assert polygon_area(corners) == pytest.approx(4.5)
    np.testing.assert_allclose(polygon_centroid(corners), [2, 2])


def test_ball_seen_from_one_side_has_its_centre_in_the_middle():
    rng = np.random.default_rng(0)
    way = rng.normal(size=(200, 3))
    way = way[way @ [0.5, 0, 0.8] > 0]
    points = np.array([0.5, 0.1, 0.02]) + 0.02 * way / np.linalg.norm(way, axis=1)[:, None]
    shape = fit_shape(points, np.full(len(points), 1e-5), pitch=0.004)
    assert shape.kind == "ball"
    np.testing.assert_allclose(shape.centre, [0.5, 0.1], atol=1e-9)
    assert shape.top == pytest.approx(0.04)


def test_points_on_one_line_do_not_break_the_fit():
    points = np.column_stack([np.linspace(0, 0.04, 8), np.zeros(8), np.full(8, 0.04)])
    assert fit_shape(points, np.full(8, 1e-5), pitch=0.004).top == pytest.approx(0.04)
