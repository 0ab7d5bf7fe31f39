"""Inside, outside, too close to call."""

from dataclasses import replace

import numpy as np
import pytest

from world_state.relations import is_inside
from world_state.slot import Slot

BOWL = Slot("bowl", [0.5, 0, 0.02], np.eye(3) * 1e-6, None, [0.15, 0.15, 0.04], 0.0, "seen", [0.86, 0, 0.7])


def thing(x, *, std=0.002):
    return replace(
        BOWL, phrase="ball", position=[x, 0, 0.02], covariance=np.eye(3) * std**2, extent=[0.04] * 3
    )


@pytest.mark.parametrize(
    ("x", "std", "expected"),
    [(0.5, 0.002, True), (0.55, 0.002, True), (0.62, 0.002, False), (0.575, 0.002, None), (0.5, 0.1, None)],
)
def test_inside_outside_and_too_close_to_call(x, std, expected):
    assert is_inside(thing(x, std=std), BOWL) is expected
