"""Whether the fingers hold something: a log-odds filter over what the gripper feels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from hybridctl.messages.arm import ArmState

CERTAIN = 0.9  # probability from which on the memory says so, and below 1 - CERTAIN that it says not
LIMIT = 6.0  # [nat] the filter never grows so sure that it could not change its mind within half a second
RATE = 20.0  # [nat/s] clear evidence turns `not sure` into an answer within 0.11 s
LONGEST_STEP = 0.1  # [s] one tick counts at most this long: a pause is no evidence
TOUCH_FORCE, TOUCH_SPREAD = 1.0, 0.5  # [N] force at which pressing and not pressing are equally likely
CLOSED_WIDTH = 0.006  # [m] nearer fingers press on each other
MOVING = 0.01  # [m/s] a gripper that still moves says nothing by its force, which drives it
SLACK = 0.002  # [m] of the width servo


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
    """

    log_odds: float = 0.0
    width: float | None = None
    stamp: float = 0.0

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


def feel_touch(touch: Touch, state: ArmState, *, commanded_width: float) -> Touch:
    """Return the filter's state after one reading of the gripper.

    Args:
        touch: The filter's state before.
        state: The reading; one with the stamp of the last or older changes nothing.
        commanded_width: Finger distance that the gripper was told to take [m].
    """
    if touch.width is None:
        return replace(touch, width=state.gripper_width, stamp=state.stamp)
    step = state.stamp - touch.stamp
    if step <= 0.0:
        return touch
    speed = (state.gripper_width - touch.width) / step
    change = RATE * min(step, LONGEST_STEP) * evidence(state, speed=speed, commanded_width=commanded_width)
    log_odds = min(LIMIT, max(-LIMIT, touch.log_odds + change))
    return Touch(log_odds=log_odds, width=state.gripper_width, stamp=state.stamp)


def evidence(state: ArmState, *, speed: float, commanded_width: float) -> float:
    """Return how far a reading speaks for holding something, from -1 to 1.

    Fingers that stand apart and press on something hold it. Fingers that touch each other, that open, or
    that stand where they were told to without pressing, hold nothing. Closing fingers say nothing yet.

    Args:
        state: The reading of the gripper.
        speed: Of the finger distance, positive when opening [m/s].
        commanded_width: Finger distance that the gripper was told to take [m].
    """
    if state.gripper_width < CLOSED_WIDTH:
        return -1.0
    opening = commanded_width > state.gripper_width + SLACK
    if abs(speed) > MOVING:
        return -1.0 if opening else 0.0
    pressing = math.tanh((state.gripper_force - TOUCH_FORCE) / TOUCH_SPREAD)
    if opening:  # at the end of its travel, or only just told to open
        return min(0.0, pressing)
    arrived = abs(state.gripper_width - commanded_width) < SLACK
    # Standing, not pressing, and not where they should be: the servo has only begun to move.
    return pressing if arrived or pressing > 0.0 else 0.0
