"""The receding horizon: how piecewise constant joint accelerations move a joint on a non-uniform grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hybridctl.messages.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Horizon:
    """A double integrator condensed on N nodes; all joints share it.

    With u_j the acceleration before node j: q(t_k) = q + t_k dq + Σ_j position[k, j] u_j and
    dq(t_k) = dq + Σ_j velocity[k, j] u_j.

    Attributes:
        times: Time of every node from now, shape (N,) [s].
        durations: Length of the interval that ends at it, shape (N,) [s].
        position: Effect on positions, shape (N, N) [s²].
        velocity: Effect on velocities, shape (N, N) [s].
        shifted_position: The same one control period after each node, shape (N, N) [s²].
        shifted_velocity: The effect on velocities then, shape (N, N) [s].
    """

    times: FloatArray
    durations: FloatArray
    position: FloatArray
    velocity: FloatArray
    shifted_position: FloatArray
    shifted_velocity: FloatArray

    @classmethod
    def on(cls, node_times: ArrayLike) -> Horizon:
        """Build the horizon on rising `node_times` [s], the first one control period."""
        times = np.asarray(node_times, dtype=np.float64)
        durations = np.diff(times, prepend=0.0)
        shifted = times + times[0]
        return cls(
            times=times,
            durations=durations,
            position=_position_effect(times, times, durations),
            velocity=_elapsed(times, times, durations),
            shifted_position=_position_effect(shifted, times, durations),
            shifted_velocity=_elapsed(shifted, times, durations),
        )

    @property
    def nodes(self) -> int:
        """Number of nodes N."""
        return len(self.times)


def _elapsed(at: FloatArray, times: FloatArray, durations: FloatArray) -> FloatArray:
    """Return how much of interval j has passed at time at[k], shape (len(at), N) [s]."""
    starts = times - durations
    return np.clip(at[:, None] - starts[None, :], 0.0, durations[None, :])


def _position_effect(at: FloatArray, times: FloatArray, durations: FloatArray) -> FloatArray:
    """Return the displacement at time at[k] that one unit of u_j makes, shape (len(at), N) [s²]."""
    driven = _elapsed(at, times, durations)
    coasting = np.maximum(at[:, None] - times[None, :], 0.0)
    return np.asarray(0.5 * driven**2 + driven * coasting)
