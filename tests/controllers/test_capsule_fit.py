"""A fitted capsule holds its whole shape, and is no larger than it has to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from controllers import ControllerError
from controllers.capsule_fit import capsule_around_points, capsule_around_prism
from controllers.collision import segment_distance

coordinates = st.floats(-1.0, 1.0)
clouds = st.integers(1, 20).flatmap(lambda m: arrays(np.float64, (m, 3), elements=coordinates))
lengths = st.floats(0.005, 0.5)


def volume(length: float, radius: float) -> float:
    return np.pi * radius**2 * (length + 4 / 3 * radius)


@settings(max_examples=25, deadline=None)
@given(points=clouds)
def test_every_vertex_is_inside(points: np.ndarray) -> None:
    start, end, radius = capsule_around_points("link", points)
    assert all(segment_distance(start, end, p, p) <= radius + 1e-6 for p in points)


def test_a_tilted_capsule_is_found_again() -> None:
    rng = np.random.default_rng(5)
    ends = np.array([[0.1, -0.2, 0.3], [0.3, 0.1, 0.5]])
    directions = rng.normal(size=(3000, 3))
    share = rng.uniform(size=(3000, 1))
    on_axis = ends[0] + np.clip(2.0 * share - 0.5, 0.0, 1.0) * (ends[1] - ends[0])
    points = on_axis + 0.05 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    start, end, radius = capsule_around_points("link", points)
    found = np.array(sorted([start, end], key=lambda p: p[0]))
    np.testing.assert_allclose(found, ends, atol=4e-3)
    assert radius == pytest.approx(0.05, abs=2e-3)


def test_the_search_beats_the_capsule_along_the_longest_side_of_a_bent_link() -> None:
    rng = np.random.default_rng(6)
    long, foot = rng.uniform((-0.05,) * 3, (0.05, 0.05, 0.5), (400, 3)), rng.uniform(0, 0.2, (400, 3))
    points = np.vstack((long, foot))
    start, end, radius = capsule_around_points("link", points)
    half, across = (points.max(axis=0) - points.min(axis=0))[[2, 0]] / 2
    simple = volume(2 * half, np.sqrt(2) * across)
    assert volume(float(np.linalg.norm(end - start)), radius) < 0.8 * simple


@settings(max_examples=100, deadline=None)
@given(half=lengths, corner=lengths)
def test_a_prism_is_held_and_touched_at_its_corners(half: float, corner: float) -> None:
    segment, radius = capsule_around_prism(half, corner)
    reach = np.hypot(half - segment, corner)
    assert reach == pytest.approx(radius, rel=1e-9)
    smaller = [
        volume(2 * max(0.0, half - np.sqrt(r * r - corner**2)), r)
        for r in np.linspace(corner, np.hypot(half, corner), 200)
    ]
    assert volume(2 * segment, radius) <= min(smaller) * (1 + 1e-6)


def test_a_mesh_without_vertices_is_refused_by_name() -> None:
    with pytest.raises(ControllerError, match="mesh forearm has no vertices"):
        capsule_around_points("forearm", np.zeros((0, 3)))


def test_a_vertex_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ControllerError, match="mesh forearm has vertices that are not finite"):
        capsule_around_points("forearm", np.array([[0.0, 0.0, np.nan]]))
