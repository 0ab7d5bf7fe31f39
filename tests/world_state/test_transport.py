"""What is carried keeps its error along itself; a transform and its inverse undo each other."""

import numpy as np

from world_state.pose import initial
from world_state.so3 import exp
from world_state.transport import carried


def test_what_is_carried_around_a_corner_keeps_its_error_along_itself():
    covariance = np.diag([1e-4, 4e-6, 4e-6])
    pose = initial(np.array([0.5, 0, 0.02]), covariance, view=np.ones(3), bias=covariance, yaw=0.0)
    T = np.eye(4)
    T[:3, :3] = exp(np.array([0, 0, np.pi / 2]))
    T[:3, 3] = [0.3, 0.3, 0.2]
    after = carried(pose, T)
    np.testing.assert_array_equal(after.T, T)
    np.testing.assert_allclose(np.diag(after.covariance), [8e-6, 2e-4, 8e-6], rtol=1e-4)
    assert after.views == ()
    spread = carried(pose, T, spread=1e-6 * np.eye(3))
    np.testing.assert_allclose(spread.covariance, after.covariance + 1e-6 * np.eye(3))
