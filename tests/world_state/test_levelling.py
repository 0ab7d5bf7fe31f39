"""The table tells a camera's tilt and height, whatever stands on it, and nothing else is touched."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from world_state.levelling import levelled

TILTS = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))


@pytest.fixture
def crowded(tabletop, shapes):
    things = shapes["bowl"](0.5, 0.0) + shapes["block"](0.45, 0.14) + shapes["block"](0.6, -0.12, yaw=0.4)
    return tabletop(things)


def off_by(table, *, tilt_deg, yaw_deg=0.0, shift=(0.0, 0.0, 0.0)):
    T = np.array(table.T_base_camera)
    T[:3, :3] = Rotation.from_euler("xyz", [*tilt_deg, yaw_deg], degrees=True).as_matrix() @ T[:3, :3]
    T[:3, 3] += shift
    return T


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tilt=TILTS, lift=st.floats(-0.01, 0.01), noise=st.sampled_from([0.0, 0.0013]))
def test_tilt_and_height_are_found_beside_a_bowl_and_blocks(crowded, tilt, lift, noise):
    reported = off_by(crowded, tilt_deg=tilt, shift=(0.0, 0.0, lift))
    T = levelled(crowded.depth(noise=noise), crowded.K, reported, table_height=0.0)
    true = crowded.T_base_camera
    vertical = (T[:3, :3].T)[:, 2] @ (true[:3, :3].T)[:, 2]
    assert np.degrees(np.arccos(min(1.0, vertical))) < 0.08
    assert abs(T[2, 3] - true[2, 3]) < 0.0006


def test_place_along_the_table_and_turn_about_the_vertical_stay_as_reported(crowded):
    reported = off_by(crowded, tilt_deg=(0.0, 0.0), yaw_deg=0.5, shift=(0.004, -0.003, 0.0))
    T = levelled(crowded.depth(noise=0.0), crowded.K, reported, table_height=0.0)
    np.testing.assert_allclose(T, reported, atol=1e-4)


def test_a_picture_without_a_table_corrects_nothing(crowded):
    T = crowded.T_base_camera
    assert levelled(np.zeros((128, 128)), crowded.K, T, table_height=0.0) is T
    assert levelled(crowded.depth(noise=0.0), crowded.K, T, table_height=-0.2) is T


def test_a_steep_plane_is_no_table(crowded):
    reported = off_by(crowded, tilt_deg=(8.0, 0.0))
    T = levelled(crowded.depth(noise=0.0), crowded.K, reported, table_height=0.0)
    assert T is reported
