"""An arm apart behaves as the arm in process does, bit for bit, and says clearly when it is gone."""

import os
import signal
import time

import numpy as np
import pytest

from hybridctl.arms.errors import ArmError, ConnectionLost, WireError
from hybridctl.arms.remote import Connection, RemoteArm, RemoteCamera, RemoteClock
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.messages.arm import JointCommand
from hybridctl.messages.arrays import MessageError
from hybridctl.sim.cameras import SimCamera, make_renderer
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld


@pytest.fixture(scope="module")
def simulator_process(start_simulator):
    return start_simulator(seed=3)


@pytest.fixture
def connection(simulator_process):
    connection = Connection.open(simulator_process.address)
    yield connection
    connection.close()


def follow_script(arm, clock, camera):
    """Move, clip, stop, re-enter and sleep long; return all that was measured and applied."""
    seen = []
    for leg in range(2):
        with arm:
            start, begin = arm.read(), clock.now()
            for k in range(60):
                state, now = arm.read(), clock.now()
                swing = 0.3 * np.sin(0.1 * k) * np.array([1, -1, 1, 1, -1, 20, 1])
                command = JointCommand(start.q + swing, 0.1 * swing, 0.08 - 0.001 * k, now)
                applied = arm.send(command)
                clock.sleep_until(begin + (k + 1) * 0.01)
                seen += [*vars(state).values(), now, *vars(applied).values()]
            if leg == 0:
                arm.stop(cause="halfway")
        clock.sleep_until(clock.now() + 0.83)
        seen += [*vars(arm.read()).values(), clock.now()]
    picture = camera.capture(arm.read(), np.eye(4))
    return [
        *seen,
        picture.rgb,
        picture.depth,
        picture.K,
        picture.T_base_camera,
        picture.stamp,
        picture.camera,
    ]


class WatchedClock(RemoteClock):
    """While one program sleeps, another looks at the arm: in the middle and at the end."""

    def __init__(self, connection, watcher):
        super().__init__(connection)
        self.watcher = watcher

    def sleep_until(self, stamp):
        for part in ((self.now() + stamp) / 2, stamp):
            super().sleep_until(part)
            self.watcher.read()


@pytest.mark.parametrize("watched", [False, True])
def test_lockstep_apart_gives_the_same_bits_as_in_process(start_simulator, watched):
    world = SimWorld(sample_scene(5))
    camera = SimCamera(world, make_renderer(world, kind="ray"))
    here = follow_script(SimulatedArm(world), world, camera)
    address = start_simulator(seed=5).address
    connection, other = Connection.open(address), Connection.open(address)
    clock = WatchedClock(connection, RemoteArm(other)) if watched else RemoteClock(connection)
    there = follow_script(RemoteArm(connection), clock, RemoteCamera(connection))
    connection.close()
    other.close()
    assert len(here) == len(there)
    assert sum(isinstance(item, np.ndarray) and item.shape == (6,) for item in here) > 120, "wrenches too"
    for a, b in zip(here, there, strict=True):
        assert np.array_equal(a, b), (a, b)


def test_commands_need_control(connection):
    arm = RemoteArm(connection)
    state = arm.read()
    with pytest.raises(ArmError, match="enter it"):
        arm.send(JointCommand(state.q, state.dq, 0.08, state.stamp))
    with arm:
        arm.stop(cause="on purpose")
        assert arm.read().stopped
        with pytest.raises(ArmError, match="on purpose"):
            arm.send(JointCommand(state.q, state.dq, 0.08, state.stamp))


def test_a_refusal_does_not_end_the_connection(connection):
    with RemoteArm(connection) as arm:
        with pytest.raises(MessageError, match="this arm has 7"):
            arm.send(JointCommand(np.zeros(3), np.zeros(3), 0.0, 0.0))
        assert arm.read().q.shape == (arm.dof,)


def test_leaving_by_an_exception_stops_the_arm_and_names_it(connection):
    arm = RemoteArm(connection)
    with pytest.raises(ZeroDivisionError), arm:
        raise ZeroDivisionError("a fault")
    assert arm.read().stopped
    assert arm.stop_cause == "ZeroDivisionError: a fault"


def test_a_second_controller_is_refused_but_may_watch(simulator_process, connection):
    other = Connection.open(simulator_process.address)
    with RemoteArm(connection) as arm:
        watcher, clock = RemoteArm(other), RemoteClock(other)
        with pytest.raises(ArmError, match="controls the arm: end that program first"), watcher:
            pass
        state = watcher.read()
        assert not state.stopped
        with pytest.raises(ArmError, match="only watches"):
            watcher.send(JointCommand(state.q, state.dq, 0.08, state.stamp))
        with pytest.raises(ArmError, match="the time"):
            clock.sleep_until(clock.now() + 0.1)
        assert RemoteCamera(other).capture(state, np.eye(4)).rgb.any()
        arm.send(JointCommand(state.q, state.dq, 0.08, state.stamp))
        watcher.stop(cause="red button")  # anyone may
        assert arm.read().stopped
    with watcher:
        assert not watcher.read().stopped
    other.close()


def look_for_ever(connection):
    while True:
        RemoteCamera(connection).capture(RemoteArm(connection).read(), np.eye(4))


def test_an_interrupted_call_does_not_garble_the_next(connection):
    """Ctrl-C between question and answer: stopping the arm must still work."""
    arm = RemoteArm(connection)
    with arm:

        def interrupt(*_):
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        try:
            with pytest.raises(KeyboardInterrupt):
                look_for_ever(connection)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        arm.stop(cause="interrupted")
        assert arm.read().stopped


def enter_and_lose(arm, process):
    with arm:
        process.kill()
        process.wait()
        arm.read()


def test_a_simulator_that_dies_is_told_at_once(start_simulator):
    simulator = start_simulator()
    connection = Connection.open(simulator.address, timeout=2.0)
    arm = RemoteArm(connection)
    begin = time.monotonic()
    with pytest.raises(ConnectionLost, match="has the simulator ended"):
        enter_and_lose(arm, simulator.process)
    with pytest.raises(ConnectionLost, match=r"call reconnect\(\)"):
        arm.read()
    with pytest.raises(ConnectionLost, match=r"python -m hybridctl\.sim\.server"):
        connection.reconnect()
    assert time.monotonic() - begin < 5.0


def test_a_simulator_that_hangs_is_told_within_the_timeout_and_can_be_reconnected(start_simulator):
    simulator = start_simulator()
    connection = Connection.open(simulator.address, timeout=0.4)
    arm = RemoteArm(connection)
    os.kill(simulator.process.pid, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        with pytest.raises(ConnectionLost, match=r"no answer to read within 0\.4 s"):
            arm.read()
        assert 0.35 < time.monotonic() - begin < 3.0
    finally:
        os.kill(simulator.process.pid, signal.SIGCONT)
    connection.timeout = 5.0
    connection.reconnect()
    with arm:
        assert not arm.read().stopped


def test_nobody_there_and_another_version(simulator_process, monkeypatch):
    with pytest.raises(ConnectionLost, match="no simulator at"):
        Connection.open("sim://127.0.0.1:1", timeout=1.0)
    monkeypatch.setattr("hybridctl.arms.remote.PROTOCOL", 99)
    with pytest.raises(WireError, match="client speaks protocol 99"):
        Connection.open(simulator_process.address)
