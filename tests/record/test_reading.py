import numpy as np
import pytest

from hybridctl.record import RunFolderError, read_telemetry
from hybridctl.record.reading import load_telemetry


def test_arrays_are_what_was_recorded(run_folder, periods):
    arrays = read_telemetry(run_folder)
    for name, values in {
        "stamp": [p.state.stamp for p in periods],
        "q": [p.state.q for p in periods],
        "dq": [p.state.dq for p in periods],
        "tau": [p.state.tau for p in periods],
        "gripper_width": [p.state.gripper_width for p in periods],
        "gripper_force": [p.state.gripper_force for p in periods],
        "q_command": [p.result.command.q for p in periods],
        "dq_command": [p.result.command.dq for p in periods],
        "solve_ms": [p.result.solve_ms for p in periods],
        "wrench": [np.full(6, np.nan) if p.state.wrench is None else p.state.wrench for p in periods],
        "tau_external": [
            np.full(7, np.nan) if p.state.tau_external is None else p.state.tau_external for p in periods
        ],
        "slack_table": [p.result.slacks.get("table", np.nan) for p in periods],
    }.items():
        np.testing.assert_array_equal(arrays[name], np.array(values), err_msg=name)
    assert arrays["source"].tolist() == [p.source for p in periods]
    assert arrays["status"].tolist() == [p.result.status for p in periods]
    np.testing.assert_allclose(arrays["T_base_tool"], [p.T_base_tool for p in periods], atol=1e-12)


def test_tree_events_limits_and_instruction_come_back(run_folder, robot):
    telemetry = load_telemetry(run_folder / "telemetry.mcap")
    assert telemetry.complete
    assert telemetry.instruction == "tidy up <now>"
    assert telemetry.tree == [
        (0.0, "RUNNING", "plan"),
        (0.2, "RUNNING", "tokens: pick red block"),
        (1.1, "FAILURE", "grasp <it>"),
    ]
    assert [event.kind for event in telemetry.events] == [
        "plan",
        "act",
        "act",
        "act",
        "contact",
        "look",
        "failure",
    ]
    assert telemetry.events[2].data["tokens"][1] == 11
    assert telemetry.limits is not None
    assert telemetry.limits.q_max == tuple(robot.q_max)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_cut_file_is_read_as_far_as_it_goes(run_folder, tmp_path, share):
    whole = (run_folder / "telemetry.mcap").read_bytes()
    path = tmp_path / "telemetry.mcap"
    path.write_bytes(whole[: int(share * len(whole))])
    cut, full = load_telemetry(path), read_telemetry(run_folder)
    count = len(cut.arrays["stamp"])
    assert not cut.complete
    assert count < len(full["stamp"]) or share == 0.9
    np.testing.assert_array_equal(cut.arrays["q"].ravel(), full["q"][:count].ravel())


def test_a_chunk_that_rotted_is_not_taken_for_data(run_folder, tmp_path):
    content = bytearray((run_folder / "telemetry.mcap").read_bytes())
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "telemetry.mcap"
    path.write_bytes(content)
    rotten = load_telemetry(path)
    full = read_telemetry(run_folder)
    np.testing.assert_array_equal(rotten.arrays["q"].ravel(), full["q"][: len(rotten.arrays["q"])].ravel())


@pytest.mark.parametrize("content", [b"", b"no mcap at all, but some bytes", b"\x89MCAP0\r\n"])
def test_what_is_no_mcap_file_is_refused(tmp_path, content):
    path = tmp_path / "telemetry.mcap"
    path.write_bytes(content)
    with pytest.raises(RunFolderError, match=r"telemetry\.mcap is no MCAP file"):
        read_telemetry(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RunFolderError, match="No such file"):
        read_telemetry(tmp_path)
