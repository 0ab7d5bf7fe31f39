import json
import shutil
import sqlite3

import pytest

from hybridctl.record import RunFolderError
from hybridctl.record.html import render
from hybridctl.record.run_folder import load_run
from world_state.store import EventStore


@pytest.fixture
def copy(run_folder, tmp_path):
    return shutil.copytree(run_folder, tmp_path / "copy")


def test_a_whole_run_has_no_problems(run_folder):
    before = sorted(path.name for path in run_folder.iterdir())
    run = load_run(run_folder)
    assert run.problems == []
    assert [event.kind for event in run.memory] == ["seen", "holding", "holding"]
    assert sorted(path.name for path in run_folder.iterdir()) == before


def test_what_is_no_run_folder_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="not there"):
        load_run(tmp_path / "nothing")
    (tmp_path / "text").write_text("x")
    with pytest.raises(RunFolderError, match="is a file"):
        load_run(tmp_path / "text")
    with pytest.raises(RunFolderError, match=r"none of report\.json, telemetry\.mcap, events\.db"):
        load_run(tmp_path)


@pytest.mark.parametrize("name", ["report.json", "telemetry.mcap", "events.db"])
def test_a_missing_file_is_a_problem_that_names_it(copy, name):
    (copy / name).unlink()
    (problem,) = load_run(copy).problems
    assert name in problem


@pytest.mark.parametrize("name", ["report.json", "telemetry.mcap", "events.db"])
def test_a_file_of_rubbish_is_a_problem_that_names_it(copy, name):
    (copy / name).write_bytes(b"rubbish" * 100)
    (problem,) = load_run(copy).problems
    assert name in problem


def test_a_cut_telemetry_says_where_it_ends(copy):
    content = (copy / "telemetry.mcap").read_bytes()
    (copy / "telemetry.mcap").write_bytes(content[: len(content) * 2 // 3])
    run = load_run(copy)
    assert "cut short: it ends at" in run.problems[0]
    assert run.telemetry is not None


def test_events_of_an_earlier_run_are_left_out(copy):
    with EventStore(copy / "events.db") as store:
        store.append("seen", stamp=60.0, cause="late", measurement={}, belief={"slots": {}})
        store.append("seen", stamp=0.1, cause="new run", measurement={}, belief={"slots": {}})
    run = load_run(copy)
    assert [event.cause for event in run.memory] == ["new run"]
    assert "earlier run" in run.problems[0]


def test_the_log_of_a_store_that_was_never_closed_is_read(tmp_path, run_folder):
    folder = tmp_path / "killed"
    folder.mkdir()
    with sqlite3.connect(run_folder / "events.db") as source:
        (create,) = source.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone()
        row = source.execute("SELECT * FROM events LIMIT 1").fetchone()
    live = sqlite3.connect(tmp_path / "live.db")
    live.execute("PRAGMA journal_mode=WAL")
    live.execute(create)
    live.execute(f"INSERT INTO events VALUES ({','.join('?' * len(row))})", row)
    live.commit()
    for end in ("", "-wal"):
        shutil.copy(tmp_path / f"live.db{end}", folder / f"events.db{end}")
    live.close()
    assert [event.kind for event in load_run(folder).memory] == ["seen"]


def test_a_folder_of_which_nothing_can_be_read_is_refused(tmp_path):
    for name in ("report.json", "telemetry.mcap", "events.db"):
        (tmp_path / name).write_bytes(b"rubbish" * 100)
    with pytest.raises(RunFolderError, match="holds nothing that can be shown") as refusal:
        load_run(tmp_path)
    assert "telemetry.mcap is no MCAP file" in str(refusal.value)


@pytest.mark.parametrize(
    "belief",
    [
        {"slots": {"cup": {"position": [0.0, 0.0, 0.0]}}},
        {"slots": {"cup": {"position": [0.0, 0.0, None], "covariance": [[1.0] * 3] * 3}}},
        {"slots": ["cup"]},
        {"hand": {"grip": "cup"}},
        "nothing",
    ],
)
def test_a_belief_of_another_version_is_left_out_and_counted(copy, belief):
    with EventStore(copy / "events.db") as store:
        store.append("holding", stamp=1.1, cause="grasped", measurement={}, belief=belief)
    run = load_run(copy)
    assert run.problems == ["events.db holds 1 events that this version cannot read, left out."]
    assert len(run.memory) == 3
    render(run)


def test_what_the_recorder_lost_is_a_problem(copy):
    report = json.loads((copy / "report.json").read_text())
    report["record"]["problems"] = ["The video ends early."]
    (copy / "report.json").write_text(json.dumps(report))
    assert load_run(copy).problems == ["The video ends early."]
