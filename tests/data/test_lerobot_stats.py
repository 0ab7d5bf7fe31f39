"""Statistics that are merged are those of the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridctl.data.lerobot_stats import (
    QUANTILES,
    PictureStatistics,
    from_json,
    merged,
    to_json,
    vector_statistics,
)

rows = hnp.arrays(np.float64, st.tuples(st.integers(1, 30), st.just(2)), elements=st.floats(-1e3, 1e3))


@settings(max_examples=50, deadline=None)
@given(rows, rows)
def test_merged_statistics_are_those_of_both_parts_together(a, b):
    both, whole = merged(vector_statistics(a), vector_statistics(b)), vector_statistics(np.vstack([a, b]))
    for name in ("min", "max", "mean", "std", "count"):
        np.testing.assert_allclose(both[name], whole[name], atol=1e-6)
    ordered = np.stack([both["min"], *(both[name] for name in QUANTILES), both["max"]])
    assert (np.diff(ordered, axis=0) >= -1e-9).all()


def test_quantiles_of_many_episodes_are_close_to_those_of_all_frames():
    rng = np.random.default_rng(0)
    parts = [rng.normal(rng.uniform(-5, 5), rng.uniform(0.0, 1.0), (50, 1)) for _ in range(200)]
    running = vector_statistics(parts[0])
    for part in parts[1:]:
        running = merged(running, vector_statistics(part))
    values = np.vstack(parts)
    for name, q in QUANTILES.items():
        rank = (values < running[name]).mean()
        assert abs(rank - q) < 0.06, name  # merged 199 times, from seven numbers a part


def test_an_entry_that_is_constant_an_episode_keeps_its_spread_over_episodes():
    running = vector_statistics(np.zeros((10, 1)))
    for level in (1.0, 2.0, 3.0):
        running = merged(running, vector_statistics(np.full((10, 1), level)))
    assert running["q01"] < 0.2
    assert running["q99"] > 2.8


def test_quantiles_are_left_out_where_a_part_has_none():
    old = {k: v for k, v in vector_statistics(np.ones((3, 1))).items() if k not in QUANTILES}
    assert set(merged(old, vector_statistics(np.ones((3, 1))))) == {"min", "max", "mean", "std", "count"}


def test_picture_statistics_are_exact():
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 200, (4, 20, 30, 3), dtype=np.uint8)
    counted = PictureStatistics()
    for rgb in pictures:
        counted.add(rgb)
    stats, flat = counted.result(), pictures.reshape(-1, 3) / 255
    for name in ("min", "max", "mean", "std"):
        np.testing.assert_allclose(stats[name].ravel(), getattr(flat, name)(axis=0))
    for name, q in QUANTILES.items():
        expected = np.quantile(flat, q, axis=0, method="inverted_cdf")
        np.testing.assert_allclose(stats[name].ravel(), expected)
    assert stats["count"] == [4]


@pytest.mark.parametrize(("width", "step"), [(298, 1), (300, 2), (480, 3), (1280, 8)])
def test_large_pictures_are_thinned_out_to_the_pixels_that_lerobot_counts(width, step):
    rgb = np.random.default_rng(2).integers(0, 256, (width // 2, width, 3), dtype=np.uint8)
    whole, thin = PictureStatistics(), PictureStatistics()
    whole.add(rgb)
    thin.add(rgb[::step, ::step])
    for name, value in thin.result().items():
        np.testing.assert_array_equal(whole.result()[name], value)


def test_json_and_back():
    stats = {"action": vector_statistics(np.arange(6.0).reshape(3, 2))}
    again = from_json(to_json(stats))
    for name, value in stats["action"].items():
        np.testing.assert_array_equal(again["action"][name], value)
