"""A far target is brought near, a near one is left alone."""

import numpy as np
import pinocchio as pin
import pytest

from controllers.target import pose_distance, step_toward


def test_near_target_is_unchanged(helpers) -> None:
    T = helpers.tool_down(0.5, 0.0, 0.3)
    near = step_toward(helpers.tool_down(0.5, 0.05, 0.3), T, max_translation=0.1, max_rotation=0.5)
    np.testing.assert_array_equal(near, T)


@pytest.mark.parametrize("angle", [0.6, 2.0, np.pi - 1e-9, np.pi])
def test_far_target_is_approached_by_the_given_step(helpers, angle: float) -> None:
    T = helpers.tool_down(0.5, 0.0, 0.3)
    far = T.copy()
    far[:3, :3] = T[:3, :3] @ pin.exp3(np.array([0.0, angle, 0.0]))
    far[:3, 3] += (3.0, 0.0, 4.0)
    near = step_toward(T, far, max_translation=0.1, max_rotation=0.5)
    np.testing.assert_allclose(near[:3, 3] - T[:3, 3], (0.06, 0.0, 0.08), atol=1e-12)
    np.testing.assert_allclose(pose_distance(T, near), (0.1, 0.5), atol=1e-9)
    assert pose_distance(near, far)[1] == pytest.approx(angle - 0.5, abs=1e-6)
