"""Whether a thing rests, moves or was put elsewhere: three models of what happens between looks.

At rest it may be nudged: its place drifts. Moving, its velocity is an Ornstein-Uhlenbeck process: it goes on
for a second or two, then nobody knows (Särkkä and Solin, Applied stochastic differential equations, 2019,
section 6.2 for the discretisation). Put elsewhere, it may be anywhere. Looks tell them apart by likelihood.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hybridctl.messages.arrays import FloatArray
from world_state.pose import (
    BASE,
    SPEED,
    PoseBelief,
    ViewBias,
    correct_position,
    gaussian,
    initial,
    log_likelihood,
    nis,
)

DRIFT_VARIANCE = 0.001**2
"""A thing that nobody looks at may be nudged: 1 mm after a second, 1 cm after 100 [m²/s]."""
DRIFT_TURN = 0.005**2
"""The same of its turn [rad²/s]."""
STEADY = 2.0
"""Time in which a moving thing's velocity loses all but 1/e of its memory [s]."""
RESTS_FOR, MOVES_FOR = 60.0, 3.0
"""Mean times between which a thing begins to move, and stops again [s]."""
PUT_AFTER = 600.0
"""Mean time after which somebody has put a thing elsewhere [s]."""
PUT_AT_ONCE = 1e-4
"""Probability of the same between looks, however soon one follows the other."""
PUT_SPREAD = 0.2
"""Standard deviation of where it is put [m]."""
SAME_ERROR = 0.05
"""A thing that has moved this far looks different: its views' errors have lost all but 1/e [m]."""
MOST_ODDS = 6.0
"""Log-odds of moving are held within this [nat]: a mind can be changed in a look or two."""


class Observed(NamedTuple):
    """What a look led to.

    `pose` is the belief after it, `model` one of `rest`, `moving`, `put`; `nis` is its normalised innovation
    squared by what was believed before (chi² with 3 degrees of freedom when nothing happened).
    """

    pose: PoseBelief
    model: str
    nis: float


def predict(pose: PoseBelief, dt: float) -> PoseBelief:
    """Return the belief `dt` [s] later: at rest in the same place and less sure, moving farther on."""
    if dt <= 0.0:
        return pose
    later = move(pose, dt) if pose.moving else rest(pose, dt)
    later = replace(later, motion=_odds_after(pose.motion, dt))
    return rest(later, 0.0) if pose.moving and not later.moving else later


def rest(pose: PoseBelief, dt: float) -> PoseBelief:
    """Return the belief `dt` [s] later of a thing that rests."""
    P = np.array(pose.joint)
    P[6:9], P[:, 6:9] = 0.0, 0.0
    diagonal = np.einsum("ii->i", P)
    diagonal[6:9] = SPEED**2
    diagonal[:3] += DRIFT_VARIANCE * dt
    diagonal[3:6] += DRIFT_TURN * dt
    return replace(pose, joint=P, velocity=np.zeros(3))


def move(pose: PoseBelief, dt: float) -> PoseBelief:
    """Return the belief `dt` [s] later of a thing that moves: place, velocity and the views' errors."""
    decay = math.exp(-dt / STEADY)
    reach = STEADY * (1.0 - decay)
    n = len(pose.joint)
    F = np.eye(n)
    i = np.arange(3)
    F[i, 6 + i] = reach
    F[6 + i, 6 + i] = decay
    far = math.sqrt(float(pose.velocity @ pose.velocity) + float(pose.joint.diagonal()[6:9].sum())) * dt
    same = math.exp(-far / SAME_ERROR)
    F[range(BASE, n), range(BASE, n)] = same
    P = F @ pose.joint @ F.T
    P[i, i] += 2.0 * SPEED**2 * STEADY * (dt - 2.0 * reach + 0.5 * STEADY * (1.0 - decay**2))
    P[i, i] += DRIFT_VARIANCE * dt
    P[3 + i, 3 + i] += DRIFT_TURN * dt
    P[i, 6 + i] += SPEED**2 * STEADY * (1.0 - decay) ** 2
    P[6 + i, i] = P[i, 6 + i]
    P[6 + i, 6 + i] += SPEED**2 * (1.0 - decay**2)
    views = []
    for index, view in enumerate(pose.views):
        k = BASE + 3 * index
        P[k : k + 3, k : k + 3] += (1.0 - same**2) * view.prior
        views.append(ViewBias(view.place, same * view.mean, view.prior))
    T = np.array(pose.T)
    T[:3, 3] += reach * pose.velocity
    return replace(
        pose, T=T, velocity=decay * pose.velocity, joint=0.5 * (P + P.T), views=tuple(views)
    )  # fmt: skip


def observe(
    pose: PoseBelief, z: FloatArray, R: FloatArray, *, dt: float, view: FloatArray, bias: FloatArray
) -> Observed:
    """Return what is believed after a look `dt` [s] after `pose`: the likeliest of the three models.

    Other arguments as in `pose.correct_position`.
    """
    dt = max(0.0, dt)
    rested, moved = rest(pose, dt), move(pose, dt)
    odds = _odds_after(pose.motion, dt)
    before = moved if odds > 0.0 else rested
    surprise = nis(before, z, R, view=view, bias=bias)
    rest_fit = log_likelihood(rested, z, R, view=view, bias=bias)
    move_fit = log_likelihood(moved, z, R, view=view, bias=bias)
    put = min(0.5, PUT_AT_ONCE - math.expm1(-dt / PUT_AFTER))
    put_fit = math.log(put) + gaussian(
        z - pose.position, pose.joint[:3, :3] + R + bias + PUT_SPREAD**2 * np.eye(3)
    )
    moving = -math.log1p(math.exp(-odds))  # ln of the probability of moving, and of resting
    if put_fit > max(rest_fit + moving - odds, move_fit + moving):
        fresh = initial(z, R, view=view, bias=bias, symmetry=pose.symmetry)
        T = np.array(fresh.T)
        T[:3, :3] = pose.T[:3, :3]  # nothing is known of its new turn; the old one is as good a start as any
        return Observed(replace(fresh, T=T), "put", surprise)
    odds = max(-MOST_ODDS, min(MOST_ODDS, odds + move_fit - rest_fit))
    chosen = moved if odds > 0.0 else rested
    after = correct_position(chosen, z, R, view=view, bias=bias)
    if odds <= 0.0:  # at rest no innovation is a velocity
        after = replace(after, velocity=np.zeros(3))
    return Observed(replace(after, motion=odds), "moving" if odds > 0.0 else "rest", surprise)


def _odds_after(odds: float, dt: float) -> float:
    """Return the log-odds of moving `dt` [s] later: a two-state Markov chain [nat]."""
    start, stop = 1.0 / RESTS_FOR, 1.0 / MOVES_FOR
    usual = start / (start + stop)
    p = 1.0 / (1.0 + math.exp(-odds))
    p = usual + (p - usual) * math.exp(-(start + stop) * dt)
    return math.log(p / (1.0 - p))
