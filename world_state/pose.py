"""Where a thing is, how it is turned and how it moves: an error-state Kalman filter on SE(3).

The error is x = [δp, δθ, δv, b_1, …, b_k] in the base frame: the place [m], the turn as a rotation vector
with R = Exp(δθ) R̂ [rad], the velocity [m/s], and for each place that the thing was looked at from the error
which all looks from there share [m]. A look is z = p + b_k + noise. b_k is calibration and what the network
sees wrongly again and again: so the tenth look from one place says next to nothing new, a look from another
place does, and the covariance keeps what nobody can know (Schmidt, Application of state-space methods to
navigation problems, 1966; here the biases are estimated as well). Error state and its reset: Solà, Quaternion
kinematics for the error-state Kalman filter, 2017 (arXiv:1711.02508), section 7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar, checked_transform
from world_state.gaussian import cholesky, distance, log_density
from world_state.so3 import about_z, exp, left_jacobian, wrapped, yaw_jacobian, yaw_of
from world_state.view_bias import SAME_VIEW, Common, ViewBias, in_common

MOST_VIEWS = 6
"""Biases that are kept: the state stays small however often the arm looks. The oldest goes first."""
FLOOR_VARIANCE = 0.001**2
"""Calibration that all cameras share, which no number of looks improves [m²]."""
LEAST_BIAS = 1e-6**2
"""No two places share less than this [m²]: it keeps covariances invertible where a sensor says zero."""
_LEAST_BIAS = LEAST_BIAS * np.eye(3)
YAW_FLOOR = 0.01**2
"""The same of a turn about the vertical [rad²]."""
TILT_VARIANCE = 0.03**2
"""Things that stand on a table stand level to this [rad²]."""
UNKNOWN_TURN = math.pi**2 / 3.0
"""Variance of a turn of which nothing is known [rad²]."""
SPEED = 0.05
"""Standard deviation of each component of the velocity of what moves [m/s]: dragged at 3 to 6 cm/s."""
AT_REST = -4.0
"""Log-odds of moving of what has only been seen once [nat]."""
SYMMETRIES = (0, 1, 2, 4)
BASE = 9  # components of the error before the views' biases


_FIELDS = ("T", "velocity", "joint", "views", "symmetry", "motion")


@dataclass(frozen=True, eq=False)
class PoseBelief:
    """Belief about one thing's pose and motion.

    Attributes:
        T: Mean of T_base_object, shape (4, 4) [m].
        velocity: Mean velocity of its origin, shape (3,) [m/s]; zero of what rests.
        joint: Covariance of the error, shape (n, n), n = 9 + 3 × number of views; positive definite.
        views: The biases in the order of their rows, the oldest first.
        symmetry: How many turns about its z axis look the same: 1 none, 4 a square block, 0 all of them.
        motion: ln of the odds that it moves [nat].
    """

    T: FloatArray
    velocity: FloatArray
    joint: FloatArray
    views: tuple[ViewBias, ...]
    symmetry: int
    motion: float = AT_REST

    def __post_init__(self) -> None:
        n = BASE + 3 * len(self.views)
        object.__setattr__(self, "T", checked_transform("PoseBelief.T", self.T))
        object.__setattr__(self, "velocity", checked("PoseBelief.velocity", self.velocity, shape=(3,)))
        object.__setattr__(self, "joint", checked("PoseBelief.joint", self.joint, shape=(n, n)))
        if not self.joint.diagonal().min() > 0.0:
            raise MessageError("PoseBelief.joint has variances that are not positive")
        if not (self.joint == self.joint.T).all():
            if not np.allclose(self.joint, self.joint.T, rtol=1e-6, atol=1e-12):
                raise MessageError("PoseBelief.joint is not symmetric")
            joint = _symmetric(self.joint)  # what rounding left
            object.__setattr__(self, "joint", checked("PoseBelief.joint", joint, shape=(n, n)))
        if self.symmetry not in SYMMETRIES:
            raise MessageError(f"PoseBelief.symmetry is {self.symmetry}, expected one of {SYMMETRIES}")
        checked_scalar("PoseBelief.motion", self.motion)

    @cached_property
    def position(self) -> FloatArray:
        """Mean of its origin in the base frame, shape (3,) [m]."""
        return self.T[:3, 3]

    @cached_property
    def scatter(self) -> float:
        """Sum of the variances of the position [m²]."""
        return float(self.joint[:3, :3].trace())

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance of the position, shape (3, 3) [m²]; no eigenvalue is below FLOOR_VARIANCE."""
        return floored(self.joint[:3, :3])

    @property
    def pose_covariance(self) -> FloatArray:
        """Covariance of position and turn, [δp, δθ] in the base frame, shape (6, 6) [m, rad]."""
        P = np.array(self.joint[:6, :6])
        P[:3, :3] = self.covariance
        return P

    @property
    def yaw(self) -> float | None:
        """Turn about the base z axis modulo its symmetry [rad]; None where none matters or none is known."""
        if self.symmetry == 0 or self.yaw_variance >= 0.5 * UNKNOWN_TURN:
            return None
        return wrapped(yaw_of(self.T), symmetry=self.symmetry)

    @property
    def yaw_variance(self) -> float:
        """Variance of the turn about the base z axis [rad²]."""
        H = yaw_jacobian(self.T[:3, :3])
        return float(H @ self.joint[3:6, 3:6] @ H)

    @property
    def moving(self) -> bool:
        """Whether it more probably moves than rests."""
        return self.motion > 0.0

    def at(self, T: FloatArray) -> Self:
        """Return the belief with another mean pose, as sure as before."""
        return replace(self, T=T)

    def changed(self, **fields: Any) -> Self:
        """Return the belief with fields that the filter computed from this one: `replace` without its checks.

        For arrays that nobody else writes to: they become read-only. Of all that is checked elsewhere only
        the covariance can go wrong here, and is looked at.

        Raises:
            MessageError: a variance is not positive and finite.
        """
        after = object.__new__(type(self))
        values = after.__dict__
        for name in _FIELDS:
            values[name] = fields.get(name, getattr(self, name))
        for name in ("T", "velocity", "joint"):
            values[name].flags.writeable = False
        # A NaN is not above 0, and an infinite variance leaves no finite sum.
        variances = after.joint.diagonal()
        if not variances.min() > 0.0 or not math.isfinite(variances.sum()):
            raise MessageError("PoseBelief.joint has variances that are not positive and finite")
        return after

    def spread(self, covariance: FloatArray) -> Self:
        """Return the belief with `covariance` of [δp] or [δp, δθ] added, shape (3, 3) or (6, 6)."""
        P = np.array(self.joint)
        n = len(covariance)
        P[:n, :n] += covariance
        return self.changed(joint=P)

    def to_json(self) -> dict[str, Any]:
        """Return the belief as JSON values, of `joint` the upper triangle by rows; floats survive exactly."""
        return {
            "T": self.T.tolist(),
            "velocity": self.velocity.tolist(),
            "joint": self.joint[_upper(len(self.joint))].tolist(),
            "views": [view.to_json() for view in self.views],
            "symmetry": self.symmetry,
            "motion": self.motion,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the belief that `to_json` wrote."""
        views = tuple(ViewBias(**view) for view in values["views"])
        n = BASE + 3 * len(views)
        upper = np.asarray(values["joint"], dtype=np.float64)
        if upper.shape != (n * (n + 1) // 2,):
            raise MessageError(
                f"joint of {len(views)} views has {upper.shape} numbers, expected {n * (n + 1) // 2}"
            )
        joint = np.empty((n, n))
        joint[_upper(n)] = upper
        joint.T[_upper(n)] = upper
        return cls(**{**values, "views": views, "joint": joint})


def initial(
    position: FloatArray,
    covariance: FloatArray,
    *,
    view: FloatArray | None = None,
    bias: FloatArray | None = None,
    yaw: float | None = None,
    yaw_variance: float = YAW_FLOOR,
    symmetry: int = 1,
) -> PoseBelief:
    """Return the belief that one look gives when nothing was known before.

    Args:
        position: Where the thing was seen, shape (3,) [m].
        covariance: Of the look's own noise, shape (3, 3) [m²].
        view: Where the camera stood, shape (3,) [m]; None where no camera looked.
        bias: Covariance of the error that looks from there share, shape (3, 3) [m²]; None with no view.
        yaw: Turn about the vertical [rad]; None where it is not known.
        yaw_variance: Of that turn [rad²].
        symmetry: One of SYMMETRIES.
    """
    T = np.eye(4)
    T[:3, :3] = about_z(0.0 if yaw is None else yaw)
    T[:3, 3] = position
    views: tuple[ViewBias, ...] = ()
    if view is not None and bias is not None:
        bias = bias + _LEAST_BIAS
        views = (ViewBias(view, np.zeros(3), bias),)
    P = np.zeros((BASE + 3 * len(views),) * 2)
    P[:3, :3] = covariance
    turn = UNKNOWN_TURN if yaw is None or symmetry == 0 else max(yaw_variance, YAW_FLOOR)
    P[3, 3], P[4, 4], P[5, 5] = TILT_VARIANCE, TILT_VARIANCE, turn
    P[6, 6] = P[7, 7] = P[8, 8] = SPEED**2
    if bias is not None and views:  # z = p + b + noise: the error of p is minus the other two
        P[:3, :3] += bias
        P[9:, :3] = P[:3, 9:] = -bias
        P[9:, 9:] = bias
    return PoseBelief(T, np.zeros(3), _symmetric(P), views, symmetry)


class Expected(NamedTuple):
    """What a belief expects of a look.

    Attributes:
        innovation: What was seen less what is expected, shape (3,) [m].
        S: Its covariance, shape (3, 3) [m²].
        known: Which of the belief's views the look is from, None for a new one.
        common: What its error has in common with that view's, None where that is all.
        bias: Covariance of the error that looks from there share, shape (3, 3) [m²], never singular.
    """

    innovation: FloatArray
    S: FloatArray
    known: int | None
    common: Common | None
    bias: FloatArray

    @property
    def nis(self) -> float:
        """Normalised innovation squared, chi² with 3 degrees of freedom if all is right."""
        return distance(self.innovation, self.S)

    @property
    def log_likelihood(self) -> float:
        """ln p(look | belief) [nat, of a density in m⁻³]."""
        return log_density(self.innovation, self.S)


def expected(
    pose: PoseBelief, z: FloatArray, R: FloatArray, *, view: FloatArray, bias: FloatArray
) -> Expected:
    """Return what the belief expects of a look, by which it is judged before it corrects anything.

    Arguments as in `correct_position`. A look from a known place is judged by what was seen from there.
    """
    bias = bias + _LEAST_BIAS
    P = pose.joint
    innovation, S = z - pose.T[:3, 3], P[:3, :3] + R
    index = view_index(pose, view)
    if index is None:  # as `_with_view`: a new place's error has nothing to do with the thing's
        S += bias
        if len(pose.views) >= MOST_VIEWS:
            S += _lacking(pose)
        return Expected(innovation, S, None, None, bias)
    known, k = pose.views[index], BASE + 3 * index
    common = in_common(known.prior, bias)
    mean, both, own = known.mean, P[:3, k : k + 3], P[k : k + 3, k : k + 3]
    if common is not None:
        mean, both = common.keep @ mean, both @ common.keep.T
        own = common.keep @ own @ common.keep.T + common.rest + common.noise
    return Expected(innovation - mean, S + both + both.T + own, index, common, bias)


def nis(pose: PoseBelief, z: FloatArray, R: FloatArray, *, view: FloatArray, bias: FloatArray) -> float:
    """Return the normalised innovation squared of a look. Arguments as in `correct_position`."""
    return expected(pose, z, R, view=view, bias=bias).nis


def log_likelihood(
    pose: PoseBelief, z: FloatArray, R: FloatArray, *, view: FloatArray, bias: FloatArray
) -> float:
    """Return ln p(look | belief) [nat, of a density in m⁻³]. Arguments as in `correct_position`."""
    return expected(pose, z, R, view=view, bias=bias).log_likelihood


def correct_position(
    pose: PoseBelief, z: FloatArray, R: FloatArray, *, view: FloatArray, bias: FloatArray
) -> PoseBelief:
    """Return the belief after a look, by the Kalman equations in Joseph's form.

    Args:
        pose: The belief at the time of the look.
        z: Where the thing was seen, shape (3,) [m].
        R: Covariance of the look's own noise, shape (3, 3) [m²].
        view: Where the camera stood, shape (3,) [m]. Farther than SAME_VIEW from all known places it opens a
            new bias; when there are more than MOST_VIEWS the oldest is forgotten (`_forgetting`).
        bias: Covariance of the error that looks from there share, shape (3, 3) [m²]. A look that claims to
            share less of it than those before had this part in common with them, and the rest to itself.
    """
    return corrected(pose, expected(pose, z, R, view=view, bias=bias), R, view=view)


def corrected(pose: PoseBelief, look: Expected, R: FloatArray, *, view: FloatArray) -> PoseBelief:
    """Return the belief after a look of which is known what `pose` expected. Others as `correct_position`."""
    pose, k, R = _with_view(pose, look, R, view=view)
    P = pose.joint
    PHt = P[:, :3] + P[:, k : k + 3]
    K = np.linalg.solve(PHt[:3] + PHt[k : k + 3] + R, PHt.T).T
    # Joseph's form (I - K H) P (I - K H)ᵀ + K R Kᵀ, by the ranks of three that H has.
    half = P - K @ PHt.T
    P = half - (half[:, :3] + half[:, k : k + 3] - K @ R) @ K.T
    return _injected(pose, K @ look.innovation, P)


def correct_yaw(pose: PoseBelief, yaw: float, variance: float, *, repeated: bool = False) -> PoseBelief:
    """Return the belief after a turn about the vertical was seen, modulo the thing's symmetry.

    Args:
        pose: The belief at the time of the look.
        yaw: The turn [rad].
        variance: Of it [rad²].
        repeated: Whether it comes from a place that was looked from before. Its error is then the one of
            that look: it replaces a belief that is less sure, and else makes it no surer.
    """
    if pose.symmetry == 0:
        return pose
    H = np.zeros(len(pose.joint))
    H[3:6] = yaw_jacobian(pose.T[:3, :3])
    PHt = pose.joint @ H
    have = float(H @ PHt)
    if have <= 0.0:  # its x axis is vertical: the turn says nothing
        return pose
    # A belief that is as sure as the floor allows is not made surer, but still follows.
    variance = max(variance, YAW_FLOOR)
    if repeated and have <= variance:
        variance = max(variance, 3.0 * have)
    innovation = wrapped(yaw - yaw_of(pose.T), symmetry=pose.symmetry)
    K = PHt / (have + variance)
    A = np.eye(len(K)) - np.outer(K, H)
    P = A @ pose.joint @ A.T + variance * np.outer(K, K)
    left = float(H @ P @ H)
    least = have if repeated and have <= variance else min(have, YAW_FLOOR)
    if left < least:
        P[5, 5] += least - left
    return _injected(pose, K * innovation, P)


def view_index(pose: PoseBelief, view: FloatArray) -> int | None:
    """Return which of the belief's views a camera's place is, None when it is a new one."""
    if not pose.views:
        return None
    distances = [math.dist(known.place, view) for known in pose.views]
    nearest = min(range(len(distances)), key=distances.__getitem__)
    return nearest if distances[nearest] < SAME_VIEW else None


def floored(covariance: FloatArray) -> FloatArray:
    """Return the covariance, read-only, with no eigenvalue below FLOOR_VARIANCE."""
    if cholesky(covariance, less=FLOOR_VARIANCE) is None:
        values, vectors = np.linalg.eigh(covariance)
        covariance = _symmetric((vectors * np.maximum(values, FLOOR_VARIANCE)) @ vectors.T)
    covariance = np.array(covariance)
    covariance.flags.writeable = False
    return covariance


def _with_view(
    pose: PoseBelief, look: Expected, R: FloatArray, *, view: FloatArray
) -> tuple[PoseBelief, int, FloatArray]:
    """Return the belief with a bias for the view, the first of its three rows, and the look's own noise."""
    if look.known is not None:
        return _shared(pose, look.known, look.common, R)
    pose = _forgetting(pose) if len(pose.views) >= MOST_VIEWS else pose
    n = len(pose.joint)
    grown = np.zeros((n + 3, n + 3))
    grown[:n, :n] = pose.joint
    grown[n:, n:] = look.bias
    views = (*pose.views, ViewBias(view, np.zeros(3), look.bias))
    return pose.changed(joint=grown, views=views), n, R


def _forgetting(pose: PoseBelief) -> PoseBelief:
    """Return the belief without its oldest bias.

    To meet that place again as a stranger counts its error twice. So the place is not taken to be surer than
    the mean of MOST_VIEWS biases such as this one, which bounds what laps through many places can claim.
    """
    n = len(pose.joint)
    P = np.empty((n - 3, n - 3))
    for here, there in ((slice(0, BASE),) * 2, (slice(BASE, None), slice(BASE + 3, None))):
        P[here, :BASE] = pose.joint[there, :BASE]
        P[here, BASE:] = pose.joint[there, BASE + 3 :]
    P[:3, :3] += _lacking(pose)
    return pose.changed(joint=_symmetric(P), views=pose.views[1:])


def _lacking(pose: PoseBelief) -> FloatArray:
    """Return what the place's covariance gains when the oldest bias is forgotten, shape (3, 3) [m²]."""
    lacking, vectors = np.linalg.eigh(pose.views[0].prior / MOST_VIEWS - pose.joint[:3, :3])
    return np.asarray((vectors * np.maximum(lacking, 0.0)) @ vectors.T)


def _shared(
    pose: PoseBelief, index: int, common: Common | None, R: FloatArray
) -> tuple[PoseBelief, int, FloatArray]:
    """Return the belief with the bias that a look has in common with those before, and the look's noise."""
    known, k = pose.views[index], BASE + 3 * index
    if common is None:
        return pose, k, R
    P = np.array(pose.joint)
    P[k : k + 3] = common.keep @ P[k : k + 3]
    P[:, k : k + 3] = P[:, k : k + 3] @ common.keep.T
    P[k : k + 3, k : k + 3] += common.rest
    view = ViewBias(known.place, common.keep @ known.mean, _symmetric(common.prior))
    views = (*pose.views[:index], view, *pose.views[index + 1 :])
    return pose.changed(joint=_symmetric(P), views=views), k, R + common.noise


def _injected(pose: PoseBelief, error: FloatArray, P: FloatArray) -> PoseBelief:
    """Return the belief with an estimated error put into its mean, and the error's covariance after that."""
    T = np.array(pose.T)
    T[:3, 3] += error[:3]
    turn = error[3:6]
    if turn @ turn > 1e-24:
        T[:3, :3] = _orthonormal(exp(turn) @ T[:3, :3])
        J = left_jacobian(turn)
        P[3:6] = J @ P[3:6]
        P[:, 3:6] = P[:, 3:6] @ J.T
    views = pose.views
    if error[BASE:].any():
        views = tuple(
            view.with_mean(view.mean + error[BASE + 3 * i : BASE + 3 * i + 3]) for i, view in enumerate(views)
        )
    return pose.changed(T=T, velocity=pose.velocity + error[6:9], joint=_symmetric(P), views=views)


@lru_cache(maxsize=MOST_VIEWS + 1)
def _upper(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where the upper triangle of an (n, n) matrix is, by rows."""
    rows, columns = np.triu_indices(n)
    return rows, columns


def _symmetric(P: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (P + P.T))


def _orthonormal(R: FloatArray) -> FloatArray:
    """Return R after one step towards the nearest rotation, so that rounding does not add up."""
    return np.asarray(R @ (1.5 * np.eye(3) - 0.5 * R.T @ R))
