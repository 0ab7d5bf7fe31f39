"""`hybridctl tune` as a new user meets it, with what is wrong too."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from controllers import load_gains
from controllers.gains import SHIPPED
from hybridctl.cli import main

QUICK = ["--plant", "ideal", "--scenarios", "tokens"]


@pytest.fixture
def softer(tmp_path: Path) -> Path:
    path = tmp_path / "softer.yaml"
    path.write_text((SHIPPED / "panda.yaml").read_text().replace("velocity: 1.0 ", "velocity: 5.0 "))
    return path


def test_two_files_stand_side_by_side_with_plots(
    softer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["tune", *QUICK, "--against", str(softer), "--plots", str(tmp_path / "plots")]) == 0
    shown = capsys.readouterr().out
    for words in ("panda.yaml", "softer.yaml", "tracking [mm rms]", "jerk [rad/s³ rms]", "objective"):
        assert words in shown
    picture = ET.parse(tmp_path / "plots" / "tokens.svg").getroot()
    lines = [each for each in picture.iter() if each.tag.endswith("polyline")]
    files = {str(SHIPPED / "panda.yaml"), str(softer)}
    assert {each.get("data-series") for each in lines} == files


def test_json_holds_every_measure(softer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", str(softer), *QUICK, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    measured = report["files"][str(softer)]["scenarios"]["tokens"]
    assert measured["tracking_mm"] > 0
    assert measured["violations"] == 0
    assert report["search"] is None


def test_a_skill_is_tried_with_its_overrides(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--plant", "ideal", "--scenarios", "steps", "--skill", "insert", "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    limit = 100 * load_gains().for_skill("insert").scales.velocity
    assert next(iter(files.values()))["scenarios"]["steps"]["velocity_share"] <= limit + 1e-6


def test_auto_writes_gains_no_worse_that_say_how_they_were_made_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new.yaml"
    arguments = ["tune", *QUICK, "--auto", "--out", str(out), "--json", "--seed", "5"]
    assert main([*arguments, "--trials", "2"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["search"]["trials"] == 2
    assert first["search"]["score"] <= first["search"]["before"]
    assert main([*arguments, "--trials", "3"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["search"]["trials"] == 3
    assert report["files"][str(out)]["objective"] == pytest.approx(report["search"]["score"], rel=0.02)
    text = out.read_text()
    for words in ("--auto --trials 3 --seed 5", "Objective:", "tracking_mm/10"):
        assert words in text
    assert load_gains(out).scales == load_gains().scales


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.yaml"], "nowhere.yaml"),
        (["--against", "nowhere.yaml"], "nowhere.yaml"),
        (
            ["--scenarios", "steps,hop"],
            "no scenario 'hop', expected some of: steps, circles, tokens, crossing",
        ),
        (["--seed", "1000000"], "tuning seeds are below 1000000"),
        (["--skill", "dance"], "'dance', expected one of: approach"),
        (["--auto"], "--out NEW.yaml"),
        (["--out", "new.yaml"], "go with --auto"),
        (["--trials", "3"], "go with --auto"),
        (["--auto", "--out", "mine.yaml"], "mine.yaml exists"),
        (["--auto", "--out", "no/where.yaml"], "there is no folder"),
        (["--auto", "--out", "new.yaml", "--scenarios", "hop"], "no scenario 'hop'"),
    ],
)
def test_what_is_wrong_is_one_line_and_status_2(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("mine")
    assert main(["tune", *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]
