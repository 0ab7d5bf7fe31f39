"""One thing as the memory believes it: a slot, how it ages and how a look corrects it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar
from world_state.attachment import UNATTACHED, Attachment
from world_state.categorical import Categorical
from world_state.depth import ObjectMeasurement
from world_state.fact import sigmoid
from world_state.lexicon import named
from world_state.motion import DRIFT_VARIANCE, observe
from world_state.motion import predict as predict_pose
from world_state.pose import (
    FLOOR_VARIANCE,
    PoseBelief,
    correct_yaw,
    initial,
    view_index,
)
from world_state.so3 import wrapped, yaw_of
from world_state.view_bias import SAME_VIEW

__all__ = [
    "DRIFT_VARIANCE", "FLOOR_VARIANCE", "GATE", "REPEATED", "SAME_VIEW", "SOURCES", "Slot",
    "attributes_of", "correct", "first_look", "inside_gate", "predict",
]  # fmt: skip

SOURCES = ("seen", "held", "released", "dropped")
GATE = 16.27  # chi² with 3 degrees of freedom at 99.9 %
CAUSES = {"rest": "seen", "moving": "moving", "put": "moved"}  # of a correction, by the model of motion
TURN_GATE = 10.83  # ... and with one
REPEATED = 0.9
"""Part of a look's variance that looks from the same place share, where nobody says otherwise."""
YAW_VARIANCE = 0.03**2  # [rad²] of the turn that a look gives: 0.7 degrees on exact depth, more on noisy
NAMED = 0.95  # probability that a thing is what the policy was asked for, before anything else is known
SEEN_ONCE = 3.0  # log-odds that what was seen once is there, a probability of 0.95
SENSORS_KEPT = 4


@dataclass(frozen=True, eq=False)
class Slot:
    """Belief about one thing.

    Attributes:
        id: `s1`, `s2`, …; it stays while the thing is hidden, carried or called by another name.
        pose: Where it is, how it is turned, how it moves.
        labels: What it is called: phrases such as `red block`.
        attributes: What it is like: beliefs about its `colour`, `kind` and what else was asked.
        existence: Log-odds that there is such a thing [nat].
        extent: Size along its yaw, across it, and height, shape (3,) [m].
        attachment: What it moves with.
        stamp: When the belief was last corrected [s].
        last_seen: When a camera last saw it [s].
        sources: The last few sensors that corrected it, the newest first: `seen`, `close look`, `hand`, …
        status: One of SOURCES: seen by a camera, follows the hand, let go on purpose, or lost on the way.
        last_view: Where the camera of the last look stood, shape (3,) [m].
    """

    id: str
    pose: PoseBelief
    labels: Categorical
    extent: FloatArray
    stamp: float
    last_seen: float
    last_view: FloatArray
    attributes: Mapping[str, Categorical] = field(default_factory=dict)
    existence: float = SEEN_ONCE
    attachment: Attachment = UNATTACHED
    sources: tuple[str, ...] = ()
    status: str = "seen"

    def __post_init__(self) -> None:
        if not self.id.strip():
            raise MessageError("Slot.id is empty, expected a name such as 's1'")
        object.__setattr__(self, "extent", checked("Slot.extent", self.extent, shape=(3,)))
        object.__setattr__(self, "last_view", checked("Slot.last_view", self.last_view, shape=(3,)))
        for name in ("existence", "stamp", "last_seen"):
            checked_scalar(f"Slot.{name}", getattr(self, name))
        if self.status not in SOURCES:
            raise MessageError(f"Slot.status is {self.status!r}, expected one of {', '.join(SOURCES)}")
        if not isinstance(self.attributes, MappingProxyType):
            object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))

    @property
    def phrase(self) -> str:
        """What it is most probably called."""
        return self.labels.best()

    @property
    def position(self) -> FloatArray:
        """Mean of its centre, shape (3,) [m], base frame."""
        return self.pose.position

    @property
    def covariance(self) -> FloatArray:
        """Covariance of its centre, shape (3, 3) [m²], symmetric positive definite."""
        return self.pose.covariance

    @property
    def yaw(self) -> float | None:
        """Turn about the base z axis modulo 90 degrees [rad]; None where it has none that matters."""
        return self.pose.yaw

    @property
    def source(self) -> str:
        """One of SOURCES."""
        return self.status

    @cached_property
    def p_exists(self) -> float:
        """Probability that there is such a thing."""
        return sigmoid(self.existence)

    def corrected_by(self, sensor: str, *, stamp: float, **changes: Any) -> Self:
        """Return the belief with fields replaced by what a sensor said at `stamp` [s]."""
        others = tuple(one for one in self.sources if one != sensor)
        return replace(self, stamp=stamp, sources=(sensor, *others)[:SENSORS_KEPT], **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the belief as JSON values; floats survive the round trip exactly."""
        return {
            "id": self.id,
            "pose": self.pose.to_json(),
            "labels": self.labels.to_json(),
            "attributes": {name: belief.to_json() for name, belief in self.attributes.items()},
            "existence": self.existence,
            "extent": self.extent.tolist(),
            "attachment": self.attachment.to_json(),
            "stamp": self.stamp,
            "last_seen": self.last_seen,
            "sources": list(self.sources),
            "status": self.status,
            "last_view": self.last_view.tolist(),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the belief that `to_json` wrote.

        Raises:
            MessageError: a value has the wrong shape or range.
        """
        return cls(
            **{
                **values,
                "pose": PoseBelief.from_json(values["pose"]),
                "labels": Categorical.from_json(values["labels"]),
                "attributes": {
                    name: Categorical.from_json(belief) for name, belief in values["attributes"].items()
                },
                "attachment": Attachment.from_json(values["attachment"]),
                "sources": tuple(values["sources"]),
            }
        )


def attributes_of(phrase: str) -> dict[str, Categorical]:
    """Return what a phrase says of a thing: its kind and, where it has one, its colour.

    Of words that the lexicon does not know the last one is the kind.
    """
    said = named(phrase)
    attributes = {"kind": Categorical.of({said.kind or phrase.split()[-1]: NAMED})}
    if said.colour is not None:
        attributes["colour"] = Categorical.of({said.colour: NAMED})
    return attributes


def first_look(phrase: str, look: ObjectMeasurement, *, id: str, bias: FloatArray | None = None) -> Slot:
    """Return the belief that one look gives when nothing was known before.

    Args:
        phrase: What the policy was asked for.
        look: What was seen.
        id: The new slot's.
        bias: Covariance of the part of the look's error that all looks from there share, shape (3, 3) [m²],
            the look's covariance being the sum of this and its own noise; None for REPEATED of it.
    """
    if not phrase.strip():
        raise MessageError("phrase is empty, expected what the thing is called")
    noise, shared = _parted(look, bias)
    pose = initial(
        look.position, noise, view=look.view, bias=shared,
        yaw=look.grasp_yaw if look.yaw_meaningful else None, yaw_variance=YAW_VARIANCE,
        symmetry=4 if look.yaw_meaningful else 0,
    )  # fmt: skip
    return Slot(
        id=id, pose=pose, labels=Categorical.of({phrase: NAMED}), attributes=attributes_of(phrase),
        extent=look.extent, stamp=look.stamp, last_seen=look.stamp, last_view=look.view, sources=("seen",),
    )  # fmt: skip


def predict(slot: Slot, stamp: float) -> Slot:
    """Return the belief at `stamp` [s]: what rests in the same place, less sure by DRIFT_VARIANCE a second.

    The slot keeps its own stamp, which says when it was last corrected. A held slot does not drift: the
    hand says where it is. A stamp before the slot's changes nothing.
    """
    age = max(0.0, stamp - slot.stamp)
    if slot.status == "held" or age == 0.0:
        return slot
    return replace(slot, pose=predict_pose(slot.pose, age))


def correct(slot: Slot, look: ObjectMeasurement, *, bias: FloatArray | None = None) -> tuple[Slot, str]:
    """Fuse a look into a belief; return the new belief and the cause: `seen`, `moving` or `moved`.

    A look that is best explained by the thing having been put elsewhere replaces the place (`moved`):
    averaging the two would be wrong about both. Others are fused by the filter, which knows what looks from
    one place share. What it is called, and that it is there, is not for the look to say.

    Args:
        slot: The belief as of its own stamp.
        look: What was seen of this thing.
        bias: As in `first_look`.
    """
    noise, shared = _parted(look, bias)
    dt = 0.0 if slot.status == "held" else look.stamp - slot.stamp
    repeated = view_index(slot.pose, look.view) is not None
    pose, model, _ = observe(slot.pose, look.position, noise, dt=dt, view=look.view, bias=shared)
    pose = _turned(pose, look, repeated=repeated and model != "put")
    after = slot.corrected_by(
        "seen", stamp=max(look.stamp, slot.stamp), pose=pose, status="seen", attachment=UNATTACHED,
        last_seen=max(look.stamp, slot.last_seen), last_view=look.view,
        # A clipped look sees a part of the thing: its place is worth something, its size and turn are not.
        extent=slot.extent if look.clipped else look.extent,
    )  # fmt: skip
    return after, CAUSES[model]


def inside_gate(slot: Slot, look: ObjectMeasurement) -> bool:
    """Return whether the look may be of the thing where the slot has it (Mahalanobis distance below GATE)."""
    innovation = look.position - slot.position
    S = slot.covariance + look.covariance
    return float(innovation @ np.linalg.solve(S, innovation)) <= GATE


def _parted(look: ObjectMeasurement, bias: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Return a look's own noise and the error that it shares with others from there, both (3, 3) [m²]."""
    shared = REPEATED * look.covariance if bias is None else bias
    return look.covariance - shared, shared


def _turned(pose: PoseBelief, look: ObjectMeasurement, *, repeated: bool) -> PoseBelief:
    """Return the belief after the look's turn; one outside the gate replaces what was believed of it."""
    if look.clipped or not look.yaw_meaningful:
        return pose
    if pose.symmetry == 0:
        pose = replace(pose, symmetry=4)
    miss = wrapped(look.grasp_yaw - yaw_of(pose.T), symmetry=pose.symmetry)
    if miss**2 > TURN_GATE * (pose.yaw_variance + YAW_VARIANCE):
        pose = pose.spread(np.diag([0.0, 0.0, 0.0, 0.0, 0.0, 1.0]))
        repeated = False
    return correct_yaw(pose, look.grasp_yaw, YAW_VARIANCE, repeated=repeated)
