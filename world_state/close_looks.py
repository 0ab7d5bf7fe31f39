"""Looks at one thing through the camera on the hand, and what they teach of the thing and of the camera."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np

from hybridctl.messages.observation import Observation
from world_state.depth import ObjectMeasurement, measure_at
from world_state.errors import MeasurementError
from world_state.hand_eye import CloseLook, HandEye, fuse, rotation
from world_state.prediction.surprise import measurement_gap
from world_state.shape import quarter
from world_state.slot import Slot

JUMP = 0.03
"""What stands farther than this from the belief is another thing, or was moved: look from afar again [m]."""
SIZE = 0.012
"""Nor is it the same thing when its size or height differs by more than this [m]."""
ABOVE = 0.025
"""What reaches higher than this above the believed top is the hand [m]."""
TOGETHER = 6.0
"""Looks that lie farther apart are not of the same rest: somebody may have nudged the thing [s]."""
DOWN = 0.95
"""Least vertical share of the tool's axis: a turn about the vertical says all of how the tool stands."""


class TurnedLook(NamedTuple):
    """One look, the turn of the thing that it saw [rad], None where it saw none, and its stamp [s]."""

    look: CloseLook
    turn: float | None
    stamp: float


@dataclass(frozen=True, eq=False)
class Series:
    """Looks at one thing that rests meanwhile, oldest first, and what was believed of the camera before."""

    before: HandEye
    looks: tuple[TurnedLook, ...] = ()

    def goes_on_at(self, stamp: float) -> bool:
        """Return whether a look at `stamp` [s] comes soon enough after the last to be of the same rest."""
        return bool(self.looks) and 0.0 <= stamp - self.looks[-1].stamp <= TOGETHER

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; floats survive the round trip exactly."""
        looks = [
            {
                "position": one.look.position.tolist(),
                "covariance": one.look.covariance.tolist(),
                "tool_yaw": one.look.tool_yaw,
                "turn": one.turn,
                "stamp": one.stamp,
            }
            for one in self.looks
        ]
        return {"before": self.before.to_json(), "looks": looks}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the series that `to_json` wrote."""
        looks = tuple(
            TurnedLook(
                CloseLook(one["position"], one["covariance"], one["tool_yaw"]), one["turn"], one["stamp"]
            )
            for one in values["looks"]
        )
        return cls(HandEye.from_json(values["before"]), looks)


def look_close(
    slot: Slot, picture: Observation, series: Series, *, table_height: float, hand_eye: HandEye
) -> tuple[ObjectMeasurement, Series]:
    """Measure what stands where `slot` has it; return that and the series with it.

    Args:
        slot: Where the thing is believed to be when the picture was taken.
        picture: Of the camera on the hand.
        series: The looks before that are of the same rest.
        table_height: Of the table top in the base frame [m].
        hand_eye: What is believed of the camera now.

    Raises:
        MeasurementError: the tool does not point down, or nothing like the thing stands there.
    """
    T = picture.T_base_tool
    if -T[2, 2] < DOWN:
        raise MeasurementError("the tool does not point down, a close look is from above")
    seen = _measured(slot, picture, table_height=table_height, hand_eye=hand_eye)
    look = CloseLook(seen.position[:2], seen.covariance[:2, :2], math.atan2(T[1, 0], T[0, 0]))
    turn = seen.grasp_yaw if seen.yaw_meaningful and not seen.clipped else None
    return seen, replace(series, looks=(*series.looks, TurnedLook(look, turn, seen.stamp)))


def agreed(series: Series, seen: ObjectMeasurement, slot: Slot) -> tuple[ObjectMeasurement, HandEye, float]:
    """Return what all looks of a series say together: the thing, the camera, and the surprise [nat].

    Raises:
        MeasurementError: that is not where `slot` has it.
    """
    place, covariance, hand_eye = fuse([one.look for one in series.looks], series.before)
    off = place - slot.position[:2]
    # The camera's bounded error is no licence to find the thing elsewhere.
    away = float(np.linalg.norm(off))
    if away > JUMP:
        raise MeasurementError(
            f"the {slot.phrase} was seen {1e3 * away:.0f} mm from where it is believed, "
            f"a close look corrects {1e3 * JUMP:.0f} mm at most"
        )
    P = np.array(seen.covariance)
    P[:2, :2] = covariance
    yaw = slot.yaw
    if yaw is not None:
        yaw = _mean_quarter([one.turn for one in series.looks if one.turn is not None], yaw)
    fused = replace(
        seen, position=np.array([*place, seen.position[2]]), covariance=P,
        grasp_yaw=0.0 if yaw is None else yaw, yaw_meaningful=yaw is not None,
    )  # fmt: skip
    nis = float(off @ np.linalg.solve(slot.covariance[:2, :2] + covariance, off))
    return fused, hand_eye, measurement_gap(nis, 2, f"close look at the {slot.phrase}").nats


def _measured(
    slot: Slot, picture: Observation, *, table_height: float, hand_eye: HandEye
) -> ObjectMeasurement:
    """Measure the thing that stands nearest to the belief, seen in the picture; refuse what is unlike it."""
    T = picture.T_base_tool
    shift = np.zeros(3)
    shift[:2] = rotation(math.atan2(T[1, 0], T[0, 0])) @ hand_eye.offset
    R, p = picture.T_base_camera[:3, :3], picture.T_base_camera[:3, 3]
    u, v, w = picture.K @ (R.T @ (slot.position + shift - p))
    if w <= 0.0:
        raise MeasurementError(f"the {slot.phrase} is believed behind the camera on the hand")
    std = math.sqrt(float(np.linalg.eigvalsh(slot.covariance)[-1])) * float(picture.K[0, 0]) / w
    top = slot.position[2] + slot.extent[2] / 2 - table_height
    seen = measure_at(
        picture, np.array([u, v]) / w, pixel_std=np.array([std, std]), table_height=table_height,
        ceiling=float(top) + ABOVE,
    )  # fmt: skip
    taller = abs(float(seen.extent[2] - slot.extent[2]))
    wider = abs(float(seen.extent[:2].max() - slot.extent[:2].max()))
    if taller > SIZE or (wider > SIZE and not seen.clipped):
        raise MeasurementError(
            f"what stands where the {slot.phrase} is believed has another size: "
            f"{1e3 * wider:.0f} mm across and {1e3 * taller:.0f} mm in height differ, allowed are "
            f"{1e3 * SIZE:.0f} mm"
        )
    return seen


def _mean_quarter(turns: list[float], otherwise: float) -> float:
    """Return the mean of angles modulo 90 degrees, in (-π/4, π/4] [rad]; `otherwise` where there is none."""
    if not turns:
        return otherwise
    return quarter(float(np.angle(np.exp(4j * np.array(turns)).sum())) / 4)
