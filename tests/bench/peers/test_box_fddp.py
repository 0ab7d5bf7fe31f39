"""crocoddyl's environment is made once; what goes wrong with it or its process is named."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.bench.peers import box_fddp
from hybridctl.bench.report import BenchError
from hybridctl.bench.scenario import load_scenario


def test_an_environment_that_cannot_be_made_is_a_benchs_error_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HYBRIDCTL_CACHE", str(tmp_path))
    monkeypatch.setattr(box_fddp.venv, "create", lambda *_, **__: None)

    def fail(*_: Any, **__: Any) -> None:
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(box_fddp.subprocess, "run", fail)
    with pytest.raises(BenchError, match=r"no environment with crocoddyl==3\.2\.1 pin==4\.0\.0"):
        box_fddp._environment()
    assert not list(tmp_path.rglob("made"))


def test_a_process_that_ends_is_named(model: RobotModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_fddp, "_environment", lambda: "/bin/false")
    with pytest.raises(BenchError, match="crocoddyl's process ended with status 1"):
        box_fddp.BoxFddpFollower(model, load_gains(), load_scenario())
