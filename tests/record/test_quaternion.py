import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hybridctl.record.quaternion import quaternion, rotations

part = st.floats(-1, 1, allow_nan=False)


@given(st.tuples(part, part, part, part).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_there_and_back(parts):
    q = np.array(parts) / np.linalg.norm(parts)
    R = Rotation.from_quat(q, scalar_first=True).as_matrix()
    found = np.array(quaternion(R))
    assert abs(np.linalg.norm(found) - 1) < 1e-9
    np.testing.assert_allclose(rotations(found[None])[0], R, atol=1e-9)


def test_half_turns():
    for diagonal in ((1, -1, -1), (-1, 1, -1), (-1, -1, 1)):
        R = np.diag(np.array(diagonal, dtype=float))
        np.testing.assert_allclose(rotations(np.array(quaternion(R))[None])[0], R, atol=1e-12)
