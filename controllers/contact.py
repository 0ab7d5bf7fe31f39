"""Watches what the arm feels: names a contact by joint or axis when wrench or residual pass a threshold."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from controllers.errors import ControllerError
from controllers.halting import REST
from controllers.robot_model import RobotModel
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray

if TYPE_CHECKING:
    from controllers.contact_gains import Contact

_AXES = ("x", "y", "z")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ExpectedContact:
    """A contact that a skill brings about on purpose: higher thresholds for a while, never none.

    Attributes:
        why: What touches what, in words.
        force: Threshold meanwhile [N].
        torque: Threshold meanwhile [Nm].
        residual: Threshold meanwhile, as a part of each joint's torque limit [1].
        until: Clock time at which the ordinary thresholds are back [s].
    """

    why: str
    force: float
    torque: float
    residual: float
    until: float


@dataclass(frozen=True)
class Felt:
    """What one control period's measurement says.

    Attributes:
        wrench: The world's force and torque on the tool without the sensor's bias, in tool axes at the tool
            point, shape (6,) [N, Nm]; None from an arm that cannot tell, or tells what is no number.
        touched: Which contact answers with a stop or by yielding, named with value and threshold; empty
            without one.
        fault: Why the sensor cannot be trusted; empty where it can. It always stops.
        on_tool: Whether the contact is the wrench's: only then a direction to yield in is known.
    """

    wrench: FloatArray | None
    touched: str = ""
    fault: str = ""
    on_tool: bool = False


NOTHING_FELT = Felt(None)
"""What an arm without sensors says."""


class ContactMonitor:
    """Compares wrench and joint-torque residual with thresholds, once a new measurement.

    A quantity counts once it has been above its threshold in `samples` measurements on end: single spikes
    of noise pass, and so do impacts too short to matter. The wrench's bias is the mean of what was measured
    from `start` on while the arm rested, over at most `bias_samples`; a bias beyond what a sensor has
    (`bias_force`, `bias_torque`) is a contact, and is not taken off further than that.

    It serves one thread.
    """

    def __init__(self, model: RobotModel, contact: Contact) -> None:
        self._joints = model.joint_names
        self._tau_max = model.tau_max
        self._contact = contact
        self._bias_limit = np.repeat([contact.bias_force, contact.bias_torque], 3)
        self._said: set[str] = set()
        self.start()

    def start(self) -> None:
        """Forget bias, counts and expectations: the arm was taken over anew."""
        self._expected: ExpectedContact | None = None
        self._resting: list[FloatArray] | None = []
        self._bias = np.zeros(6)
        self._counts = {"force": 0, "torque": 0, "residual": 0}
        self._offered: set[str] = set()
        self._stamp = -math.inf
        self._unwatched: tuple[str, ...] = ()

    @property
    def bias(self) -> FloatArray:
        """What is taken off each wrench, shape (6,) [N, Nm]."""
        return self._bias

    @property
    def unwatched(self) -> tuple[str, ...]:
        """What the arm does not measure, so that nothing watches it: of `wrench` and `tau_external`."""
        return self._unwatched

    def expect(self, expected: ExpectedContact, *, now: float) -> None:
        """Raise the thresholds for a while; it replaces an expectation before it.

        Raises:
            ControllerError: a threshold is not a number or beyond the gains' `expected_…`, it is not said
                why, or it would last longer than `expected_for`. Nothing changes then.
        """
        limits = self._contact
        for name, value, most in (
            ("force", expected.force, limits.expected_force),
            ("torque", expected.torque, limits.expected_torque),
            ("residual", expected.residual, limits.expected_residual),
            ("duration", expected.until - now, limits.expected_for),
        ):
            if not 0.0 < value <= most:
                raise ControllerError(
                    f"the expected contact's {name} is {value:.6g}, expected in (0, {most:g}]"
                )
        if not expected.why.strip():
            raise ControllerError("the expected contact's why is empty: say what touches what")
        self._expected = expected

    def feel(self, state: ArmState, *, now: float) -> Felt:
        """Judge a measurement; one that was seen already counts once.

        Args:
            state: The latest measurement.
            now: Clock time [s].
        """
        fault = self._sensor_fault(state)
        if fault:
            return Felt(None, fault=fault)
        if state.wrench is None and state.tau_external is None:
            return NOTHING_FELT
        new = state.stamp != self._stamp
        self._stamp = state.stamp
        if new and state.wrench is not None:
            self._learn_bias(state.wrench, resting=bool(np.abs(state.dq).max() < REST))
        wrench = None if state.wrench is None else state.wrench - self._bias
        contact, on_tool = "", False
        for kind, text in self._over(wrench, state.tau_external, now=now).items():
            self._counts[kind] = (self._counts[kind] + new) if text else 0
            if text and self._counts[kind] >= self._contact.samples and not contact:
                contact, on_tool = text, kind != "residual"
        return Felt(wrench, contact, on_tool=on_tool)

    def _over(self, wrench: FloatArray | None, residual: FloatArray | None, *, now: float) -> dict[str, str]:
        """Return of each quantity what to call its being above its threshold; empty where it is not."""
        limits, known = self._contact, self._expected
        force, torque, share = limits.force, limits.torque, limits.residual
        note = ""
        if known is not None and now <= known.until:
            force, torque = max(force, known.force), max(torque, known.torque)
            share, note = max(share, known.residual), f" (expected: {known.why})"
        said = {"force": "", "torque": "", "residual": ""}
        if wrench is not None:
            for kind, part, most, unit in (
                ("force", wrench[:3], force, "N"), ("torque", wrench[3:], torque, "Nm"),
            ):  # fmt: skip
                size = float(np.linalg.norm(part))
                if size > most:
                    axis = _AXES[int(np.abs(part).argmax())]
                    said[kind] = (
                        f"contact: {kind} on the tool is {size:.3g} {unit}, mostly along {axis}, "
                        f"allowed are {most:g} {unit}{note}"
                    )
        if residual is not None:
            ratio = np.abs(residual) / (share * self._tau_max)
            worst = int(ratio.argmax())
            if ratio[worst] > 1.0:
                said["residual"] = (
                    f"contact: external torque on {self._joints[worst]} is {residual[worst]:.3g} Nm, "
                    f"allowed are {share * self._tau_max[worst]:.3g} Nm{note}"
                )
        return said

    def _sensor_fault(self, state: ArmState) -> str:
        missing = []
        for name, value in (("wrench", state.wrench), ("tau_external", state.tau_external)):
            if value is None:
                missing.append(name)
                if name in self._offered:
                    return f"sensor: the arm no longer measures {name}"
                if name not in self._said:
                    self._said.add(name)
                    _log.warning("the arm does not measure %s: contacts are not watched by it", name)
            else:
                self._offered.add(name)
                if not np.isfinite(value).all():
                    return f"sensor: {name} is not finite: {np.asarray(value).tolist()}"
        self._unwatched = tuple(missing)
        return ""

    def _learn_bias(self, wrench: FloatArray, *, resting: bool) -> None:
        if self._resting is None:
            return
        if self._resting and not resting:
            self._resting = None  # it moves: what was gathered has to do
            return
        self._resting.append(np.array(wrench))
        mean = np.mean(self._resting, axis=0)
        self._bias = np.clip(mean, -self._bias_limit, self._bias_limit)
        if len(self._resting) >= self._contact.bias_samples:
            self._resting = None
