"""`hybridctl tasks` lists and draws tasks; what is wrong is one line and exit status 2."""

from pathlib import Path

import pytest

from hybridctl.cli import main
from hybridctl.sim.splits import SPLITS
from hybridctl.sim.tasks.registry import TASKS, make_task


def test_every_task_is_listed_with_an_instruction_and_every_split(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["tasks", "--seed", "5"]) == 0
    shown = capsys.readouterr().out
    for name in TASKS:
        assert name in shown
    assert make_task("pick", 5).instruction in shown
    assert str(make_task("pick", 5).plan) in shown
    assert all(split in shown for split in SPLITS)


def test_instructions_are_listed_in_another_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["tasks", "--seed", "5", "--language", "de"]) == 0
    assert make_task("pick", 5, language="de").instruction in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--language", "fr"], "no task speaks 'fr', expected one of en, zh, es, de"),
        (["--language", "fr", "--sheet", "sheet.png"], "no task speaks 'fr'"),
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
    assert main(["tasks", *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["--seed", "-1"], ["--seed", "x"], ["--renderer", "crayon"]])
def test_bad_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["tasks", *arguments])
    assert stop.value.code == 2
    assert "usage: hybridctl tasks" in capsys.readouterr().err
