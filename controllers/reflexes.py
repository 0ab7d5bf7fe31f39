"""What answers a touch: a latched stop, or a target that gives way."""

from __future__ import annotations

import numpy as np

from controllers.admittance import Admittance, free_axes
from controllers.contact import ContactMonitor, ExpectedContact, Felt
from controllers.errors import ControllerError
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from controllers.stops import StopCategory, StopLatch
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray

_GIVEN_BACK = 1e-3  # m: a target that yielded counts as followed again this near to it


class Reflexes:
    """Watches wrench and residual torques; trips `stops` or lets the target give way.

    Args:
        model: The robot.
        gains: Sections `contacts` and `compliance`.
        stops: The latch that a contact trips.

    Attributes:
        yielding: Whether the target gives way to a contact.
    """

    def __init__(self, model: RobotModel, gains: Gains, stops: StopLatch) -> None:
        self._gains = gains.contacts
        self._contact = ContactMonitor(model, gains.contacts)
        self._admittance = Admittance(gains.compliance, dt=gains.dt)
        self._stops = stops
        self._compliant: tuple[str, ...] = ()
        self.yielding = False

    @property
    def unwatched(self) -> tuple[str, ...]:
        """What the arm does not measure: of `wrench`, `tau_external`."""
        return self._contact.unwatched

    def start(self, state: ArmState) -> None:
        """Begin with a new measurement: biases are found anew."""
        self._contact.start()
        self._contact.feel(state, now=state.stamp)
        self.let_go()

    def let_go(self) -> None:
        """Follow the target stiffly again."""
        self._compliant, self.yielding = (), False
        self._admittance.reset()

    def demand_wrench(self, what: str, *, started: bool) -> None:
        """Raise ControllerError unless the arm measures its wrench."""
        if not started or "wrench" in self._contact.unwatched:
            raise ControllerError(f"{what} needs an arm that measures its wrench, and a start(state) before")

    def expect(self, expected: ExpectedContact, *, now: float) -> None:
        """Raise thresholds for a limited time.

        Raises:
            ControllerError: it asks for more, or for longer, than the gains allow.
        """
        self._contact.expect(expected, now=now)

    def comply(self, axes: tuple[str, ...], *, started: bool) -> None:
        """Let the target give way along `axes` of its frame; () ends it.

        Raises:
            ControllerError: an axis is unknown, or the arm measures no wrench.
        """
        free_axes(axes)
        if axes:
            self.demand_wrench("compliance", started=started)
        self._compliant = tuple(axes)

    def feel(self, state: ArmState, *, now: float, has_target: bool) -> Felt:
        """Take in a measurement, and stop or yield where it asks for it."""
        felt = self._contact.feel(state, now=now)
        if felt.touched and felt.on_tool and self._gains.reaction == "yield":
            # Without a target there is nothing that could give way.
            self.yielding = has_target and not self._admittance.exhausted
            if self.yielding:
                return felt
        cause = felt.fault or felt.touched
        if cause:
            self._stops.trip(cause=cause, category=StopCategory.BRAKE_AND_HOLD, stamp=now)
        return felt

    def given_way(self, T_base_target: FloatArray, felt: Felt) -> FloatArray:
        """Return the target displaced by what pushes on the tool, shape (4, 4) [m]."""
        if not self._compliant and not self.yielding and not self._admittance.displacement.any():
            return T_base_target
        floor, axes = 0.0, self._compliant
        if self.yielding:
            floor, axes = 0.5 * self._gains.force, ("x", "y", "z")
        wrench = np.zeros(6) if felt.wrench is None else felt.wrench
        self._admittance.step(wrench, axes=axes, force_floor=floor)
        if self.yielding and np.abs(self._admittance.displacement[:3]).max() < _GIVEN_BACK:
            self.yielding = bool(felt.touched)
        return self._admittance.displaced(T_base_target)
