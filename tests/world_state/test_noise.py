"""How far an answer is trusted."""

import numpy as np
import pytest

from hybridctl.messages.arrays import MessageError
from hybridctl.messages.policy import Confidence
from world_state.depth import ObjectMeasurement
from world_state.noise import NoiseModel


def test_what_a_policy_says_of_itself_is_taken_but_never_for_certain():
    noise = NoiseModel()
    assert noise.p_right(Confidence(-1.0, 0.0, 0.7)) == 0.7
    assert 0.9 < noise.p_right(Confidence(-1.0, 0.0, 1.0)) < 1.0
    assert 0.0 < noise.p_right(Confidence(-1.0, 0.0, 0.0)) < 0.1


def test_without_that_entropy_says_it():
    noise = NoiseModel()
    sure, usual, halved, torn = (noise.p_right(Confidence(-1.0, h)) for h in (0.1, 2.12, 2.6, 4.2))
    assert sure == usual == pytest.approx(0.99)
    assert halved == pytest.approx(0.48, abs=0.05), "as often right as wrong on full tables"
    assert torn < 0.2


def test_a_calibration_error_is_shared_by_looks_from_one_place_and_widens_each():
    look = ObjectMeasurement(
        position=np.array([0.5, 0.0, 0.02]), covariance=1e-6 * np.eye(3), extent=np.full(3, 0.04),
        grasp_yaw=0.0, yaw_meaningful=False, shape="flat", points=80, clipped=False,
        view=np.array([0.8, 0.0, 0.7]), stamp=0.0,
    )  # fmt: skip
    noise = NoiseModel(calibration=0.003, calibration_height=0.0005)
    wide = noise.trusted(look)
    np.testing.assert_allclose(np.diag(wide.covariance), (1e-5, 1e-5, 1.25e-6))
    np.testing.assert_allclose(np.diag(wide.covariance - noise.shared(wide)), 1e-7)
    assert NoiseModel().trusted(look) is look


def test_a_probability_that_is_none_is_refused_by_name():
    with pytest.raises(MessageError, match=r"NoiseModel.alike is 1.0"):
        NoiseModel(alike=1.0)
