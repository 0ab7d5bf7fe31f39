"""Looks at one thing through the camera on the hand, and what they teach of the thing and of the camera."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.observation import Observation
from world_state.depth import ObjectMeasurement, measure_at
from world_state.errors import MeasurementError
from world_state.hand_eye import UNKNOWN, CloseLook, HandEye, fuse, rotation
from world_state.shape import quarter
from world_state.slot import Slot, first_look

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


class CloseLooks:
    """The looks at the thing that the hand is over now, and the belief about its camera."""

    def __init__(self, hand_eye: HandEye = UNKNOWN) -> None:
        self.hand_eye = hand_eye
        self._before = hand_eye  # what was believed of the camera before the first of these looks
        self._phrase = ""
        self._looks: list[tuple[CloseLook, float | None, float]] = []  # with the thing's yaw, and the stamp

    def begin_anew(self) -> None:
        """Fuse no later look with these: the thing may have moved. What is believed of the camera stays."""
        self._looks = []

    def look(
        self, slot: Slot, picture: Observation, *, table_height: float
    ) -> tuple[ObjectMeasurement, Slot]:
        """Measure what stands where `slot` has it; return that and the belief that all these looks give.

        Raises:
            MeasurementError: the tool does not point down, or nothing like the thing stands there.
        """
        T = picture.T_base_tool
        if -T[2, 2] < DOWN:
            raise MeasurementError("the tool does not point down, a close look is from above")
        seen = _measured(slot, picture, table_height=table_height, hand_eye=self.hand_eye)
        tool_yaw = math.atan2(T[1, 0], T[0, 0])
        if slot.phrase != self._phrase or not self._looks or seen.stamp - self._looks[-1][2] > TOGETHER:
            self._phrase, self._looks, self._before = slot.phrase, [], self.hand_eye
        look = CloseLook(seen.position[:2], seen.covariance[:2, :2], tool_yaw)
        turn = seen.grasp_yaw if seen.yaw_meaningful and not seen.clipped else None
        looks = [*self._looks, (look, turn, seen.stamp)]
        place, covariance, hand_eye = fuse([one for one, _, _ in looks], self._before)
        # The camera's bounded error is no licence to find the thing elsewhere.
        away = float(np.linalg.norm(place - slot.position[:2]))
        if away > JUMP:
            raise MeasurementError(
                f"the {slot.phrase} was seen {1e3 * away:.0f} mm from where it is believed, "
                f"a close look corrects {1e3 * JUMP:.0f} mm at most"
            )
        self._looks, self.hand_eye = looks, hand_eye
        fresh = first_look(slot.phrase, _with_place(seen, place, covariance))
        yaw = None if slot.yaw is None else _mean_quarter([t for _, t, _ in looks if t is not None], slot.yaw)
        return seen, replace(fresh, yaw=yaw, extent=slot.extent if seen.clipped else fresh.extent)


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


def _with_place(seen: ObjectMeasurement, place: FloatArray, covariance: FloatArray) -> ObjectMeasurement:
    P = np.array(seen.covariance)
    P[:2, :2] = covariance
    return replace(seen, position=np.array([*place, seen.position[2]]), covariance=P)


def _mean_quarter(turns: list[float], otherwise: float) -> float:
    """Return the mean of angles modulo 90 degrees, in (-π/4, π/4] [rad]; `otherwise` where there is none."""
    if not turns:
        return otherwise
    return quarter(float(np.angle(np.exp(4j * np.array(turns)).sum())) / 4)
