"""The simulator apart outlives its clients, holds the arm when one is lost, and tells no truth."""

import json
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from controllers.robot_model import RobotModel
from hybridctl.arms.errors import ArmError, ConnectionLost, WireError
from hybridctl.arms.remote import Connection, RemoteArm, RemoteCamera, RemoteClock
from hybridctl.arms.wire import ANSWER_LIMIT, PROTOCOL, REQUEST_LIMIT, FrameReader, encode, parse_address
from hybridctl.messages.arm import JointCommand
from hybridctl.sim.server import SimServer
from hybridctl.sim.shared_arm import SharedArm
from hybridctl.sim.table_scene import sample_scene

MOVING_CLIENT = """
import sys, numpy as np
from hybridctl.arms.remote import Connection, RemoteArm, RemoteClock
from hybridctl.messages.arm import JointCommand
connection = Connection.open(sys.argv[1])
arm, clock = RemoteArm(connection), RemoteClock(connection)
phase = np.arange(7.0)  # so that at any moment some joint is fast
with arm:
    start, begin = arm.read(), clock.now()
    for k in range(10**9):
        t = clock.now() - begin
        q = start.q + 0.1 * (np.sin(2 * t + phase) - np.sin(phase))
        arm.send(JointCommand(q, 0.2 * np.cos(2 * t + phase), 0.08, clock.now()))
        clock.sleep_until(begin + (k + 1) * 0.01)
        if k == 30:
            print("moving", flush=True)
"""
ANSWERED = {
    "hello": {"protocol", "serial", "dof", "mode", "now"},
    "enter": set(),
    "read": {
        "q",
        "dq",
        "tau",
        "gripper_width",
        "gripper_force",
        "stamp",
        "stopped",
        "stop_cause",
        "wrench",
        "tau_external",
        "gripper_command",
    },
    "send": {"q", "dq", "gripper_width", "stamp"},
    "now": {"now"},
    "sleep_until": {"now", "there"},
    "capture": {"rgb", "depth", "K", "T_base_camera", "stamp", "camera"},
    "stop": set(),
    "exit": set(),
}


@pytest.fixture(scope="module")
def lockstep(start_simulator):
    return start_simulator(seed=3)


@pytest.fixture
def connect():
    connections = []

    def connect(simulator):
        connections.append(Connection.open(simulator.address))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


@pytest.fixture
def realtime(start_simulator):
    simulator = start_simulator(mode="realtime")
    yield simulator
    simulator.process.kill()


def kill_in_mid_motion(address):
    client = subprocess.Popen(
        [sys.executable, "-c", MOVING_CLIENT, address], stdout=subprocess.PIPE, text=True
    )
    try:
        assert client.stdout.readline() == "moving\n"
    finally:
        client.kill()
        client.wait()
        client.stdout.close()


def until(condition, *, within):
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.02)


def raw(simulator):
    return socket.create_connection(parse_address(simulator.address), timeout=5.0)


def last_answer(connection):
    """Read until the server hangs up, and return what it said last."""
    reader, answers = FrameReader(limit=ANSWER_LIMIT), []
    while data := connection.recv(65536):
        answers += reader.feed(data)
    return answers[-1]


def test_a_client_killed_in_mid_motion_leaves_the_arm_held_and_the_world_as_it_was(lockstep, connect):
    kill_in_mid_motion(lockstep.address)
    connection = connect(lockstep)
    arm, clock = RemoteArm(connection), RemoteClock(connection)
    found, then = arm.read(), clock.now()
    assert found.stopped
    assert arm.stop_cause.startswith("connection lost")
    assert np.abs(found.dq).max() > 0.02, "it was to be killed while the arm moved"
    time.sleep(0.2)
    assert clock.now() == then, "in lockstep the time stands still"
    assert np.array_equal(arm.read().q, found.q)
    clock.sleep_until(then + 1.0)
    held = arm.read()
    assert np.abs(held.dq).max() < 1e-3
    assert np.abs(held.q - found.q).max() < 0.03
    clock.sleep_until(then + 2.0)
    assert np.abs(arm.read().q - held.q).max() < 1e-3
    with arm:
        arm.send(JointCommand(held.q + 0.05, held.dq * 0, 0.08, clock.now()))
        clock.sleep_until(clock.now() + 1.0)
        assert np.abs(arm.read().q - held.q - 0.05).max() < 0.01


def test_in_real_time_a_killed_clients_arm_comes_to_rest_by_itself(realtime, connect):
    kill_in_mid_motion(realtime.address)
    arm = RemoteArm(connect(realtime))
    assert arm.read().stopped
    until(lambda: np.abs(arm.read().dq).max() < 1e-3, within=5.0)


def test_real_time_goes_on_with_the_wall_clock(realtime, connect):
    clock = RemoteClock(connect(realtime))
    wall, begin = time.monotonic(), clock.now()
    time.sleep(0.6)
    passed = clock.now() - begin
    assert 0.2 < passed <= time.monotonic() - wall + 0.15
    wall, begin = time.monotonic(), clock.now()
    clock.sleep_until(begin + 0.7)  # in several strides
    assert clock.now() >= begin + 0.699
    assert time.monotonic() - wall > 0.5


def test_in_real_time_a_silent_controller_counts_as_lost(realtime, connect):
    connection, watcher = connect(realtime), RemoteArm(connect(realtime))
    arm = RemoteArm(connection)
    with arm:
        state = arm.read()
        until(lambda: watcher.read().stopped, within=5.0)
        assert "nothing heard" in watcher.stop_cause
        with pytest.raises(ArmError, match="nothing heard"):
            arm.send(JointCommand(state.q, state.dq, 0.08, state.stamp))
        with watcher:
            assert not watcher.read().stopped


def test_in_real_time_waiting_for_the_clock_is_not_silence(realtime, connect):
    connection = connect(realtime)
    clock = RemoteClock(connection)
    with RemoteArm(connection) as arm:
        clock.sleep_until(clock.now() + 1.0)
        assert not arm.read().stopped


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "is announced"),
        ((REQUEST_LIMIT + 1).to_bytes(4, "big") + b"x" * 100_000, "is announced"),
        (b"\0\0\0\1\xc1", "no msgpack"),
        (encode({"op": "hello", "id": 1, "protocol": PROTOCOL + 1}, limit=1000), "same version"),
        (encode({"op": "hello", "protocol": PROTOCOL}, limit=1000), "'id' is missing"),
        (encode({"op": "read", "id": 1}, limit=1000), "must be hello"),
    ],
)
def test_malformed_frames_end_their_own_connection_only(lockstep, connect, sent, said):
    with RemoteArm(connect(lockstep)) as arm:
        with raw(lockstep) as bad:
            bad.sendall(sent)
            answer = last_answer(bad)
        assert answer["error"] == "WireError"
        assert said in answer["message"]
        assert not arm.read().stopped


def test_a_truncated_frame_ends_its_own_connection_only(lockstep, connect):
    with RemoteArm(connect(lockstep)) as arm:
        with raw(lockstep) as bad:
            bad.sendall(encode({"op": "hello", "id": 1, "protocol": PROTOCOL}, limit=1000)[:-3])
            bad.shutdown(socket.SHUT_WR)
            assert "within a frame" in last_answer(bad)["message"]
        assert not arm.read().stopped


def test_a_controller_that_sends_rubbish_loses_control_and_the_arm_stops(lockstep, connect):
    connection, watcher = connect(lockstep), RemoteArm(connect(lockstep))
    connection.request("enter")
    assert not watcher.read().stopped
    with pytest.raises(WireError, match="unknown request 'fly'"):
        connection.request("fly")
    assert watcher.read().stopped
    assert watcher.stop_cause.startswith("connection lost: unknown request")


def test_who_asks_without_taking_the_answers_is_cut_off(lockstep, connect):
    other = RemoteArm(connect(lockstep))
    with raw(lockstep) as greedy:
        greedy.sendall(encode({"op": "hello", "id": 1, "protocol": PROTOCOL}, limit=1000))
        greedy.sendall(encode({"op": "capture", "id": 2}, limit=1000) * 500)
        assert "without taking its answers" in last_answer(greedy)["message"]
    assert other.read().stopped


def crowd(address, connections):
    while len(connections) < 20:
        connections.append(Connection.open(address))


def test_too_many_clients_are_refused_in_words_and_the_rest_goes_on(lockstep):
    connections = []
    with pytest.raises(ArmError, match="clients already"):
        crowd(lockstep.address, connections)
    assert len(connections) > 10
    assert RemoteArm(connections[0]).read().stopped
    for connection in connections:
        connection.close()


def test_no_answer_holds_more_than_an_arm_and_a_camera_would_tell(lockstep, connect):
    connection = connect(lockstep)
    state = RemoteArm(connection).read()
    fields = {
        "hello": {"protocol": PROTOCOL},
        "send": {"q": state.q, "dq": state.dq, "gripper_width": 0.08, "stamp": 0.0},
        "sleep_until": {"stamp": 0.0},
        "stop": {"cause": "x"},
        "exit": {"cause": "x"},
    }
    for op, names in ANSWERED.items():
        answer = connection.request(op, **fields.get(op, {}))
        assert answer.keys() - {"id"} == names, op


@pytest.mark.parametrize("op", ["objects", "scene", "seed", "truth", "score", "reset", "_hello", "__init__"])
def test_nothing_else_can_be_asked(lockstep, connect, op):
    with pytest.raises(WireError, match="unknown request"):
        connect(lockstep).request(op)


def test_the_list_of_requests_is_the_one_that_is_tested_for_truth():
    server = SimServer(SharedArm(sample_scene(0), mode="lockstep", renderer="ray"))
    assert server._shared._answers.keys() == ANSWERED.keys()
    server.close()


def test_pictures_are_of_the_scene_that_the_server_was_started_with(start_simulator, lockstep, connect):
    state = RemoteArm(connect(lockstep)).read()
    other = RemoteCamera(connect(start_simulator(seed=4))).capture(state, np.eye(4))
    picture = RemoteCamera(connect(lockstep)).capture(state, np.eye(4))
    assert picture.depth.max() > 0.5
    assert not np.array_equal(picture.rgb, other.rgb)


def test_the_wrist_camera_is_where_the_hand_is(lockstep, connect):
    connection = connect(lockstep)
    state = RemoteArm(connection).read()
    tool = RobotModel.load("panda").forward_kinematics(state.q)
    seen = RemoteCamera(connection, name="wrist").capture(state, tool)
    assert seen.camera == "wrist/ray"
    assert np.linalg.norm(seen.T_base_camera[:3, 3] - tool[:3, 3]) < 0.2
    assert seen.T_base_camera[:3, 2] @ tool[:3, 2] > 0.9  # it looks where the fingers point
    with pytest.raises(WireError, match="no camera 'ceiling', expected one of scene, wrist"):
        connect(lockstep).request("capture", camera="ceiling")


def test_the_score_of_a_task_is_told_by_the_simulator_alone(start_simulator, connect):
    simulator = start_simulator("--task", "open_close", seed=5)
    assert simulator.process.stdout.readline().startswith("instruction: ")
    with RemoteArm(connect(simulator)):
        pass
    line = simulator.process.stdout.readline()
    assert line.startswith("score: ")
    score = json.loads(line.removeprefix("score: "))
    assert score["success"] is False
    assert list(score["met"].values()) == [False]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--task", "juggle"), "no task is named 'juggle'"),
        (("--task", "pick", "--split", "mars"), "no split is named 'mars'"),
        (("--task", "pick", "--instruction", "pick the red ball"), "leave --instruction out"),
        (("--camera-errors", "1,2"), "expected MM,DEG,MM"),
    ],
)
def test_a_wrong_option_is_one_line_and_status_2(arguments, words):
    done = run_server(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_simulator_that_is_started_anew_has_another_serial_number(start_simulator, connect):
    first, second = start_simulator(seed=3), start_simulator(seed=3)
    assert connect(first).serial == connect(first).serial != ""
    assert connect(first).serial != connect(second).serial


def test_what_the_gripper_was_told_outlives_the_program_that_told_it(start_simulator, connect):
    simulator = start_simulator(seed=3)
    first = connect(simulator)
    with RemoteArm(first) as arm:
        state = arm.read()
        arm.send(JointCommand(state.q, state.dq * 0, 0.012, state.stamp))
    first.close()
    assert RemoteArm(connect(simulator)).read().gripper_command == pytest.approx(0.012)


def test_an_instruction_that_a_task_scores_is_scored_each_time_its_program_has_left(start_simulator, connect):
    simulator = start_simulator(seed=3, instruction="put the red block in the bowl")
    with RemoteArm(connect(simulator)):
        pass
    said = simulator.process.stdout.readline()
    assert said.startswith("score: ")
    assert json.loads(said.removeprefix("score: "))["success"] is False


def run_server(*arguments):
    command = [sys.executable, "-m", "hybridctl.sim.server", "--renderer", "ray", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def test_a_port_that_is_taken_is_said_without_a_traceback(lockstep):
    _, port = parse_address(lockstep.address)
    done = run_server("--port", str(port))
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_open_host_is_warned_of(lockstep):
    _, port = parse_address(lockstep.address)
    assert "no authentication" in run_server("--host", "0.0.0.0", "--port", str(port)).stderr
    assert "no authentication" not in run_server("--port", str(port)).stderr


def test_when_the_server_ends_the_client_is_told(start_simulator, connect):
    simulator = start_simulator()
    arm = RemoteArm(connect(simulator))
    simulator.process.terminate()
    simulator.process.wait()
    with pytest.raises(ConnectionLost, match="has the simulator ended"):
        arm.read()
