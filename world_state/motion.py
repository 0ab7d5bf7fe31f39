"""Whether a thing rests, moves or was put elsewhere: three models of what happens between looks.

At rest it may be nudged: its place drifts. Moving, its velocity is an Ornstein-Uhlenbeck process: it goes on
for a second or two, then nobody knows (Särkkä and Solin, Applied stochastic differential equations, 2019,
section 6.2 for the discretisation). Put elsewhere, it may be anywhere. Looks tell them apart by likelihood.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from hybridctl.messages.arrays import FloatArray
from world_state.gaussian import log_density
from world_state.pose import (
    BASE,
    SPEED,
    PoseBelief,
    corrected,
    expected,
    initial,
)

DRIFT_VARIANCE = 0.001**2
"""A thing that nobody looks at may be nudged: 1 mm after a second, 1 cm after 100 [m²/s]."""
DRIFT_TURN = 0.005**2
"""The same of its turn [rad²/s]."""
STEADY = 2.0
"""Time in which a moving thing's velocity loses all but 1/e of its memory [s]."""
RESTS_FOR, MOVES_FOR = 60.0, 3.0
"""Mean times between which a thing begins to move, and stops again [s]."""
PUT_AT_ONCE = 1e-4
"""Probability that it was put elsewhere between two looks, however soon one follows the other."""
NEAR, FAR = 0.05, 0.3
"""Standard deviations of where it is put, pushed aside or carried off, each as likely [m]."""
SAME_ERROR = 0.05
"""A thing that has moved this far looks different: its views' errors have lost all but 1/e [m]."""
PLAIN_ODDS = -2.9
"""Below these log-odds of moving a look that rest explains well is not tried against other models [nat]."""
MOST_ODDS = 6.0
"""Log-odds of moving are held within this [nat]: a mind can be changed in a look or two."""
_EYE = np.eye(3)


class Observed(NamedTuple):
    """What a look led to.

    `pose` is the belief after it, `model` one of `rest`, `moving`, `put`; `nis` is its normalised innovation
    squared by what was believed before (chi² with 3 degrees of freedom when nothing happened).
    """

    pose: PoseBelief
    model: str
    nis: float


def predict(pose: PoseBelief, dt: float) -> PoseBelief:
    """Return the belief `dt` [s] later: at rest in the same place and less sure, moving farther on.

    What moves is taken to stop after MOVES_FOR, if nobody looks.
    """
    if dt <= 0.0:
        return pose
    odds = _odds_after(pose.motion, dt)
    later = (_moved(pose, dt) if pose.moving else rest(pose, dt)).changed(motion=odds)
    return rest(later, 0.0) if pose.moving and not later.moving else later


def rest(pose: PoseBelief, dt: float) -> PoseBelief:
    """Return the belief `dt` [s] later of a thing that rests."""
    P = np.array(pose.joint)
    P[6:9], P[:, 6:9] = 0.0, 0.0
    diagonal = P.ravel()[:: len(P) + 1]
    diagonal[6:9] = SPEED**2
    diagonal[:3] += DRIFT_VARIANCE * dt
    diagonal[3:6] += DRIFT_TURN * dt
    return pose.changed(joint=P, velocity=np.zeros(3))


def move(pose: PoseBelief, dt: float) -> PoseBelief:
    """Return the belief `dt` [s] later of a thing that moves: place, velocity and the views' errors."""
    decay = math.exp(-dt / STEADY)
    reach = STEADY * (1.0 - decay)
    far = math.sqrt(float(pose.velocity @ pose.velocity) + float(pose.joint.diagonal()[6:9].sum())) * dt
    same = math.exp(-far / SAME_ERROR)
    # F P Fᵀ, where F moves the place on with the velocity and lets velocity and biases fade.
    P = np.array(pose.joint)
    for Q in (P, P.T):  # the rows, then the columns
        Q[:3] += reach * Q[6:9]
        Q[6:9] *= decay
        Q[BASE:] *= same
    wander = 2.0 * SPEED**2 * STEADY * (dt - 2.0 * reach + 0.5 * STEADY * (1.0 - decay**2))
    diagonal = P.ravel()[:: len(P) + 1]
    diagonal[:3] += wander + DRIFT_VARIANCE * dt
    diagonal[3:6] += DRIFT_TURN * dt
    diagonal[6:9] += SPEED**2 * (1.0 - decay**2)
    for cross in (P[:3, 6:9], P[6:9, :3]):
        cross += SPEED**2 * STEADY * (1.0 - decay) ** 2 * _EYE
    for index, view in enumerate(pose.views):
        k = BASE + 3 * index
        P[k : k + 3, k : k + 3] += (1.0 - same**2) * view.prior
    T = np.array(pose.T)
    T[:3, 3] += reach * pose.velocity
    return pose.changed(
        T=T, velocity=decay * pose.velocity, joint=0.5 * (P + P.T),
        views=tuple(view.with_mean(same * view.mean) for view in pose.views),
    )  # fmt: skip


def observe(
    pose: PoseBelief, z: FloatArray, R: FloatArray, *, dt: float, view: FloatArray, bias: FloatArray
) -> Observed:
    """Return what is believed after a look `dt` [s] after `pose`: the likeliest of the three models.

    Other arguments as in `pose.correct_position`.
    """
    dt = max(0.0, dt)
    rested, odds = rest(pose, dt), _odds_after(pose.motion, dt)
    at_rest = expected(rested, z, R, view=view, bias=bias)
    surprise = at_rest.nis
    # Evidence for another model is half of this at most, and does not make up for these odds.
    if odds > PLAIN_ODDS or surprise > -2.0 * PLAIN_ODDS:
        moved = _moved(pose, dt)
        going_on = expected(moved, z, R, view=view, bias=bias)
        rest_fit = at_rest.log_likelihood - math.log1p(math.exp(odds))
        move_fit = going_on.log_likelihood - math.log1p(math.exp(-odds))
        if odds > 0.0:
            surprise = going_on.nis
        if _put_fit(pose, z, R + bias, dt=dt) > max(rest_fit, move_fit):
            return Observed(initial(z, R, view=view, bias=bias, symmetry=pose.symmetry), "put", surprise)
        odds = max(-MOST_ODDS, min(MOST_ODDS, move_fit - rest_fit))
        if odds > 0.0:
            after = corrected(moved, going_on, R, view=view)
            after = after if pose.moving else _of_unknown_velocity(after)
            return Observed(after.changed(motion=odds), "moving", surprise)
    after = corrected(rested, at_rest, R, view=view)
    return Observed(after.changed(motion=odds), "rest", surprise)


def _moved(pose: PoseBelief, dt: float) -> PoseBelief:
    """Return the belief of what moves, but stops after MOVES_FOR."""
    later = move(pose, min(dt, MOVES_FOR))
    return later if dt <= MOVES_FOR else later.spread(DRIFT_VARIANCE * (dt - MOVES_FOR) * np.eye(3))


def _put_fit(pose: PoseBelief, z: FloatArray, R: FloatArray, *, dt: float) -> float:
    """Return ln of the probability that a motion began and ended within `dt`, and of the look if so [nat]."""
    began = -math.expm1(-dt / RESTS_FOR)
    goes_on = began * MOVES_FOR / dt * -math.expm1(-dt / MOVES_FOR) if dt > 0.0 else 0.0
    S = pose.joint[:3, :3] + R
    near, far = (log_density(z - pose.position, S + spread**2 * _EYE) for spread in (NEAR, FAR))
    either = max(near, far) + math.log1p(math.exp(-abs(near - far)))
    return math.log(PUT_AT_ONCE + max(0.0, began - goes_on)) + either - math.log(2.0)


def _of_unknown_velocity(pose: PoseBelief) -> PoseBelief:
    """Return the belief with a velocity that may be as estimated or zero: one jump is no velocity yet."""
    P = np.array(pose.joint)
    P[6:9], P[:, 6:9] = 0.0, 0.0
    P[6:9, 6:9] = SPEED**2 * np.eye(3) + 0.25 * np.outer(pose.velocity, pose.velocity)
    return pose.changed(joint=P, velocity=np.zeros(3))


def _odds_after(odds: float, dt: float) -> float:
    """Return the log-odds of moving `dt` [s] later: a two-state Markov chain [nat]."""
    start, stop = 1.0 / RESTS_FOR, 1.0 / MOVES_FOR
    usual = start / (start + stop)
    p = 1.0 / (1.0 + math.exp(-odds))
    p = usual + (p - usual) * math.exp(-(start + stop) * dt)
    return math.log(p / (1.0 - p))
