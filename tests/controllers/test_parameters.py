"""Parameters keep their places, matrices by columns, and refuse a wrong shape."""

import casadi as ca
import numpy as np
import pytest

from controllers import ControllerError
from controllers.parameters import ParameterLayout

SHAPES = {"one": (), "row": (3,), "matrix": (2, 3), "none": (0,)}


def test_what_is_written_is_what_the_symbols_read() -> None:
    layout, vector = ParameterLayout(SHAPES), np.zeros(10)
    assert layout.size == 10
    matrix = np.arange(6.0).reshape(2, 3)
    for name, value in (("one", 5.0), ("row", (1.0, 2.0, 3.0)), ("matrix", matrix)):
        layout.write(vector, name, value)
    symbol = ca.SX.sym("p", 10)
    symbols = layout.symbols(symbol)
    read = ca.Function("read", [symbol], [symbols["one"], symbols["row"], symbols["matrix"]])
    one, row, found = (np.array(item) for item in read(vector))
    assert one[0, 0] == 5.0
    np.testing.assert_array_equal(row[:, 0], (1.0, 2.0, 3.0))
    np.testing.assert_array_equal(found, matrix)


def test_a_wrong_shape_names_the_parameter_and_changes_nothing() -> None:
    layout, vector = ParameterLayout(SHAPES), np.ones(10)
    with pytest.raises(ControllerError, match=r"matrix has shape \(3, 2\), expected \(2, 3\)"):
        layout.write(vector, "matrix", np.zeros((3, 2)))
    np.testing.assert_array_equal(vector, 1.0)
    assert layout.has("row")
    assert not layout.has("column")


def test_infinite_bounds_become_finite_ones() -> None:
    """Zero times infinity would be NaN in the generated code."""
    layout, vector = ParameterLayout(SHAPES), np.zeros(10)
    layout.write(vector, "row", (np.inf, -np.inf, 1.0))
    assert np.isfinite(vector).all()
    assert vector[1] > 1e8
    assert vector[2] < -1e8
