"""One answer to `where is the …`, measured by depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from hybridctl.messages.arrays import FloatArray, MessageError, checked
from hybridctl.messages.policy import Confidence, LocateAnswer
from world_state.depth import ObjectMeasurement, measure

_MEASURED = (
    "position", "covariance", "extent", "grasp_yaw", "yaw_meaningful", "shape", "points", "clipped", "view",
    "stamp",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sighting:
    """One answer.

    Attributes:
        phrase: What the policy was asked for.
        look: What stands where it points.
        confidence: How sure the policy was.
        pixel: Where it pointed, (u, v) [px], shape (2,).
        pixel_std: Its standard deviation a coordinate [px], shape (2,).
    """

    phrase: str
    look: ObjectMeasurement
    confidence: Confidence
    pixel: FloatArray
    pixel_std: FloatArray

    def __post_init__(self) -> None:
        if not self.phrase.strip():
            raise MessageError("Sighting.phrase is empty, expected what the thing is called")
        for name in ("pixel", "pixel_std"):
            object.__setattr__(self, name, checked(f"Sighting.{name}", getattr(self, name), shape=(2,)))

    @classmethod
    def of(
        cls,
        phrase: str,
        answer: LocateAnswer,
        *,
        table_height: float,
        T_base_camera: FloatArray | None = None,
    ) -> Self:
        """Return what an answer shows of `phrase`, by its camera's pose as levelled before if that is given.

        Raises:
            MeasurementError: no object stands where it points.
        """
        look = measure(answer, table_height=table_height, T_base_camera=T_base_camera)
        return cls(phrase, look, answer.confidence, answer.pixel, answer.pixel_std)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; floats survive the round trip exactly."""
        return {
            "phrase": self.phrase,
            "log_probability": self.confidence.log_probability,
            "entropy": self.confidence.entropy,
            "p_right": self.confidence.p_right,
            "pixel": self.pixel.tolist(),
            "pixel_std": self.pixel_std.tolist(),
            "look": look_json(self.look),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the sighting that `to_json` wrote."""
        said = Confidence(values["log_probability"], values["entropy"], values["p_right"])
        look = ObjectMeasurement(**values["look"])
        return cls(values["phrase"], look, said, values["pixel"], values["pixel_std"])


def look_json(look: ObjectMeasurement) -> dict[str, Any]:
    """Return a measurement as JSON values: the keyword arguments that make it."""
    values = {name: getattr(look, name) for name in _MEASURED}
    return {name: v.tolist() if hasattr(v, "tolist") else v for name, v in values.items()}
