"""The command line as a user meets it: one clear line and exit status 2 for what is theirs to mend."""

import json
import shutil
import subprocess
import sys

import pytest

from hybridctl.cli import main
from hybridctl.vla.checkpoint import EMBEDDED


def test_run_prints_json_and_exits_0_when_done(tmp_path, capsys):
    status = main(["run", "--json", "--no-video", "--renderer", "ray", "--out", str(tmp_path / "run")])
    report = json.loads(capsys.readouterr().out)
    assert status == 0
    assert report["success"]
    assert (tmp_path / "run" / "report.json").exists()
    assert not (tmp_path / "run" / "video.mp4").exists()


def test_a_task_that_fails_exits_1(tmp_path, capsys):
    arguments = ["--no-video", "--renderer", "ray", "--out", str(tmp_path), "--time-limit", "2"]
    assert main(["run", *arguments]) == 1
    assert "TIMEOUT" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", ""], "the instruction is empty"),
        (["run", "  "], "the instruction is empty"),
        (["run", "."], "the instruction is empty"),
        (["run", "put the banana in the bowl"], "'banana'"),
        (["run", "lege den roten Block in die Schale"], "does not know the words"),
        (["run", "--gains", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "--policy", "nowhere"], "no model folder nowhere"),
        (["collect", "--seeds", "999990:1000010", "--out", "unused"], "evaluation only"),
        (["run", "--keep-failures"], "say where by --dataset FOLDER"),
        (["run", "--dataset", "/dev", "--renderer", "ray"], "choose an empty folder"),
        (["bench", "main-job", "--seeds", "10:20"], "evaluation seeds start at 1000000"),
        (["collect", "--renderers", "crayon", "--seeds", "0:5", "--out", "unused"], "crayon"),
        (["train", "nowhere.yaml", "--out", "unused"], "nowhere.yaml"),
        (["train", "--data", "nowhere", "--out", "unused"], "nowhere"),
    ],
)
def test_what_the_user_got_wrong_is_one_line_and_status_2(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert captured.out == ""


def test_unreadable_gains_are_named_with_key_and_range(tmp_path, capsys):
    path = tmp_path / "gains.yaml"
    path.write_text("rate: -5\n")
    assert main(["run", "--gains", str(path)]) == 2
    error = capsys.readouterr().err
    assert str(path) in error.replace("\n", "")
    assert "rate" in error


def test_a_model_without_statistics_is_refused(tmp_path, capsys):
    folder = tmp_path / "model"
    shutil.copytree(EMBEDDED, folder)
    (folder / "action_spec.json").unlink()
    assert main(["run", "--policy", str(folder)]) == 2
    assert "action_spec.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["run", "--seed", "-1"], ["run", "--renderer", "crayon"], ["bench", "nothing"], ["fly"], []],
)
def test_bad_usage_exits_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: hybridctl" in capsys.readouterr().err


def test_help_is_fast_to_import():
    """`hybridctl --help` must not wait for torch, mujoco or casadi."""
    code = (
        "import sys; from hybridctl.cli import _parser; _parser(); "
        "assert not {'torch', 'mujoco', 'casadi', 'pinocchio', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_folder_that_holds_a_run_is_not_written_over(tmp_path, capsys):
    arguments = [
        "run",
        "--no-video",
        "--renderer",
        "ray",
        "--out",
        str(tmp_path / "a?b"),
        "--time-limit",
        "1",
    ]
    assert main(arguments) == 1
    assert (tmp_path / "a?b" / "events.db").exists()
    capsys.readouterr()
    assert main(arguments) == 2
    assert "holds a run already" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main([*arguments[:-3], str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_a_pick_without_a_place_is_scored_as_a_pick(tmp_path, capsys):
    arguments = ["--json", "--no-video", "--renderer", "ray", "--out", str(tmp_path)]
    assert main(["run", "pick up the green cylinder", *arguments]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["plan"] == "pick green cylinder"
    assert report["score"]["height"] > 0.1
