"""Whether the fingers hold something: a log-odds filter over what gripper and wrist feel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

CERTAIN = 0.9  # probability from which on the memory says so, and below 1 - CERTAIN that it says not
LIMIT = 6.0  # [nat] the filter never grows so sure that it could not change its mind within half a second
RATE = 20.0  # [nat/s] clear evidence turns `not sure` into an answer within 0.11 s
LONGEST_STEP = 0.1  # [s] one tick counts at most this long: a pause is no evidence
TOUCH_FORCE, TOUCH_SPREAD = 1.0, 0.5  # [N] force at which pressing and not pressing are equally likely
CLOSED_WIDTH = 0.006  # [m] nearer fingers press on each other
MOVING = 0.01  # [m/s] a gripper that still moves says nothing by its force, which drives it
SLACK = 0.002  # [m] of the width servo
STEADY = 0.03  # [rad/s] faster joints shake the hand's own mass, and the wrist feels that
HANGING, HANGING_SPREAD = 0.4, 0.15  # [N] weight at which something and nothing hangs are equally likely
TARE_TIME, LIFT_TIME = 1.0, 0.3  # [s] over which an empty hand's pull is averaged, and a weight


@dataclass(frozen=True)
class Felt:
    """What gripper and wrist read at one instant.

    Attributes:
        width: Finger distance [m].
        force: With which the fingers press, both together [N].
        commanded_width: Finger distance that the gripper was told to take [m].
        stamp: When [s].
        pull: Force that pulls the hand down, the sensor's own zero included [N]; None where the arm moves or
            cannot tell.
    """

    width: float
    force: float
    commanded_width: float
    stamp: float
    pull: float | None = None


class HoldingState(NamedTuple):
    """What is believed of the hand: `state` True, False or None (not sure), and of which thing, if known."""

    state: bool | None
    probability: float
    phrase: str | None


@dataclass(frozen=True)
class Touch:
    """The filter's state.

    Attributes:
        log_odds: ln(p / (1 - p)) of holding something [nat], 0 at first: not sure.
        width: Finger distance at the last tick [m], None before the first.
        stamp: Stamp of the last tick [s].
        tare: What pulls at the empty hand: the wrist sensor's zero [N]; None before it was felt at rest.
        weight: What hangs in the hand beyond that [N], averaged over LIFT_TIME.
    """

    log_odds: float = 0.0
    width: float | None = None
    stamp: float = 0.0
    tare: float | None = None
    weight: float = 0.0

    @property
    def probability(self) -> float:
        """Probability of holding something."""
        return 1.0 / (1.0 + math.exp(-self.log_odds))

    @property
    def state(self) -> bool | None:
        """True, False, or None when not sure."""
        if self.probability > CERTAIN:
            return True
        return False if self.probability < 1.0 - CERTAIN else None

    def to_json(self) -> dict[str, Any]:
        """Return the filter's state as JSON values; floats survive the round trip exactly."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the state that `to_json` wrote; what older ones lack is as at first."""
        return cls(**values)


def feel_touch(touch: Touch, felt: Felt) -> Touch:
    """Return the filter's state after one reading; one that is no newer than the last changes nothing."""
    if touch.width is None:
        return replace(touch, width=felt.width, stamp=felt.stamp)
    step = felt.stamp - touch.stamp
    if step <= 0.0:
        return touch
    speed = (felt.width - touch.width) / step
    touch = _weighed(touch, felt, step=step)
    change = RATE * min(step, LONGEST_STEP) * evidence(felt, speed=speed, weight=touch.weight)
    log_odds = min(LIMIT, max(-LIMIT, touch.log_odds + change))
    return replace(touch, log_odds=log_odds, width=felt.width, stamp=felt.stamp)


def evidence(felt: Felt, *, speed: float, weight: float = 0.0) -> float:
    """Return how far a reading speaks for holding something, from -1 to 1.

    Fingers that stand apart and press on something, or from which something hangs, hold it. Fingers that
    touch each other, that open, or that stand where they were told to without pressing, hold nothing. Closing
    fingers say nothing yet.

    Args:
        felt: The reading.
        speed: Of the finger distance, positive when opening [m/s].
        weight: What hangs in the hand [N].
    """
    if felt.width < CLOSED_WIDTH:
        return -1.0
    opening = felt.commanded_width > felt.width + SLACK
    if abs(speed) > MOVING:
        return -1.0 if opening else 0.0
    pressing = math.tanh((felt.force - TOUCH_FORCE) / TOUCH_SPREAD)
    if opening:  # at the end of its travel, or only just told to open
        return min(0.0, pressing)
    # The table may carry what is held, so that no weight says nothing.
    pressing = max(pressing, math.tanh((weight - HANGING) / HANGING_SPREAD))
    arrived = abs(felt.width - felt.commanded_width) < SLACK
    # Standing, not pressing, and not where they should be: the servo has only begun to move.
    return pressing if arrived or pressing > 0.0 else 0.0


def _weighed(touch: Touch, felt: Felt, *, step: float) -> Touch:
    """Return the state after the wrist has felt what hangs in the hand."""
    if felt.pull is None:
        return touch
    closing = felt.commanded_width < felt.width - SLACK and felt.width > CLOSED_WIDTH
    if touch.state is False and not closing:  # the sensor's zero, which drifts within a day
        share = 1.0 if touch.tare is None else min(1.0, step / TARE_TIME)
        tare = felt.pull if touch.tare is None else touch.tare + share * (felt.pull - touch.tare)
        return replace(touch, tare=tare, weight=0.0)
    if touch.tare is None:
        return touch
    share = min(1.0, step / LIFT_TIME)
    return replace(touch, weight=touch.weight + share * (felt.pull - touch.tare - touch.weight))
