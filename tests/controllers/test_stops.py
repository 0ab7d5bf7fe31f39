"""A stop has a category and a cause, brakes within the limits, and ends by a deliberate reset alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers import Controller, ControllerError, Gains, RobotModel
from controllers.stops import StopCategory, StopLatch
from hybridctl.messages.action import PoseTarget


def test_the_first_cause_stays_and_a_stricter_category_replaces_it() -> None:
    latch = StopLatch()
    latch.trip(cause="contact", category=StopCategory.BRAKE_AND_HOLD, stamp=1.0)
    later = latch.trip(cause="a consequence", category=StopCategory.BRAKE_AND_HOLD, stamp=2.0)
    assert (later.cause, later.stamp) == ("contact", 1.0)
    stricter = latch.trip(cause="the button", category=StopCategory.POWER_OFF, stamp=3.0)
    assert (stricter.cause, stricter.category) == ("the button", StopCategory.POWER_OFF)
    latch.trip(cause="contact again", category=StopCategory.BRAKE_AND_HOLD, stamp=4.0)
    assert latch.stop == stricter


@given(cause=st.text(min_size=1), other=st.text())
def test_only_the_same_cause_resets(cause: str, other: str) -> None:
    latch = StopLatch()
    if not cause.strip():
        cause = "the button"
    latch.trip(cause=cause, category=StopCategory.BRAKE_THEN_OFF, stamp=0.0)
    if other != cause:
        with pytest.raises(ControllerError, match="acknowledged was"):
            latch.reset(acknowledged_cause=other)
        assert latch.stop is not None
    latch.reset(acknowledged_cause=cause)
    assert latch.stop is None
    with pytest.raises(ControllerError, match="nothing to reset"):
        latch.reset(acknowledged_cause=cause)


@pytest.mark.parametrize(("cause", "stamp"), [("", 0.0), ("  ", 0.0), ("the button", float("nan"))])
def test_a_stop_that_is_wrongly_asked_for_is_in_force_all_the_same(cause: str, stamp: float) -> None:
    latch = StopLatch()
    with pytest.raises(ControllerError):
        latch.trip(cause=cause, category=StopCategory.BRAKE_THEN_OFF, stamp=stamp)
    assert latch.stop is not None


def test_an_emergency_stop_latches_until_its_cause_is_acknowledged(arm, helpers) -> None:
    T = helpers.tool_down(0.5, 0.25, 0.3)
    arm.go_to(T, 0.5)
    assert np.abs(arm.dq).max() > 0.2
    stop = arm.controller.emergency_stop(cause="button at the door")
    assert stop.category is StopCategory.BRAKE_THEN_OFF
    assert stop.stamp == pytest.approx(arm.now - arm.controller.gains.dt)
    arm.go_to(T, 0.6)  # a target set meanwhile is no reset
    assert (arm.log[-1].status, arm.log[-1].stop) == ("stopped", stop)
    rest = arm.q
    arm.controller.start(arm.state)  # nor is a start
    arm.go_to(T, 0.3)
    assert arm.log[-1].status == "stopped"
    np.testing.assert_allclose(arm.q, rest, atol=1e-9)
    with pytest.raises(ControllerError, match="button at the door"):
        arm.controller.reset_stop(acknowledged_cause="button")
    arm.controller.reset_stop(acknowledged_cause="button at the door")
    for _ in range(20):
        arm.step()
    assert arm.log[-1].status == "holding"  # what was wanted before the reset moves nothing after it
    np.testing.assert_allclose(arm.q, rest, atol=1e-9)
    arm.go_to(T, 2.0)
    assert arm.log[-1].status == "tracking"
    assert arm.controller.distance_to_target(arm.state)[0] < 1e-3


def test_a_width_asked_for_during_a_stop_is_dropped_too(arm, helpers) -> None:
    arm.step()
    width = arm.log[-1].command.gripper_width
    arm.controller.emergency_stop(cause="test")
    arm.controller.set_target(PoseTarget(helpers.tool_down(0.5, 0.0, 0.3), stamp=arm.now, gripper_width=0.0))
    assert arm.step().command.gripper_width == width


def test_braking_keeps_every_joint_limit_and_the_path(model: RobotModel, gains: Gains, helpers) -> None:
    rng = np.random.default_rng(4)
    most = gains.contacts.braking * model.ddq_max * gains.dt
    for _ in range(15):
        arm = helpers.IdealArm(Controller(model, gains), np.array(model.q_rest))
        arm.go_to(helpers.tool_down(*rng.uniform((0.3, -0.4, 0.1), (0.7, 0.4, 0.6))), rng.uniform(0.2, 0.9))
        before, T = arm.dq / np.linalg.norm(arm.dq), arm.controller.tool_pose(arm.q)
        arm.controller.emergency_stop(cause="test")
        for _ in range(60):
            dq = arm.dq
            arm.step()
            assert np.all(np.abs(arm.dq - dq) <= most + 1e-9)
            assert np.all(arm.q <= model.q_max - gains.scales.joint_margin + 1e-9)
            assert np.all(arm.q >= model.q_min + gains.scales.joint_margin - 1e-9)
            speed = np.linalg.norm(arm.dq)
            if speed > 0.05:
                assert arm.dq @ before / speed > 1.0 - 1e-6
        assert np.all(arm.dq == 0.0)
        assert np.linalg.norm(arm.controller.tool_pose(arm.q)[:3, 3] - T[:3, 3]) < 0.12


@pytest.mark.parametrize("gap", [0.02, -0.02])
def test_a_stop_ends_at_the_measured_posture_not_at_the_stale_command(arm, helpers, gap: float) -> None:
    """What moveit2 #2229 got wrong: a blocked arm must not go on pressing toward its last command."""
    arm.go_to(helpers.tool_down(0.5, 0.1, 0.3), 1.5)
    arm.controller.emergency_stop(cause="test")
    blocked = helpers.measured(arm.q + gap)
    for _ in range(80):
        result = arm.controller.step(blocked, now=arm.now)
        arm.now += arm.controller.gains.dt
    np.testing.assert_allclose(result.command.q, blocked.q, atol=1.1e-4)
    np.testing.assert_array_equal(result.command.dq, 0.0)


def test_on_servos_it_is_at_rest_within_three_tenths_of_a_second(feeling_arm, helpers) -> None:
    arm = feeling_arm()
    arm.go_to(helpers.tool_down(0.5, -0.3, 0.3), 2.5)
    arm.go_to(helpers.tool_down(0.5, 0.35, 0.3), 0.6)
    assert np.abs(arm.measured[-1].dq).max() > 0.8
    arm.controller.emergency_stop(cause="button")
    arm.go_to(None, 0.3)
    assert np.abs(arm.driver.read().dq).max() < 0.02
    at = arm.driver.read().q
    arm.go_to(None, 1.0)
    assert np.abs(arm.driver.read().q - at).max() < 2e-3
    ratio = [np.abs(state.tau / arm.controller.model.tau_max).max() for state in arm.measured]
    assert max(ratio) <= 1.0
