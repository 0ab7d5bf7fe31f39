"""Looks at one thing through the camera on the hand: where it is, and where that camera errs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from hybridctl.messages.arrays import MessageError, checked_scalar
from world_state.beliefs import Beliefs
from world_state.close_looks import Series, agreed
from world_state.depth import ObjectMeasurement
from world_state.errors import MeasurementError
from world_state.existence import present
from world_state.noise import NoiseModel
from world_state.readings.reading import Correction, Json
from world_state.sighting import look_json
from world_state.slot import first_look


@dataclass(frozen=True, eq=False)
class CloseLooked:
    """The last of a series of close looks at a thing that rests meanwhile.

    Attributes:
        camera: Which camera took the picture.
        slot: Id of the thing.
        look: What was seen last.
        series: All looks of the series, this one included.
    """

    kind: ClassVar[str] = "seen close"
    camera: str
    slot: str
    look: ObjectMeasurement
    series: Series

    def __post_init__(self) -> None:
        if not self.series.looks:
            raise MessageError("CloseLooked.series holds no look, expected at least one")
        checked_scalar("CloseLooked.stamp", self.stamp)

    @property
    def stamp(self) -> float:
        """Stamp of the picture [s]."""
        return self.look.stamp

    def correct(self, beliefs: Beliefs, noise: NoiseModel) -> Correction:
        """Put the thing where all looks of the series together have it; learn the camera's error.

        Raises:
            MeasurementError: the thing is not known, or is held; the belief is newer than the picture; or it
                was seen too far from where it is believed to be the same.
        """
        slot = beliefs.slots.get(self.slot)
        if slot is None:
            raise MeasurementError(f"the close look is of {self.slot}, known are {', '.join(beliefs.slots)}")
        if slot.status == "held":
            raise MeasurementError(
                f"the {slot.phrase} is held: the fingers hide it from a camera on the hand"
            )
        if self.stamp < slot.stamp:
            age = slot.stamp - self.stamp
            raise MeasurementError(
                f"the picture is {age:.3f} s older than the belief about the {slot.phrase}"
            )
        fused, hand_eye, surprise = agreed(self.series, self.look, slot)
        fresh = first_look(slot.phrase, fused, id=slot.id)
        pose = fresh.pose
        if slot.yaw is None:
            pose = replace(pose, symmetry=slot.pose.symmetry)
        after = slot.corrected_by(
            "close look", stamp=self.stamp, pose=pose, last_seen=self.stamp, last_view=self.look.view,
            extent=slot.extent if self.look.clipped else fresh.extent, status="seen",
        )  # fmt: skip
        beliefs = replace(beliefs.with_slot(present(after, noise=noise)), hand_eye=hand_eye)
        return Correction(beliefs, "close look", surprise)

    def to_json(self) -> Json:
        """Return it as JSON values; floats survive the round trip exactly."""
        return {
            "camera": self.camera,
            "slot": self.slot,
            "look": look_json(self.look),
            "series": self.series.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        look = ObjectMeasurement(**values["look"])
        return cls(values["camera"], values["slot"], look, Series.from_json(values["series"]))
