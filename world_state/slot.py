"""One thing on the table as the memory believes it: a slot, how it ages and how a look corrects it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar
from world_state.depth import ObjectMeasurement

SOURCES = ("seen", "held", "released", "dropped")
DRIFT_VARIANCE = (
    0.001**2
)  # [m²/s] a thing that nobody looks at may be nudged: 1 mm after a second, 1 cm after 100
FLOOR_VARIANCE = 0.001**2  # [m²] camera calibration, which no number of looks improves
GATE = 16.27  # chi² with 3 degrees of freedom at 99.9 %
SAME_VIEW = 0.05  # [m] cameras nearer than this see the same picture and make the same error


@dataclass(frozen=True)
class Slot:
    """Belief about one named thing.

    Attributes:
        phrase: What it is called, `red block`.
        position: Mean of its centre, shape (3,) [m], base frame.
        covariance: Of the centre, shape (3, 3) [m²], symmetric positive definite.
        yaw: Turn about the base z axis modulo 90 degrees [rad]; None where it has none that matters.
        extent: Size along yaw, across it, and height, shape (3,) [m].
        stamp: When this belief was last corrected [s].
        source: One of SOURCES: seen by a camera, follows the hand, let go on purpose, or lost on the way.
        last_view: Where the camera of the last look stood, shape (3,) [m].
    """

    phrase: str
    position: FloatArray
    covariance: FloatArray
    yaw: float | None
    extent: FloatArray
    stamp: float
    source: str
    last_view: FloatArray

    def __post_init__(self) -> None:
        if not self.phrase.strip():
            raise MessageError("Slot.phrase is empty, expected what the thing is called")
        for name, shape in (
            ("position", (3,)),
            ("covariance", (3, 3)),
            ("extent", (3,)),
            ("last_view", (3,)),
        ):
            object.__setattr__(self, name, checked(f"Slot.{name}", getattr(self, name), shape=shape))
        checked_scalar("Slot.stamp", self.stamp)
        if self.yaw is not None:
            checked_scalar("Slot.yaw", self.yaw)
        if self.source not in SOURCES:
            raise MessageError(f"Slot.source is {self.source!r}, expected one of {', '.join(SOURCES)}")

    def to_json(self) -> dict[str, Any]:
        """Return the belief as JSON values; floats survive the round trip exactly."""
        return {
            "phrase": self.phrase,
            "position": self.position.tolist(),
            "covariance": self.covariance.tolist(),
            "yaw": self.yaw,
            "extent": self.extent.tolist(),
            "stamp": self.stamp,
            "source": self.source,
            "last_view": self.last_view.tolist(),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Slot:
        """Return the belief that `to_json` wrote.

        Raises:
            MessageError: a value has the wrong shape or range.
        """
        return cls(**values)


def first_look(phrase: str, look: ObjectMeasurement) -> Slot:
    """Return the belief that one look gives when nothing was known before."""
    return Slot(
        phrase=phrase,
        position=look.position,
        covariance=_floored(look.covariance),
        yaw=look.grasp_yaw if look.yaw_meaningful else None,
        extent=look.extent,
        stamp=look.stamp,
        source="seen",
        last_view=look.view,
    )


def predict(slot: Slot, stamp: float) -> Slot:
    """Return the belief at `stamp` [s]: the same place, less sure by DRIFT_VARIANCE a second.

    The slot keeps its own stamp, which says when it was last corrected. A held slot does not drift: the
    hand says where it is. A stamp before the slot's changes nothing.
    """
    age = max(0.0, stamp - slot.stamp)
    if slot.source == "held" or age == 0.0:
        return slot
    return replace(slot, covariance=slot.covariance + age * DRIFT_VARIANCE * np.eye(3))


def correct(slot: Slot, look: ObjectMeasurement) -> tuple[Slot, str]:
    """Fuse a look into a belief; return the new belief and the cause, `seen` or `moved`.

    A look outside the gate means that the thing was moved, and replaces the belief (`moved`). A look from
    another place is fused by the Kalman equations. One from the same place repeats the network's error, so
    its correlation with the belief is unknown: covariance intersection fuses the two and never claims more
    than the better of them (Julier and Uhlmann, A non-divergent estimation algorithm in the presence of
    unknown correlations, ACC 1997). No belief gets below FLOOR_VARIANCE.
    """
    prior = predict(slot, look.stamp)
    P, R = prior.covariance, look.covariance
    innovation = look.position - prior.position
    if not inside_gate(prior, look):
        return first_look(slot.phrase, look), "moved"
    if float(np.linalg.norm(look.view - slot.last_view)) < SAME_VIEW:
        position, covariance = _intersect(prior.position, P, look.position, R)
    else:
        gain = P @ np.linalg.inv(P + R)
        position = prior.position + gain @ innovation
        # Joseph's form stays symmetric positive definite under rounding.
        keep = np.eye(3) - gain
        covariance = keep @ P @ keep.T + gain @ R @ gain.T
    fresh = first_look(slot.phrase, look)
    # A clipped look sees a part of the thing: its place is worth something, its size and turn are not.
    yaw, extent = (slot.yaw, slot.extent) if look.clipped else (fresh.yaw, fresh.extent)
    return replace(fresh, position=position, covariance=_floored(covariance), yaw=yaw, extent=extent), "seen"


def inside_gate(slot: Slot, look: ObjectMeasurement) -> bool:
    """Return whether the look may be of the thing where the slot has it (Mahalanobis distance below GATE)."""
    innovation = look.position - slot.position
    S = slot.covariance + look.covariance
    return float(innovation @ np.linalg.solve(S, innovation)) <= GATE


def _intersect(a: FloatArray, A: FloatArray, b: FloatArray, B: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and covariance of the covariance intersection with the smallest trace."""
    A_inverse, B_inverse = np.linalg.inv(A), np.linalg.inv(B)
    weights = np.linspace(0.0, 1.0, 21)[:, None, None]
    candidates = np.linalg.inv(weights * A_inverse + (1.0 - weights) * B_inverse)
    traces = np.trace(candidates, axis1=1, axis2=2)
    # Beliefs of the same size tie over all weights: then both means count the same.
    ties = np.flatnonzero(traces <= traces.min() * (1.0 + 1e-9))
    best = int(ties[len(ties) // 2])
    weight, P = float(weights[best, 0, 0]), candidates[best]
    return P @ (weight * A_inverse @ a + (1.0 - weight) * B_inverse @ b), P


def _floored(covariance: FloatArray) -> FloatArray:
    """Return the covariance, symmetric, with no eigenvalue below FLOOR_VARIANCE."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
    if values[0] >= FLOOR_VARIANCE:
        return np.asarray((covariance + covariance.T) / 2.0, dtype=np.float64)
    floored = (vectors * np.maximum(values, FLOOR_VARIANCE)) @ vectors.T
    return np.asarray((floored + floored.T) / 2.0, dtype=np.float64)
