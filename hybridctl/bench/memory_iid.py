"""The point-mass part: the same truths, seen by a sensor whose noise is exactly what the filters assume.

Each look comes from a place of its own, so that no two share an error; a thing is missed now and then, what
is hidden is not seen, answers are wrong as often as they say, and clutter stands where nothing is.
"""

from __future__ import annotations

import numpy as np

from hybridctl.bench.memory_recording import Input, Look, Points, Recording
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.policy import Confidence
from world_state.depth import ObjectMeasurement
from world_state.sighting import Sighting

STD = (0.004, 0.004, 0.001)
"""Of a measurement along x, y and z [m]."""
MISSED, CLUTTER = 0.1, 0.3
"""Probability that a thing that is seen is not measured; mean number of clutter measurements a look."""
ROOM = (np.array([0.35, -0.27, 0.015]), np.array([0.69, 0.27, 0.03]))
"""Where clutter stands [m]."""
EYES = (np.array([-1.0, -1.0, 0.4]), np.array([2.0, 1.0, 2.0]))
"""Where cameras stand [m]: far enough apart that no two looks are from the same place."""
COVARIANCE = np.diag(np.square(STD))


def point_mass(recording: Recording) -> tuple[Input, ...]:
    """Return the recording's inputs with every picture replaced by independent measurements."""
    rng = np.random.default_rng((recording.seed, 53))
    inputs: list[Input] = []
    for one in recording.inputs:
        if isinstance(one, Look):
            inputs.append(_points(one, recording, rng))
        else:
            inputs.append(one)
    return tuple(sorted(inputs, key=lambda one: one.stamp))


def _points(look: Look, recording: Recording, rng: np.random.Generator) -> Points:
    """Measure what `look` shows; its answers' confidences are taken over, and made honest."""
    truth, stamp = recording.truth, look.picture.stamp
    places, held = truth.at(stamp), int(truth.held[truth.tick(stamp)])
    eye = rng.uniform(*EYES)
    sightings = []
    for i, phrase in enumerate(truth.phrases):
        if not look.shown[i] or i == held or rng.random() < MISSED:
            continue
        right = float(rng.beta(4.0, 1.0))
        others = np.flatnonzero(look.shown & (np.arange(len(truth.phrases)) != i))
        of = i if rng.random() < right or not others.size else int(rng.choice(others))
        place = places[of] + rng.normal(0.0, STD)
        sightings.append(_sighting(phrase, place, right, eye, stamp))
    for _ in range(rng.poisson(CLUTTER)):
        phrase = str(rng.choice(truth.phrases))
        if all(s.phrase != phrase for s in sightings):
            place = rng.uniform(*ROOM)
            sightings.append(_sighting(phrase, place, 0.3, eye, stamp))
    return Points(stamp, tuple(sightings), look.shown)


def _sighting(phrase: str, place: FloatArray, right: float, eye: FloatArray, stamp: float) -> Sighting:
    """Return a sighting at a place; size, shape and turn say nothing there, so all are the same."""
    look = ObjectMeasurement(
        position=place, covariance=COVARIANCE, extent=np.array([0.044, 0.044, 0.044]),
        grasp_yaw=0.0, yaw_meaningful=False, shape="flat", points=100, clipped=True, view=eye, stamp=stamp,
    )  # fmt: skip
    said = Confidence(float(np.log(right)), 0.0, right)
    return Sighting(phrase, look, said, np.zeros(2), np.ones(2))
