"""Peer: Stone Soup's Kalman filter and global nearest neighbour on point masses, named by majority."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.measures import Mahalanobis
from stonesoup.models.measurement.linear import LinearGaussian
from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel, RandomWalk
from stonesoup.predictor.kalman import KalmanPredictor
from stonesoup.types.detection import Detection
from stonesoup.types.state import GaussianState
from stonesoup.types.track import Track
from stonesoup.updater.kalman import KalmanUpdater

from hybridctl.messages.arrays import FloatArray

DRIFT = 0.001**2
"""Of what rests, as the memory assumes it [m²/s]."""
GATE = math.sqrt(16.27)
"""Mahalanobis distance at 99.9 % of chi² with three degrees of freedom."""
VOTES = 8
"""So many of a track's last answers say what it is called."""
KEPT = 8
"""A track that the last so many looks did not find ends."""
_EPOCH = datetime(2000, 1, 1)


class Place(NamedTuple):
    """Where a named track is: position (3,) [m], covariance (3, 3) [m²]."""

    position: FloatArray
    covariance: FloatArray


class StoneSoupTracks:
    """Tracks over simultaneous named points."""

    def __init__(self, covariance: FloatArray) -> None:
        """Track points whose noise has `covariance`, shape (3, 3) [m²]."""
        self._covariance = covariance
        moves = CombinedLinearGaussianTransitionModel([RandomWalk(DRIFT)] * 3)
        model = LinearGaussian(ndim_state=3, mapping=(0, 1, 2), noise_covar=covariance)
        self._predictor, self._updater = KalmanPredictor(moves), KalmanUpdater(model)
        distances = DistanceHypothesiser(self._predictor, self._updater, Mahalanobis(), missed_distance=GATE)
        self._associator = GNNWith2DAssignment(distances)
        self._votes: dict[Track, deque[str]] = {}
        self._missed: Counter[Track] = Counter()

    def see(self, stamp: float, points: Iterable[tuple[str, FloatArray]]) -> None:
        """Take in what was pointed at together: phrase and position, shape (3,) [m]."""
        when = _when(stamp)
        detections = [
            Detection(np.reshape(position, (3, 1)), timestamp=when, metadata={"phrase": phrase})
            for phrase, position in points
        ]
        found: set[Any] = set()
        if self._votes:
            for track, hypothesis in self._associator.associate(
                set(self._votes), set(detections), when
            ).items():
                if hypothesis:
                    track.append(self._updater.update(hypothesis))
                    self._votes[track].append(hypothesis.measurement.metadata["phrase"])
                    self._missed[track] = 0
                    found.add(hypothesis.measurement)
                else:
                    self._missed[track] += 1
        for detection in detections:
            if detection not in found:
                state = GaussianState(detection.state_vector, self._covariance, timestamp=when)
                track = Track([state])
                self._votes[track] = deque([detection.metadata["phrase"]], maxlen=VOTES)
        for track in [track for track, count in self._missed.items() if count >= KEPT]:
            del self._votes[track], self._missed[track]

    def places(self, stamp: float) -> dict[str, Place]:
        """Return where each phrase's track is at a time [s]: that with most of its votes."""
        best: dict[str, tuple[int, Track]] = {}
        for track, votes in self._votes.items():
            phrase, count = Counter(votes).most_common(1)[0]
            if phrase not in best or count > best[phrase][0]:
                best[phrase] = count, track
        now = _when(stamp)
        found = {}
        for phrase, (_, track) in best.items():
            state = track.state
            if now > state.timestamp:
                state = self._predictor.predict(state, timestamp=now)
            position = np.asarray(state.state_vector, dtype=np.float64).ravel()
            found[phrase] = Place(position, np.asarray(state.covar, dtype=np.float64))
        return found


def _when(stamp: float) -> datetime:
    return _EPOCH + timedelta(seconds=stamp)
