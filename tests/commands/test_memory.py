"""`hybridctl memory …` as a user meets it."""

import json

import numpy as np
import pytest
from rich.console import Console

from hybridctl.cli import main
from hybridctl.commands.belief_tables import print_beliefs
from world_state.attachment import UNATTACHED, Attachment
from world_state.beliefs import Beliefs
from world_state.categorical import Categorical
from world_state.holding import Touch
from world_state.memory import WorldMemory
from world_state.pose import initial
from world_state.slot import Slot
from world_state.store import EventStore


class At:
    def __init__(self):
        self.time = 0.0

    def now(self):
        return self.time

    def sleep_until(self, stamp):
        self.time = stamp


@pytest.fixture
def run_folder(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    clock = At()
    with EventStore(folder / "events.db") as store:
        memory = WorldMemory(store, clock=clock)
        for stamp, answer in ((1.0, "no"), (5.0, "yes")):
            clock.time = stamp
            memory.be_told("is the drawer open?", answer)
        store.append("tree.plan", stamp=6.0, cause="tidy [up]", measurement={}, belief={})
    return folder


def test_show_lists_events_and_beliefs(run_folder, capsys):
    assert main(["memory", "show", str(run_folder)]) == 0
    shown = capsys.readouterr().out
    assert "robot: 3 events (2 told, 1 tree.plan)" in shown
    assert "tidy [up]" in shown
    assert "drawer" in shown


def test_at_is_what_was_believed_then(run_folder, capsys):
    assert main(["memory", "at", str(run_folder), "2.0", "--json"]) == 0
    early = json.loads(capsys.readouterr().out)
    assert main(["memory", "at", str(run_folder / "events.db"), "5.5", "--json"]) == 0
    late = json.loads(capsys.readouterr().out)
    assert early["stamp"] == 1.0
    assert late["stamp"] == 5.0
    assert main(["memory", "at", str(run_folder), "0.5"]) == 0
    assert "no thing is known" in capsys.readouterr().out


def test_diff_says_it_in_words(run_folder, capsys):
    assert main(["memory", "diff", str(run_folder), "2", "6"]) == 0
    assert "drawer" in capsys.readouterr().out
    assert main(["memory", "diff", str(run_folder), "5", "6"]) == 0
    assert "nothing changed from 5 to 6 s" in capsys.readouterr().out
    assert main(["memory", "diff", str(run_folder), "2", "6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["subject"] == "drawer"
    assert main(["memory", "diff", str(run_folder), "6", "2"]) == 2
    assert "from 6 to 2 s is backwards" in capsys.readouterr().err


def test_an_export_filtered_anew_gives_the_same_beliefs(run_folder, tmp_path, capsys):
    lines = tmp_path / "events.jsonl"
    assert main(["memory", "export", str(run_folder), "--out", str(lines)]) == 0
    assert "3 events written" in capsys.readouterr().err
    assert main(["memory", "export", str(run_folder), "--robot", "robot"]) == 0
    assert capsys.readouterr().out == lines.read_text()
    for out, words in ((lines, "is there already"), (tmp_path / "no" / "x.jsonl", "there is no folder")):
        assert main(["memory", "export", str(run_folder), "--out", str(out)]) == 2
        assert words in capsys.readouterr().err
    for source, new in ((lines, "a.db"), (run_folder, "b.db")):
        assert main(["memory", "refilter", str(source), str(tmp_path / new)]) == 0
        assert "2 readings filtered anew, 0 of them refused, 1 other" in capsys.readouterr().err
        beliefs = []
        for place in (run_folder, tmp_path / new):
            assert main(["memory", "show", str(place), "--json"]) == 0
            beliefs.append(json.loads(capsys.readouterr().out)["beliefs"])
        assert beliefs[0] == beliefs[1]


def test_at_before_the_first_event_says_when_they_begin(run_folder, capsys):
    assert main(["memory", "at", str(run_folder), "-5"]) == 0
    assert "the events of robot begin later, at 1 s" in capsys.readouterr().err
    assert main(["memory", "at", str(run_folder), "2"]) == 0
    assert capsys.readouterr().err == ""


def test_things_are_said_to_be_in_what_is_called_so_and_an_empty_hand_to_be_surely_empty(tmp_path, capsys):
    names = {"bowl": UNATTACHED, "ball": Attachment("in", "s1"), "cup": Attachment("held", "hand")}
    slots = {}
    for k, (phrase, attachment) in enumerate(names.items(), start=1):
        slots[f"s{k}"] = Slot(
            id=f"s{k}", pose=initial(np.zeros(3), 1e-5 * np.eye(3)), labels=Categorical.of({phrase: 0.95}),
            extent=np.full(3, 0.04), stamp=0.0, last_seen=0.0, last_view=np.ones(3), attachment=attachment,
            status="held" if phrase == "cup" else "seen",
        )  # fmt: skip
    print_beliefs(Console(width=120), Beliefs(slots=slots, touch=Touch(log_odds=-5.0)), at=0.0)
    shown = capsys.readouterr().out
    assert "seen, in the bowl (s1)" in shown
    assert "held, held" not in shown
    assert "the hand holds nothing (99 %)" in shown


def test_a_store_of_several_robots_asks_whose(tmp_path, capsys):
    place = tmp_path / "fleet.db"
    for robot in ("arm 1", "arm 2"):
        with EventStore(place, robot=robot) as store:
            store.append("tree.plan", stamp=1.0, cause=f"of {robot}", measurement={}, belief={})
    assert main(["memory", "show", str(place)]) == 2
    assert "'arm 1', 'arm 2': say whose by --robot NAME" in capsys.readouterr().err
    assert main(["memory", "show", str(place), "--robot", "arm 2"]) == 0
    assert "of arm 2" in capsys.readouterr().out
    assert main(["memory", "show", str(place), "--robot", "arm 3"]) == 2
    assert "no events of 'arm 3', only of 'arm 1', 'arm 2'" in capsys.readouterr().err
    assert main(["memory", "export", str(place)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_what_is_no_store_is_one_line_and_status_2(run_folder, tmp_path, capsys):
    (tmp_path / "text.db").write_text("no database " * 100)
    (tmp_path / "empty").mkdir()
    with EventStore(tmp_path / "newer.db") as store, store.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO store_schema VALUES (99)")
    EventStore(tmp_path / "bare.db").close()
    for place, words in (
        ("nowhere.db", "there is no event store"),
        ("empty", "there is no event store"),
        ("text.db", "not a database"),
        ("newer.db", "open it with the newer hybridctl"),
        ("bare.db", "holds no events yet"),
    ):
        for arguments in (["show"], ["at", "1"], ["diff", "1", "2"]):
            assert main(["memory", arguments[0], str(tmp_path / place), *arguments[1:]]) == 2
            captured = capsys.readouterr()
            assert words in captured.err
            assert len(captured.err.strip().splitlines()) == 1
            assert captured.out == ""
    assert not (tmp_path / "nowhere.db").exists()
    assert main(["memory", "refilter", str(run_folder), str(run_folder / "events.db")]) == 2
    assert "choose a new place" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["at", "x", "noon"], ["diff", "x", "1"], ["show"], []])
def test_bad_usage_exits_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["memory", *arguments])
    assert stop.value.code == 2
    assert "usage: hybridctl memory" in capsys.readouterr().err
