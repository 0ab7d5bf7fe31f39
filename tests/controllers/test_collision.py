"""Capsule distances agree with Coal."""

import coal
import numpy as np
import pinocchio as pin

from controllers.collision import segment_distance


def test_distance_between_segments_agrees_with_coal() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        lengths, placements, ends = rng.uniform(0.05, 0.5, 2), [], []
        for length in lengths:
            M = pin.SE3.Random()
            placements.append(coal.Transform3s(M.rotation, M.translation))
            ends += [M.translation + sign * length / 2 * M.rotation[:, 2] for sign in (-1, 1)]
        shapes = [coal.Capsule(1e-3, float(length)) for length in lengths]
        result = coal.DistanceResult()
        coal.distance(shapes[0], placements[0], shapes[1], placements[1], coal.DistanceRequest(), result)
        np.testing.assert_allclose(segment_distance(*ends) - 2e-3, result.min_distance, atol=1e-5)
