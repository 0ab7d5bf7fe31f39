"""The shortest quintic that meets moving joint set-points within velocity, acceleration and jerk bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridctl.messages.arrays import FloatArray

_MARGIN = 0.99  # what 17 samples of a quadratic jerk can miss is below 0.6 % of its range
_TAU = np.linspace(0.0, 1.0, 17)
_POWERS = _TAU[:, None] ** np.arange(6)  # (17, 6)
_ORDER = np.arange(6)


def _differentiated(powers: FloatArray) -> FloatArray:
    """Return the rows that give the derivative of Σ c_i τ^i, for rows that give its value."""
    out = np.zeros_like(powers)
    out[:, 1:] = powers[:, :-1] * _ORDER[1:]
    return out


_VELOCITY = _differentiated(_POWERS)
_ACCELERATION = np.zeros_like(_POWERS)
_ACCELERATION[:, 2:] = _POWERS[:, :-2] * (_ORDER[2:] * _ORDER[1:-1])
_JERK = np.zeros_like(_POWERS)
_JERK[:, 3:] = _POWERS[:, :-3] * (_ORDER[3:] * _ORDER[2:-1] * _ORDER[1:-2])


@dataclass(frozen=True, eq=False)
class Quintic:
    """A motion of n joints; past its end it goes on with its last acceleration.

    Attributes:
        coefficients: Of 1, τ … τ⁵ with τ = t / duration, shape (6, n) [rad].
        duration: How long it takes [s].
    """

    coefficients: FloatArray
    duration: float

    def at_time(self, t: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return position [rad], velocity [rad/s] and acceleration [rad/s²] at `t` [s], each shape (n,)."""
        T = self.duration
        beyond = max(t - T, 0.0)
        tau = min(t / T, 1.0)
        powers = tau**_ORDER
        c = self.coefficients
        q = powers @ c
        dq = (_ORDER[1:] * powers[:-1]) @ c[1:] / T
        ddq = (_ORDER[2:] * _ORDER[1:-1] * powers[:-2]) @ c[2:] / T**2
        return q + beyond * dq + 0.5 * beyond**2 * ddq, dq + beyond * ddq, ddq


def shortest_quintic(
    start: tuple[FloatArray, FloatArray, FloatArray],
    targets: tuple[FloatArray, FloatArray, FloatArray],
    durations: FloatArray,
    *,
    dq_max: FloatArray,
    ddq_max: FloatArray,
    dddq_max: FloatArray,
) -> Quintic | None:
    """Return the quintic of the shortest of `durations` that keeps the bounds, or None.

    Of all motions between two states in a given time it is the one with the smallest ∫ jerk² (Flash and
    Hogan, J. Neurosci. 5(7), 1985).

    Args:
        start: Position [rad], velocity [rad/s] and acceleration [rad/s²] now, each shape (n,).
        targets: The same at the end of each duration, each shape (m, n).
        durations: Rising durations to try, shape (m,) [s].
        dq_max: Velocity limits, shape (n,) [rad/s].
        ddq_max: Acceleration limits, shape (n,) [rad/s²].
        dddq_max: Jerk limits, shape (n,) [rad/s³].
    """
    T = durations[:, None]
    q, dq, ddq = start
    c = np.empty((6, *targets[0].shape))
    c[0], c[1], c[2] = q, dq * T, 0.5 * ddq * T**2
    shift = targets[0] - c[0] - c[1] - c[2]
    speed = targets[1] * T - c[1] - 2.0 * c[2]
    push = targets[2] * T**2 - 2.0 * c[2]
    c[3] = 10.0 * shift - 4.0 * speed + 0.5 * push
    c[4] = -15.0 * shift + 7.0 * speed - push
    c[5] = 6.0 * shift - 3.0 * speed + 0.5 * push
    flat = c.reshape(6, -1)

    def peak(rows: FloatArray) -> FloatArray:
        return np.asarray(np.abs(rows @ flat).max(axis=0).reshape(targets[0].shape))

    fits = (peak(_JERK) <= _MARGIN * dddq_max * T**3).all(axis=1)
    # An acceleration that begins near its bound must fall at once.
    near = np.abs(ddq) > _MARGIN * ddq_max
    fits &= ((np.sign(ddq) * c[3] <= 0.0) | ~near).all(axis=1)
    fits &= (peak(_ACCELERATION[1:]) <= _MARGIN * ddq_max * T**2).all(axis=1)
    # A speed at its bound is a cruise, which goes on.
    fastest = np.maximum(_MARGIN * dq_max, np.maximum(np.abs(dq), np.abs(targets[1])))
    fits &= (peak(_VELOCITY) <= fastest * T * (1.0 + 1e-12)).all(axis=1)
    best = int(fits.argmax())
    return Quintic(c[:, best].copy(), float(durations[best])) if fits[best] else None
