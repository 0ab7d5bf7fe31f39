"""The memory and the naive one are told the same and answer as they believe."""

import numpy as np
import pytest

from hybridctl.bench.memory_iid import COVARIANCE
from hybridctl.bench.memory_players import LastAnswer, Remembering, mass_within
from hybridctl.bench.memory_recording import Points
from hybridctl.messages.policy import Confidence
from world_state.depth import ObjectMeasurement
from world_state.noise import NoiseModel
from world_state.sighting import Sighting

PLACE = np.array([0.5, 0.0, 0.02])


def points(stamp: float, place: np.ndarray, *, eye: float = 0.0) -> Points:
    look = ObjectMeasurement(
        position=place, covariance=COVARIANCE, extent=np.array([0.04, 0.04, 0.04]), grasp_yaw=0.0,
        yaw_meaningful=False, shape="flat", points=80, clipped=False, view=np.array([0.8, eye, 0.7]),
        stamp=stamp,
    )  # fmt: skip
    said = Confidence(-0.1, 2.1, 0.95)
    sighting = Sighting("red block", look, said, np.zeros(2), np.ones(2))
    return Points(stamp, (sighting,), np.array([True]))


def test_the_memory_averages_views_and_the_naive_one_believes_the_last() -> None:
    rng = np.random.default_rng(2)
    memory, naive = Remembering(noise=NoiseModel()), LastAnswer()
    for k in range(12):
        one = points(0.5 * k, PLACE + rng.normal(0.0, (0.004, 0.004, 0.001)), eye=0.1 * k)
        for player in (memory, naive):
            player.take(one)
    believed, last = (player.guesses(6.0)["red block"] for player in (memory, naive))
    assert np.linalg.norm(believed.position - PLACE) < 0.003
    np.testing.assert_array_equal(last.position, one.sightings[0].look.position)
    assert believed.probability is not None
    assert believed.probability > 0.9
    assert last.probability is None


def test_each_look_at_a_known_thing_leaves_the_chance_of_its_gap() -> None:
    memory = Remembering(noise=NoiseModel())
    for k in range(4):
        memory.take(points(0.5 * k, PLACE, eye=0.2 * k))
    assert len(memory.chances) == 3
    assert all(0.5 < chance <= 1.0 for chance in memory.chances), "each look is where it was predicted"
    assert len(memory.look_ms) == 4


@pytest.mark.parametrize("stds", [(0.01, 0.01, 0.01), (0.02, 0.005, 0.001), (0.04, 0.04, 0.01)])
def test_the_mass_near_a_belief_is_that_of_samples(stds: tuple[float, float, float]) -> None:
    samples = np.random.default_rng(0).normal(0.0, stds, (200_000, 3))
    share = float((np.linalg.norm(samples, axis=1) < 0.025).mean())
    assert mass_within(np.diag(np.square(stds)), 0.025) == pytest.approx(share, abs=0.03)
