"""NaN and infinity never pass."""

import numpy as np
import pytest

from controllers import ControllerError
from controllers.finite import require_finite


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["q", "dq", "gripper_width"])
def test_command_that_is_not_finite_is_refused_by_name(part: str, bad: float) -> None:
    command = {"q": np.zeros(7), "dq": np.zeros(7), "gripper_width": 0.04}
    require_finite(**command)
    command[part] = bad if part == "gripper_width" else np.array([0, 0, bad, 0, 0, 0, 0])
    with pytest.raises(ControllerError, match=f"command {part} is"):
        require_finite(**command)
