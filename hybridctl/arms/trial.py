"""Moving an arm for a check: drive it along a reference, wait, and see what it refuses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from controllers.robot_model import RobotModel
from hybridctl.arms.errors import ConnectionLost
from hybridctl.messages.arm import Arm, ArmState, JointCommand
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.clock import Clock

PERIOD = 0.01
"""Period of the commands [s]."""
SPEED = 0.1
"""Joint speed of `get_moving` [rad/s]."""
Reference = Callable[[float], tuple[FloatArray, FloatArray]]
"""Joint positions and velocities, both of shape (n,) [rad, rad/s], at a time since the start [s]."""


class Unmet(Exception):  # noqa: N818 (a finding, not a fault)
    """The arm does otherwise; the text says how."""


class Trial:
    """An arm, its clock and, where known, its limits."""

    def __init__(self, arm: Arm, clock: Clock, model: RobotModel | None) -> None:
        self._arm, self._clock, self._model = arm, clock, model

    def get_moving(self, *, back: bool = False) -> ArmState:
        """Bring all joints to SPEED within 0.4 s and go on for 0.4 s more, then return the state."""
        start = self._arm.read()
        direction = self.toward_the_middle(start.q) * (-1.0 if back else 1.0) * SPEED

        def reference(t: float) -> tuple[FloatArray, FloatArray]:
            if t < 0.4:
                return start.q + direction * t**2 / 0.8, direction * t / 0.4
            return start.q + direction * (t - 0.2), direction

        return self.drive(reference, 0.8, start.gripper_width)[-1]

    def drive(self, reference: Reference, seconds: float, width: float) -> list[ArmState]:
        """Command `reference` (of the time since the start) every PERIOD and return the measurements."""
        start, states = self._clock.now(), []
        for k in range(round(seconds / PERIOD)):
            now = self._clock.now()
            q, dq = reference(now - start)
            self._arm.send(JointCommand(q, dq, max(0.0, width), now))
            self._clock.sleep_until(start + (k + 1) * PERIOD)
            states.append(self._arm.read())
        elapsed = self._clock.now() - start
        demand(elapsed > 0.9 * seconds, f"the clock went on by {elapsed:.3f} s instead of {seconds} s")
        return states

    def wait(self, seconds: float) -> ArmState:
        """Let `seconds` pass and return the measurement then."""
        self._clock.sleep_until(self._clock.now() + seconds)
        return self._arm.read()

    def toward_the_middle(self, q: FloatArray) -> FloatArray:
        """Return the sign of the way to the middle of each joint's range, 1 without a model."""
        if self._model is None:
            return np.ones(q.size)
        return np.where(q < (self._model.q_min + self._model.q_max) / 2, 1.0, -1.0)

    def refused(self, command: JointCommand, *kinds: type[Exception]) -> str:
        """Send what must be refused by one of `kinds` and return what it says; otherwise raise Unmet."""
        wanted = " or ".join(kind.__name__ for kind in kinds)
        try:
            self._arm.send(command)
        except ConnectionLost:
            raise
        except kinds as error:
            return f"{type(error).__name__}: {error}"
        except Exception as error:
            raise Unmet(f"it raised {type(error).__name__}, expected {wanted}: {error}") from error
        raise Unmet(f"the command was accepted, expected {wanted}")


def hold(state: ArmState) -> JointCommand:
    """Return the command to stay where `state` was measured."""
    return JointCommand(state.q, np.zeros(state.q.size), finger_width(state), state.stamp)


def finger_width(state: ArmState) -> float:
    """Return the measured width as one that may be commanded [m]: sensors read a little below 0."""
    return max(0.0, state.gripper_width)


def demand(kept: bool, otherwise: str) -> None:
    """Raise Unmet with `otherwise` unless `kept`."""
    if not kept:
        raise Unmet(otherwise)
