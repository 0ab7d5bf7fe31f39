"""Poses of what comes to rest and of what will have been looked at."""

import numpy as np

from world_state.pose import correct_position, initial
from world_state.prediction.rigid import at_rest, looked_at
from world_state.so3 import about_z, exp

VIEW = np.array([0.86, 0.0, 0.7])


def test_what_comes_to_rest_stands_upright_with_errors_of_its_own():
    tilted = initial(np.array([0.5, 0.0, 0.3]), 1e-5 * np.eye(3), view=VIEW, bias=1e-5 * np.eye(3), yaw=0.4)
    T = np.array(tilted.T)
    T[:3, :3] = about_z(0.4) @ exp(np.array([0.3, 0.0, 0.0]))
    rests = at_rest(tilted.at(T), np.array([0.4, 0.1, 0.02]), 4e-5 * np.eye(3), turn_std=0.1)
    np.testing.assert_allclose(rests.T[:3, 2], [0.0, 0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(rests.position, [0.4, 0.1, 0.02])
    np.testing.assert_allclose(rests.covariance, 4e-5 * np.eye(3))
    assert rests.views == ()
    assert rests.joint[5, 5] > tilted.joint[5, 5]


def test_a_look_to_come_leaves_what_the_filter_leaves_after_one():
    pose = initial(np.array([0.5, 0.0, 0.02]), np.diag([4e-4, 1e-4, 1e-4]), yaw=0.0)
    R = 0.006**2 * np.eye(3)
    seen = correct_position(pose, pose.position, R / 2, view=VIEW, bias=R / 2)
    foreseen = looked_at(pose, 0.006)
    np.testing.assert_allclose(foreseen.joint, seen.joint[:9, :9], rtol=1e-4, atol=1e-12)
    np.testing.assert_array_equal(foreseen.T, pose.T)
