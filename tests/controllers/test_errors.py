"""Errors say what was wrong and what would be right."""

from controllers.errors import ControllerError, LimitViolation


def test_limit_violation_carries_joint_value_and_bounds() -> None:
    error = LimitViolation("joint4", 0.5, -3.0718, -0.0698)
    assert isinstance(error, ControllerError)
    assert (error.joint, error.value, error.lower, error.upper) == ("joint4", 0.5, -3.0718, -0.0698)
    assert str(error) == "joint4 is 0.5, expected a value in [-3.0718, -0.0698]"
