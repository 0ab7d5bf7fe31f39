"""What can go wrong in a controller, each error with what was wrong and what would be right."""

from __future__ import annotations


class ControllerError(Exception):
    """A controller was given, or computed, something that must not reach an arm."""


class GainsError(ControllerError):
    """A gains or robot file has an unknown key, a missing key or a value out of range."""


class LimitViolation(ControllerError):  # noqa: N818 - the field says violation
    """A joint value lies outside its bounds.

    Attributes:
        joint: Name of the joint.
        value: What it was [rad, rad/s or rad/s²].
        lower: Lower bound, same unit.
        upper: Upper bound, same unit.
    """

    def __init__(self, joint: str, value: float, lower: float, upper: float) -> None:
        super().__init__(f"{joint} is {value:.6g}, expected a value in [{lower:.6g}, {upper:.6g}]")
        self.joint = joint
        self.value = value
        self.lower = lower
        self.upper = upper
