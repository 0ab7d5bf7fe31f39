"""Episodes run in processes of their own, and a run that was cut off goes on where it stopped."""

import json
import os
from pathlib import Path

import pytest

from hybridctl.bench.episodes import Row, run_episodes
from hybridctl.bench.report import Job

EPISODES = [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def work(episode: tuple[str, int]) -> Row:
    name, seed = episode
    return {"task": name, "seed": seed, "text": "Bälle " * 5, "process": os.getpid()}


def run(partial: Path | None, workers: int = 2) -> list[Row]:
    job = Job(quick=True, seeds=None, workers=workers, policy_folder=None, partial=partial)
    rows = run_episodes(
        EPISODES, work, job=job, name_of=lambda episode: episode, named=lambda row: (row["task"], row["seed"])
    )
    return sorted(rows, key=lambda row: (row["task"], row["seed"]))


def names(rows: list[Row]) -> list[tuple[str, int]]:
    return [(row["task"], row["seed"]) for row in rows]


def test_every_episode_is_run_once_in_another_process_and_kept_in_a_file(tmp_path: Path) -> None:
    rows = run(tmp_path / "folder" / "partial.jsonl")
    assert names(rows) == EPISODES
    assert os.getpid() not in {row["process"] for row in rows}
    lines = (tmp_path / "folder" / "partial.jsonl").read_text().splitlines()
    assert sorted(names([json.loads(line) for line in lines])) == EPISODES


@pytest.mark.parametrize("keep", ["in the middle of a line", "within a letter", "before a line's end"])
def test_a_run_cut_off_in_the_middle_of_a_line_goes_on_as_often_as_it_must(tmp_path: Path, keep: str) -> None:
    partial = tmp_path / "partial.jsonl"
    first = [{"task": "a", "seed": 1, "process": -1}, {"task": "a", "seed": 2, "process": -1}]
    whole = "".join(json.dumps(row) + "\n" for row in first).encode()
    last = json.dumps({"task": "b", "seed": 1, "text": "Bälle", "process": -1}, ensure_ascii=False).encode()
    cut = {"in the middle of a line": len(last) // 2, "within a letter": last.index(b"\xa4"),
           "before a line's end": len(last)}[keep]  # fmt: skip
    partial.write_bytes(whole + last[:cut])
    rows = run(partial)
    assert names(rows) == EPISODES
    assert [row["process"] for row in rows[:2]] == [-1, -1], "what was measured is not measured again"
    again = run(partial)
    assert [row["process"] for row in again] == [row["process"] for row in rows], "nothing is left to do"


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    assert names(run(None, workers=1)) == EPISODES
    assert list(tmp_path.iterdir()) == []
