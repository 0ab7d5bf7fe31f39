import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.collision import segment_distance
from hybridctl.record.clearance import Clearances, segment_distances

# A coarse grid, so that points, parallels and crossings come up often.
point = st.tuples(*[st.integers(-2, 2).map(float)] * 3).map(np.array)
segments = st.tuples(point, point, point, point)


@given(st.lists(segments, min_size=1, max_size=5))
def test_agrees_with_the_controllers_distance_of_one_pair(pairs):
    ours = segment_distances(*(np.array(ends) for ends in zip(*pairs, strict=True)))
    np.testing.assert_allclose(ours, [segment_distance(*pair) for pair in pairs], atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_what_the_controller_keeps_to(robot, symbolic_clearances, seed):
    q = np.random.default_rng(seed).uniform(robot.q_min, robot.q_max)
    heights, distances = symbolic_clearances(q)
    ours = Clearances(robot).measure(q)
    assert ours.height == pytest.approx(heights.min(), abs=1e-9)
    assert ours.body == robot.table_bodies[int(heights.argmin())]
    assert ours.gap == pytest.approx(distances.min(), abs=1e-6)
    assert ours.pair == " to ".join(robot.self_collision_pairs[int(distances.argmin())])
