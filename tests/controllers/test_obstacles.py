"""An obstacle moves on with its velocity, and is refused by name if it is none."""

import numpy as np
import pytest

from controllers.obstacles import Obstacle
from hybridctl.messages.arrays import MessageError


def test_it_moves_on_with_its_velocity() -> None:
    bar = Obstacle("bar", np.zeros(3), np.array([0.0, 0.0, 1.0]), 0.1, np.array([1.0, -2.0, 0.0]))
    later = bar.at(0.5)
    np.testing.assert_allclose(later.start, (0.5, -1.0, 0.0))
    np.testing.assert_allclose(later.end, (0.5, -1.0, 1.0))
    np.testing.assert_array_equal(later.velocity, bar.velocity)
    assert (later.name, later.radius) == ("bar", 0.1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("start", (0.0, np.inf, 0.0)), ("end", (1.0,)), ("radius", 3.0), ("velocity", (np.nan, 0.0, 0.0))],
)
def test_what_cannot_be_is_refused_by_name(field: str, value: object) -> None:
    right = {"start": np.zeros(3), "end": np.ones(3), "radius": 0.02, "velocity": np.zeros(3)}
    with pytest.raises(MessageError, match=f"Obstacle.{field}"):
        Obstacle("ball", **{**right, field: value})
