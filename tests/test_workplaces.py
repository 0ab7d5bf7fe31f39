"""The main job on an arm in a process of its own: same outcome, nothing known but what its camera shows."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from hybridctl.arms.errors import ConnectionLost
from hybridctl.cli import main
from hybridctl.main_job import run_main_job
from hybridctl.record import read_telemetry

INSTRUCTION = "put the red block in the bowl"
SEED = 2_000_000


def run(folder, arm):
    console = Console(file=io.StringIO())
    options = {"seed": SEED, "renderer": "ray", "video": False, "console": console}
    return run_main_job(INSTRUCTION, out=folder, arm=arm, **options)


@pytest.fixture
def apart(start_simulator):
    return start_simulator(seed=SEED, instruction=INSTRUCTION)


def test_the_same_run_in_process_and_apart_gives_the_same_trajectory(apart, tmp_path):
    here, there = run(tmp_path / "here", "sim"), run(tmp_path / "there", apart.address)
    assert here["success"]
    assert there["success"]
    a, b = (
        read_telemetry(tmp_path / "here" / "telemetry.mcap"),
        read_telemetry(tmp_path / "there" / "telemetry.mcap"),
    )
    np.testing.assert_array_equal(a["q"], b["q"])
    np.testing.assert_array_equal(a["q_command"], b["q_command"])


def test_nothing_is_scored_apart(apart, tmp_path):
    report = run(tmp_path / "there", apart.address)
    assert report["score"] is None
    assert report["seed"] is None
    assert report["camera"] == apart.address


def test_check_robot_passes_in_process_and_apart(apart, capsys):
    for address in ("sim", apart.address):
        assert main(["check", "robot", address]) == 0
        assert "FAIL" not in capsys.readouterr().out


def test_nobody_at_the_address_is_one_line_that_says_what_to_start(tmp_path, capsys):
    arguments = ["run", "--arm", "sim://127.0.0.1:1", "--out", str(tmp_path / "run")]
    assert main(arguments) == 2
    assert "hybridctl.sim.server" in capsys.readouterr().err
    assert main(["run", "--arm", "robot.local", "--out", str(tmp_path / "run")]) == 2


def test_an_arm_that_dies_in_the_middle_ends_the_run_with_its_cause(apart, tmp_path, monkeypatch):
    from hybridctl.arms.remote import RemoteArm

    send, sent = RemoteArm.send, []

    def send_then_kill(self, command):
        sent.append(command)
        if len(sent) == 100:
            apart.process.kill()
        return send(self, command)

    monkeypatch.setattr(RemoteArm, "send", send_then_kill)
    report = run(tmp_path / "run", apart.address)
    assert report["status"] == "STOPPED"
    assert ConnectionLost.__name__ in report["cause"]
    assert json.loads((tmp_path / "run" / "report.json").read_text())["status"] == "STOPPED"
