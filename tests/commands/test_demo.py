"""`hybridctl demo` shows a task, leaves a run folder, and says in one line what is wrong."""

import json
from pathlib import Path

import pytest

from hybridctl.cli import main
from hybridctl.sim.tasks.registry import make_task

QUIET = ["--no-video", "--renderer", "ray"]


def test_a_demo_leaves_a_run_folder_and_says_how_it_went(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    arguments = ["demo", "pick", "--seed", "11", "--split", "seen-easy", "--language", "zh"]
    assert main([*arguments, *QUIET, "--json", "--out", str(out)]) == 0
    report = json.loads(capsys.readouterr().out)
    task = make_task("pick", 11, split="seen-easy", language="zh")
    assert report["success"]
    assert report["instruction"] == task.instruction
    assert (report["task"], report["split"], report["seed"]) == ("pick", "seen-easy", 11)
    assert report["plan"] == str(task.plan)
    assert report["score"]["met"] == {str(task.goal[0]): True}
    assert report.items() <= json.loads((out / "report.json").read_text()).items()
    assert {path.name for path in out.iterdir()} >= {"report.html", "telemetry.mcap"}
    assert not (out / "video.mp4").exists()
    assert main([*arguments, *QUIET, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert "holds a run already" in error
    assert len(error.strip().splitlines()) == 1


def test_people_read_what_holds_and_what_went_wrong_on_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["demo", "open_close", "--seed", "0", "--split", "seen-easy", "--perturb"]
    assert main([*arguments, *QUIET, "--out", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"done: {make_task('open_close', 0, split='seen-easy').instruction}")
    assert "yes closed(drawer)" in shown
    assert "limit violations 0" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["juggle"], "no task is named 'juggle', expected one of pick, place"),
        (["pick", "--split", "far"], "no split is named 'far', expected one of seen"),
        (["pick", "--language", "fr"], "no task speaks 'fr', expected one of en"),
        (["pick", "--out", "file"], "file is a file"),
    ],
)
def test_what_is_wrong_is_one_line_and_status_2(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(["demo", *arguments, *QUIET]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert captured.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_bad_usage_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["demo"], ["demo", "pick", "--seed", "-1"], ["demo", "pick", "--renderer", "crayon"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
    assert "usage: hybridctl demo" in capsys.readouterr().err
