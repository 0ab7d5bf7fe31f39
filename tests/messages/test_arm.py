"""Measurements and commands of an arm are checked where they are built."""

import numpy as np
import pytest

from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.arrays import MessageError

STATE = {
    "q": np.zeros(7), "dq": np.zeros(7), "tau": np.zeros(7), "gripper_width": 0.04, "gripper_force": 0.0,
    "stamp": 0.0,
}  # fmt: skip
COMMAND = {"q": np.zeros(7), "dq": np.zeros(7), "gripper_width": 0.04, "stamp": 0.0}


@pytest.mark.parametrize("name", ["q", "dq", "tau"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_measurement_that_is_not_finite_is_refused(name: str, bad: float) -> None:
    values = np.zeros(7)
    values[3] = bad
    with pytest.raises(MessageError, match=rf"ArmState\.{name} holds NaN or infinite"):
        ArmState(**{**STATE, name: values})


@pytest.mark.parametrize("name", ["dq", "tau"])
def test_velocities_and_torques_are_as_many_as_joints(name: str) -> None:
    with pytest.raises(MessageError, match=rf"ArmState\.{name} has shape \(6,\), expected \(7,\)"):
        ArmState(**{**STATE, name: np.zeros(6)})


def test_an_arm_without_a_sense_of_force_says_none() -> None:
    state = ArmState(**STATE)
    assert state.wrench is None
    assert state.tau_external is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("wrench", np.full(6, np.nan), "NaN or infinite"),
        ("wrench", np.zeros(7), r"shape \(7,\), expected \(6,\)"),
        ("tau_external", np.full(7, np.inf), "NaN or infinite"),
        ("tau_external", np.zeros(6), r"shape \(6,\), expected \(7,\)"),
    ],
)
def test_a_force_that_cannot_be_is_refused(name: str, value: np.ndarray, said: str) -> None:
    with pytest.raises(MessageError, match=rf"ArmState\.{name} .*{said}"):
        ArmState(**{**STATE, name: value})


@pytest.mark.parametrize(("name", "size"), [("wrench", 6), ("tau_external", 7)])
def test_a_measured_force_is_a_copy_that_nobody_can_change(name: str, size: int) -> None:
    measured = np.arange(float(size))
    kept = getattr(ArmState(**{**STATE, name: measured}), name)
    measured[:] = 0.0
    np.testing.assert_array_equal(kept, np.arange(size))
    assert not kept.flags.writeable


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gripper_width", -0.02), ("gripper_width", np.nan), ("gripper_width", 1.5),
        ("gripper_force", np.inf), ("stamp", np.nan),
        ("gripper_command", -0.001), ("gripper_command", np.nan),
    ],
)  # fmt: skip
def test_a_measured_scalar_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(MessageError, match=rf"ArmState\.{name}"):
        ArmState(**{**STATE, name: value})


@pytest.mark.parametrize(("name", "length"), [("wrench", 6), ("tau_external", 7)])
def test_force_is_optional_and_checked_where_it_is_known(name: str, length: int) -> None:
    assert getattr(ArmState(**STATE), name) is None
    known = getattr(ArmState(**{**STATE, name: np.ones(length)}), name)
    assert known.tolist() == [1.0] * length
    assert not known.flags.writeable
    with pytest.raises(MessageError, match=rf"ArmState\.{name} has shape"):
        ArmState(**{**STATE, name: np.zeros(length + 1)})
    with pytest.raises(MessageError, match=rf"ArmState\.{name} holds NaN"):
        ArmState(**{**STATE, name: np.full(length, np.nan)})


def test_a_width_sensor_may_read_a_little_below_zero() -> None:
    assert ArmState(**{**STATE, "gripper_width": -0.005}).gripper_width == -0.005


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q", np.full(7, np.nan)), ("q", np.zeros((7, 1))), ("dq", np.zeros(6)), ("dq", np.full(7, np.inf)),
        ("gripper_width", -0.001), ("gripper_width", np.nan), ("stamp", np.inf),
    ],
)  # fmt: skip
def test_a_command_that_no_servo_can_take_is_refused(name: str, value: object) -> None:
    with pytest.raises(MessageError, match=rf"JointCommand\.{name}"):
        JointCommand(**{**COMMAND, name: value})


@pytest.mark.parametrize(("message", "values"), [(ArmState, STATE), (JointCommand, COMMAND)])
def test_arrays_are_read_only_copies(message: type, values: dict[str, object]) -> None:
    source = np.ones(7)
    made = message(**{**values, "q": source})
    source[0] = 9.0
    assert made.q[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        made.q[0] = 2.0
    with pytest.raises(AttributeError):
        made.q = source


def test_the_gripper_goes_on_as_it_was_told_where_the_arm_remembers_it():
    assert ArmState(**STATE).gripper_set_point == STATE["gripper_width"]
    assert ArmState(**STATE, gripper_command=0.0).gripper_set_point == 0.0
