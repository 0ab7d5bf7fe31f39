"""`hybridctl check policy` as a user meets it: a folder, a recording, a broken one, nobody."""

import json
import shutil
from pathlib import Path

import pytest

from hybridctl.cli import main
from hybridctl.policy_check import check_policy
from hybridctl.vla.backends.replay import FILE_NAME, RecordingPolicy
from hybridctl.vla.backends.scripted import ScriptedPolicy
from hybridctl.vla.checkpoint import EMBEDDED
from hybridctl.vla.statistics import EMBEDDED_STATISTICS


def test_the_model_that_ships_passes_and_says_what_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["check", "policy"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "Llava",
        "256 bins, frame base",
        "dx -0.2 to 0.2",
        "pick, place_in",
        "locate, act, plan",
        "ms",
    ):
        assert words in shown
    assert "FAIL" not in shown


def test_json_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "policy", str(EMBEDDED), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is True
    assert found["skills"] == ["pick", "place_in"]
    assert found["action_spec"]["low"] == list(EMBEDDED_STATISTICS.action_low)
    assert set(found["ms"]) >= {"locate", "act", "plan"}
    assert all(finding["passed"] for finding in found["findings"])


@pytest.mark.parametrize("name", ["action_spec.json", "model.safetensors", "tokenizer.json"])
def test_a_broken_folder_is_one_line_and_exit_status_2(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(EMBEDDED, tmp_path / "model"))
    (folder / name).unlink()
    assert main(["check", "policy", str(folder), "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert name in captured.err


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("./nowhere", "no model folder"),
        ("http://127.0.0.1:9", "no policy answers"),
        ("ws://a:1", "http://HOST"),
    ],
)
def test_nobody_there_is_exit_status_2(address: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "policy", address]) == 2
    assert words in capsys.readouterr().err


def test_a_policy_that_answers_out_of_form_is_exit_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import hybridctl.vla.policy as model

    monkeypatch.setattr(model, "_spread", lambda p: 0.0)
    assert main(["check", "policy"]) == 1
    assert "FAIL points into the picture" in capsys.readouterr().out


def test_a_recording_is_read_through(tmp_path: Path) -> None:
    RecordingPolicy(ScriptedPolicy(EMBEDDED_STATISTICS.action_spec()), tmp_path / FILE_NAME).close()
    report = check_policy(str(tmp_path))
    assert report.passed
    assert "recorded answers" in report.what


def test_of_openvla_the_statistics_are_said_and_that_it_does_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stats = {"action": {"q01": [-0.03] * 7, "q99": [0.05] * 7, "mask": [True] * 7}}
    config = {
        "model_type": "openvla", "text_config": {"vocab_size": 32064}, "pad_to_multiple_of": 64,
        "norm_stats": {"bridge_orig": stats, "fractal": stats},
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert main(["check", "policy", str(tmp_path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["action_spec"]["bridge_orig"]["high"][1:] == [0.05] * 7
    assert set(found["action_spec"]) == {"bridge_orig", "fractal"}
