"""Contacts are named and answered; noise, bias and spikes are none, and a broken sensor is a stop."""

import logging
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import Controller, ControllerError, Gains, RobotModel
from controllers.contact import ContactMonitor, ExpectedContact
from hybridctl.messages.action import PoseTarget

ANY = st.floats(allow_nan=True, allow_infinity=True)


def feel(monitor: ContactMonitor, stamp: float, *, wrench=(0.0,) * 6, tau=(0.0,) * 7, dq=(0.0,) * 7):
    state = SimpleNamespace(
        wrench=None if wrench is None else np.array(wrench),
        tau_external=None if tau is None else np.array(tau),
        dq=np.array(dq),
        stamp=stamp,
    )
    return monitor.feel(state, now=stamp)


@pytest.fixture
def monitor(model: RobotModel, gains: Gains) -> ContactMonitor:
    monitor = ContactMonitor(model, gains.contacts)
    feel(monitor, 0.0)
    return monitor


def test_a_force_is_named_with_axis_value_and_threshold(monitor: ContactMonitor, gains: Gains) -> None:
    felt = [feel(monitor, 1.0 + i, wrench=(1.0, -90.0, 2.0, 0, 0, 0)) for i in range(gains.contacts.samples)]
    assert [item.touched for item in felt[:-1]] == [""] * (len(felt) - 1)
    assert "force on the tool is" in felt[-1].touched
    assert "mostly along y, allowed are 30 N" in felt[-1].touched
    assert felt[-1].on_tool


def test_a_residual_is_named_with_its_joint(monitor: ContactMonitor, model: RobotModel, gains: Gains) -> None:
    tau = np.zeros(7)
    tau[3] = -1.2 * gains.contacts.residual * model.tau_max[3]
    felt = [feel(monitor, 1.0 + i, tau=tau) for i in range(gains.contacts.samples)][-1]
    assert "external torque on joint4 is -20.9 Nm, allowed are 17.4 Nm" in felt.touched
    assert not felt.on_tool


def test_a_single_spike_is_no_contact_nor_is_one_measurement_read_often(
    monitor: ContactMonitor, gains: Gains
) -> None:
    assert gains.contacts.samples > 1
    for i in range(50):
        spike = 300.0 if i % 2 else 0.0
        assert not feel(monitor, 1.0 + i, wrench=(spike, 0, 0, 0, 0, 0)).touched
    feel(monitor, 98.0)
    for _ in range(50):
        assert not feel(monitor, 99.0, wrench=(300.0, 0, 0, 0, 0, 0)).touched


def test_the_bias_is_learned_at_rest_and_no_longer_when_it_moves(model: RobotModel, gains: Gains) -> None:
    rng = np.random.default_rng(0)
    monitor = ContactMonitor(model, gains.contacts)
    bias = np.array([2.0, -1.5, 0.4, 0.03, 0.0, -0.02])
    for i in range(15):
        feel(monitor, 0.01 * i, wrench=bias + rng.normal(scale=np.repeat([0.3, 0.02], 3)))
    learned = monitor.bias
    np.testing.assert_allclose(learned, bias, atol=0.4)
    feel(monitor, 1.0, wrench=(20.0, 0, 0, 0, 0, 0), dq=np.full(7, 0.3))
    feel(monitor, 1.1, wrench=(20.0, 0, 0, 0, 0, 0))
    np.testing.assert_array_equal(monitor.bias, learned)


def test_a_push_at_the_start_is_not_taken_for_bias(model: RobotModel, gains: Gains) -> None:
    monitor = ContactMonitor(model, gains.contacts)
    felt = [feel(monitor, 0.01 * i, wrench=(0, 0, 60.0, 0, 0, 0)) for i in range(30)]
    assert "force" in felt[-1].touched


def test_what_an_arm_does_not_measure_is_said_once(model: RobotModel, gains: Gains, caplog) -> None:
    monitor = ContactMonitor(model, gains.contacts)
    with caplog.at_level(logging.WARNING):
        for i in range(5):
            assert not feel(monitor, float(i), wrench=None, tau=None).fault
        monitor.start()
        feel(monitor, 9.0, wrench=None, tau=None)
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "the arm does not measure wrench",
        "the arm does not measure tau_external",
    ]
    assert monitor.unwatched == ("wrench", "tau_external")


def test_a_sensor_that_goes_silent_is_a_fault(monitor: ContactMonitor) -> None:
    assert feel(monitor, 1.0, wrench=None).fault == "sensor: the arm no longer measures wrench"


@settings(max_examples=200)
@given(wrench=st.tuples(*[ANY] * 6), tau=st.tuples(*[ANY] * 7))
def test_whatever_is_felt_the_answer_is_calm_or_has_a_name(
    model: RobotModel, gains: Gains, wrench: tuple[float, ...], tau: tuple[float, ...]
) -> None:
    monitor = ContactMonitor(model, gains.contacts)
    feel(monitor, 0.0)
    with np.errstate(over="ignore"):
        felt = [feel(monitor, 1.0 + i, wrench=wrench, tau=tau) for i in range(gains.contacts.samples)][-1]
        finite = bool(np.isfinite(wrench).all() and np.isfinite(tau).all())
        assert bool(felt.fault) == (not finite)
        if finite:
            over = np.linalg.norm(np.subtract(wrench, monitor.bias)[:3]) > gains.contacts.force
            over |= np.linalg.norm(np.subtract(wrench, monitor.bias)[3:]) > gains.contacts.torque
            over |= bool((np.abs(tau) > gains.contacts.residual * model.tau_max).any())
            assert bool(felt.touched) == over


@settings(max_examples=60, deadline=None)
@given(wrench=st.tuples(*[ANY] * 6), reaction=st.sampled_from(["stop", "yield"]))
def test_the_controller_stops_or_commands_within_limits_whatever_the_wrench(
    model: RobotModel, gains: Gains, stepped, wrench: tuple[float, ...], reaction: str
) -> None:
    arm = stepped(reaction)
    controller, most = arm.controller, model.ddq_max * gains.dt * gains.contacts.braking
    for i in range(4):
        before = arm.dq
        state = arm.state
        object.__setattr__(
            state, "wrench", np.array(wrench) if i else np.zeros(6)
        )  # past the message's check
        controller.set_target(PoseTarget(controller.tool_pose(arm.q) @ arm.ahead, stamp=arm.now))
        with np.errstate(over="ignore"):
            result = controller.step(state, now=arm.now)
        arm.q, arm.dq, arm.now = result.command.q, result.command.dq, arm.now + gains.dt
        assert np.isfinite(arm.q).all()
        assert np.all(np.abs(arm.dq - before) <= most + 1e-9)
    if not np.isfinite(wrench).all():
        assert result.status == "stopped"
        assert "wrench is not finite" in result.stop.cause


@pytest.fixture(scope="module")
def stepped(model: RobotModel, gains: Gains, helpers):
    controllers = {}
    for reaction in ("stop", "yield"):
        contact = gains.contacts.model_copy(update={"reaction": reaction})
        controllers[reaction] = Controller(model, gains.model_copy(update={"contacts": contact}))

    def make(reaction: str):
        controller = controllers[reaction]
        if controller.stop is not None:
            controller.reset_stop(acknowledged_cause=controller.stop.cause)
        arm = helpers.IdealArm(controller, np.array(model.q_rest))
        arm.ahead = np.eye(4)
        arm.ahead[2, 3] = 0.05
        return arm

    return make


def test_expected_contacts_raise_thresholds_for_a_while_and_within_bounds(
    monitor: ContactMonitor, gains: Gains
) -> None:
    def felt(stamp: float, force: float) -> str:
        wrench = (force, 0, 0, 0, 0, 0)
        return [feel(monitor, stamp + 0.01 * i, wrench=wrench) for i in range(gains.contacts.samples)][
            -1
        ].touched

    expected = ExpectedContact(why="peg and socket", force=60.0, torque=5.0, residual=0.3, until=3.0)
    monitor.expect(expected, now=1.0)
    assert not felt(1.0, 50.0)
    assert "allowed are 60 N (expected: peg and socket)" in felt(1.5, 70.0)
    assert "allowed are 30 N" in felt(3.1, 50.0)
    for wrong in (
        {"force": 1e3}, {"force": float("nan")}, {"torque": 50.0}, {"residual": 2.0}, {"why": " "},
        {"until": 1e3}, {"until": 0.5},
    ):  # fmt: skip
        with pytest.raises(ControllerError, match="expected contact's"):
            monitor.expect(replace(expected, **wrong), now=1.0)


def test_a_wall_in_the_way_of_a_fast_arm_ends_in_a_stop_with_a_cause(feeling_arm, helpers) -> None:
    """0.59 m/s, the fastest it goes here, against a wall without give."""

    def hit(**contact: float):
        arm = feeling_arm(**contact)
        arm.go_to(helpers.tool_down(0.5, 0.0, 0.25), 2.0)
        arm.put_wall((0.5, 0.2, 0.25))
        n = len(arm.log)
        arm.go_to(helpers.tool_down(0.5, 0.35, 0.25), 1.2)
        share = np.array(
            [np.abs(s.tau_external / arm.controller.model.tau_max).max() for s in arm.measured[n:]]
        )
        touch = int(np.argmax(share > 0.1))
        speed = np.array([np.abs(s.dq).max() for s in arm.measured[n:]])
        pressed = 0.01 * int((share[touch:] > 0.1).sum())
        return arm, touch, [r.status for r in arm.log[n:]], speed, pressed

    arm, touch, statuses, speed, pressed = hit()
    assert statuses.index("stopped") - touch <= 2  # noticed within 20 ms
    assert speed[touch + 25 :].max() < 0.02  # at rest within 250 ms
    assert pressed <= 0.25
    assert arm.controller.stop.cause.startswith("contact: ")
    assert np.linalg.norm(arm.measured[-1].wrench[:3]) < 5.0
    *_, unwatched = hit(force=150.0, torque=30.0, residual=1.0)
    assert pressed < unwatched


def test_a_push_is_yielded_to_and_followed_again_once_it_is_gone(feeling_arm, helpers) -> None:
    arm = feeling_arm(reaction="yield", residual=0.5)
    T = helpers.tool_down(0.5, 0.0, 0.3)
    arm.go_to(T, 2.0)
    n, hand = len(arm.log), arm.world.model.body("panda/hand").id
    arm.world.data.xfrc_applied[hand, 1] = 34.0  # somebody pushes at the hand
    arm.go_to(T, 0.6)
    pushed = arm.controller.tool_pose(arm.driver.read().q)[1, 3]
    arm.world.data.xfrc_applied[hand, 1] = 0.0
    arm.go_to(T, 8.0)
    statuses = [result.status for result in arm.log[n:]]
    assert arm.controller.stop is None
    assert "yielding" in statuses
    assert pushed > 0.015
    assert statuses[-1] == "tracking"
    assert abs(arm.controller.tool_pose(arm.driver.read().q)[1, 3]) < 0.003
    arm.world.data.xfrc_applied[hand, 1] = 60.0  # more than it can get out of the way of
    arm.go_to(T, 2.0)
    assert arm.log[-1].status == "stopped"
    assert "force on the tool" in arm.controller.stop.cause
    arm.world.data.xfrc_applied[hand, 1] = 0.0
