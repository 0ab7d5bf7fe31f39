"""The conformance check passes arms that keep the protocol and names what broken ones break."""

from dataclasses import replace

import numpy as np
import pytest

from hybridctl.arms.conformance import check_arm
from hybridctl.arms.errors import AddressError
from hybridctl.arms.remote import Connection, RemoteArm, RemoteClock
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.checks import check_robot


def failed(findings):
    return {finding.name for finding in findings if not finding.passed}


def test_the_arm_in_process_passes():
    findings = check_robot("sim")
    assert len(findings) >= 12
    assert failed(findings) == set(), findings


def test_it_passes_without_a_model_too(world):
    assert failed(check_arm(SimulatedArm(world), world)) == set()


def test_the_arm_apart_passes_in_lockstep(start_simulator):
    assert failed(check_robot(start_simulator().address)) == set()


def test_the_check_leaves_the_arm_stopped(world, robot):
    arm = SimulatedArm(world)
    check_arm(arm, world, model=robot)
    assert arm.read().stopped


class IgnoresStop(SimulatedArm):
    def stop(self, *, cause):
        pass


class RunsOnAfterStop(SimulatedArm):
    """Says that it is stopped, but its joints go on."""

    def stop(self, *, cause):
        moving = self._in_control and np.abs(self.read().dq).max() > 0.05
        super().stop(cause=cause)
        if moving:
            self._world.data.ctrl[self._world.arm_actuators] += 0.2


class AppliesUnclipped(SimulatedArm):
    def send(self, command):
        super().send(command)
        return command


class FrozenStamp(SimulatedArm):
    def read(self):
        return replace(super().read(), stamp=0.0)


class SwapsJoints(SimulatedArm):
    def send(self, command):
        state = self.read()
        q = state.q + (command.q - state.q)[[1, 0, 2, 3, 4, 5, 6]]
        super().send(replace(command, q=q, dq=command.dq[[1, 0, 2, 3, 4, 5, 6]]))
        return command


class DeadGripper(SimulatedArm):
    def send(self, command):
        return super().send(replace(command, gripper_width=0.08))


class StartsEntered(SimulatedArm):
    def __init__(self, world):
        super().__init__(world)
        self._in_control = True


class StaysLatched(SimulatedArm):
    def __enter__(self):
        return super().__enter__() if self.stop_cause in (None, "left") else self


class SwallowsExceptions(SimulatedArm):
    def __exit__(self, kind, error, trace):
        super().__exit__(kind, error, trace)
        return True


class ForgetsItsPayload(SimulatedArm):
    """Takes off no weight, as with a hand of 2 kg that nobody told the driver of."""

    def read(self):
        state = super().read()
        return replace(state, wrench=state.wrench - np.array([0, 0, 19.6, 0, 0, 0]))


class AddsGravityTwice(SimulatedArm):
    def read(self):
        state = super().read()
        return replace(state, tau_external=state.tau_external - state.tau)


class LosesItsSensor(SimulatedArm):
    reads = 0

    def read(self):
        self.reads += 1
        return replace(super().read(), wrench=None) if self.reads % 7 == 0 else super().read()


class FeelsNothing(SimulatedArm):
    """An arm without force sensors."""

    def read(self):
        return replace(super().read(), wrench=None, tau_external=None)


class Raises(SimulatedArm):
    def read(self):
        raise OSError("the bus is down")


@pytest.mark.parametrize(
    ("arm", "broken"),
    [
        (IgnoresStop, "a stop brings it to rest"),
        (IgnoresStop, "commands are refused after a stop"),
        (RunsOnAfterStop, "a stop brings it to rest"),
        (AppliesUnclipped, "a set-point out of range is clipped"),
        (FrozenStamp, "a small motion is followed"),
        (SwapsJoints, "a small motion is followed"),
        (DeadGripper, "the gripper goes to a width"),
        (StartsEntered, "commands are refused before"),
        (StaysLatched, "it can be entered again"),
        (SwallowsExceptions, "leaving stops it"),
        (ForgetsItsPayload, "what it feels at rest"),
        (AddsGravityTwice, "what it feels at rest"),
        (LosesItsSensor, "what it feels at rest"),
        (Raises, "a measurement has the right shape"),
    ],
)
def test_a_broken_arm_fails_the_check_that_guards_it(world, robot, arm, broken):
    found = failed(check_arm(arm(world), world, model=robot))
    assert any(name.startswith(broken) for name in found), found


def test_an_arm_without_force_sensors_passes_and_the_finding_says_so(world, robot):
    findings = check_arm(FeelsNothing(world), world, model=robot)
    assert failed(findings) == set()
    (feels,) = [finding for finding in findings if finding.name.startswith("what it feels")]
    assert feels.detail == "wrench not offered, tau_external not offered"


def test_findings_say_what_was_seen(world, robot):
    details = {f.name: f.detail for f in check_arm(AppliesUnclipped(world), world, model=robot)}
    clipped = next(detail for name, detail in details.items() if "clipped" in name)
    assert "joint" in clipped
    assert "100" in clipped


def test_a_lost_connection_ends_the_check_without_waiting_for_each_timeout(start_simulator, robot):
    simulator = start_simulator()
    connection = Connection.open(simulator.address)
    clock = RemoteClock(connection)
    simulator.process.kill()
    simulator.process.wait()
    findings = check_arm(RemoteArm(connection), clock, model=robot)
    assert not any(finding.passed for finding in findings)
    assert "not tried" in findings[-1].detail


def test_another_address_is_refused():
    with pytest.raises(AddressError, match="sim://HOST:PORT"):
        check_robot("tcp://host:1")
