import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.record.svg import Axes, span, thinned, ticks

finite = st.floats(-1e6, 1e6, allow_nan=False)


@given(finite, st.floats(1e-3, 1e6))
def test_ticks_are_few_inside_and_evenly_spaced(low, length):
    found = ticks(low, low + length, target=6)
    values = np.array([value for value, _ in found])
    assert 2 <= len(found) <= 16
    slack = 1e-6 * (abs(low) + length)
    assert (values >= low - slack).all()
    assert (values <= low + length + slack).all()
    assert np.ptp(np.diff(values)) <= slack


def test_ticks_read_as_round_numbers():
    assert [text for _, text in ticks(0.0, 1.0, target=5)] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [text for _, text in ticks(-10, 90, target=5)] == ["0", "20", "40", "60", "80"]


@given(st.lists(finite, min_size=1, max_size=3000))
def test_thinning_keeps_ends_and_peaks(values):
    y = np.array(values)
    x = np.arange(len(y), dtype=float)
    tx, ty = thinned(x, y, most=100)
    assert len(tx) <= max(102, min(len(y), 100))
    assert (np.diff(tx) > 0).all()
    assert (tx[0], tx[-1]) == (x[0], x[-1])
    assert (ty.min(), ty.max()) == (y.min(), y.max())


def test_a_line_breaks_where_there_is_no_value():
    axes = Axes(x=(0, 4), y=(0, 1))
    axes.line([0, 1, 2, 3, 4], [0, 1, np.nan, 1, 0], color="red", name="gap")
    lines = re.findall(r'points="([^"]*)"', axes.render())
    assert [len(points.split()) for points in lines] == [2, 2]


def test_points_lie_where_the_axes_say():
    axes = Axes(x=(0, 10), y=(-1, 1), width=200, height=100, margins=(20, 10, 5, 15))
    axes.line([0, 10], [-1, 1], color="red", name="diagonal")
    assert 'points="20.0,85.0 190.0,5.0"' in axes.render()


def test_words_are_escaped():
    axes = Axes(x=(0, 1), y=(0, 1), name='a "name"', y_label="<y>")
    axes.dot(0, 0, color="red", title="<b>&")
    svg = axes.render()
    assert "<b>" not in svg
    assert "&lt;b&gt;&amp;" in svg
    assert "a &quot;name&quot;" in svg


def test_span_ignores_what_is_not_finite_and_keeps_the_floor():
    low, high = span([1.0, np.nan], [3.0, np.inf], floor=0.0)
    assert low == 0.0
    assert 3.0 < high < 3.5
    assert span([np.nan])[0] < span([np.nan])[1]
