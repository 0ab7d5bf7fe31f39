"""`hybridctl check gains` as a new user meets it."""

import json
from pathlib import Path

import pytest

from controllers.gains import SHIPPED
from hybridctl.cli import main

TEXT = (SHIPPED / "panda.yaml").read_text()


def test_shipped_gains_are_right_and_what_follows_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["check", "gains"]) == 0
    shown = capsys.readouterr().out
    for words in ("every key is right", "0.6 s, 8 nodes", "cruising speed", "braking", "insert", "m/s"):
        assert words in shown


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("velocity: 0.5 ", "velocity: 1.5 ", ["scales.velocity = 1.5", "in (0, 1]"]),
        ("  position:", "  positon:", ["weights.positon: unknown key", "did you mean position?"]),
        ("stale_after: 1.0", "stale_after: soon", ["targets.stale_after = 'soon'", "in (0, 60] s"]),
        ("  insert:", "  insrt:", ["skills.insrt: unknown key", "did you mean insert?"]),
        ("rate: 100.0", "rate: [", ["is not YAML"]),
    ],
)
def test_what_is_wrong_is_one_line_with_file_key_value_and_range(
    old: str, new: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(TEXT.replace(old, new, 1))
    assert main(["check", "gains", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    for word in (str(path), *words):
        assert word in captured.err


@pytest.mark.parametrize("arguments", [["nowhere.yaml"], ["--robot", "nobody"]])
def test_missing_file_or_robot_is_named(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", "gains", *arguments]) == 2
    assert arguments[-1] in capsys.readouterr().err


def test_the_committed_schema_is_the_models_and_the_shipped_file_points_to_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "gains", "--schema"]) == 0
    printed = capsys.readouterr().out
    modeline = TEXT.splitlines()[0]
    assert modeline == "# yaml-language-server: $schema=gains.schema.json"
    committed = (SHIPPED / "gains.schema.json").read_text()
    again = "hybridctl check gains --schema > controllers/gains/gains.schema.json"
    assert committed == printed, f"the gains have changed: {again}"
    schema = json.loads(printed)
    velocity = schema["$defs"]["LimitScales"]["properties"]["velocity"]
    assert (velocity["exclusiveMinimum"], velocity["maximum"]) == (0.0, 1.0)
    assert "default" not in schema["$defs"]["LimitScalesOverrides"]["properties"]["velocity"]
