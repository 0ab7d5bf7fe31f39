"""Stone Soup as a peer follows named points, through misses and wrong names."""

import numpy as np
import pytest

pytest.importorskip("stonesoup")

from hybridctl.bench.peers.stone_soup_tracks import KEPT, StoneSoupTracks

COVARIANCE = np.diag([0.004**2, 0.004**2, 0.001**2])
A, B = np.array([0.4, 0.0, 0.02]), np.array([0.5, 0.1, 0.02])


def test_two_things_are_averaged_each_on_its_own_and_a_wrong_name_does_not_stick() -> None:
    rng = np.random.default_rng(0)
    tracks = StoneSoupTracks(COVARIANCE)
    for k in range(20):
        noisy = [place + rng.normal(0.0, (0.004, 0.004, 0.001)) for place in (A, B)]
        names = ("blue", "blue") if k == 15 else ("red", "blue")
        tracks.see(0.5 * k, zip(names, noisy, strict=True))
    places = tracks.places(10.0)
    assert set(places) == {"red", "blue"}
    for name, place in (("red", A), ("blue", B)):
        assert np.linalg.norm(places[name].position - place) < 0.004
        assert np.trace(places[name].covariance) < np.trace(COVARIANCE) / 2


def test_a_thing_that_is_not_found_again_ends() -> None:
    tracks = StoneSoupTracks(COVARIANCE)
    tracks.see(0.0, [("red", A), ("blue", B)])
    for k in range(KEPT):
        tracks.see(0.5 + 0.5 * k, [("blue", B)])
    assert set(tracks.places(10.0)) == {"blue"}
