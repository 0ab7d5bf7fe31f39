"""kill -9 at fixed moments, in a program whose arm runs on elsewhere: the thing still ends in the bowl."""

import json

import numpy as np
import pytest

from hybridctl.bench.resumed_runs import Kill, resumed, run_with_kills
from hybridctl.cli import main
from hybridctl.record.run_folder import load_run
from world_state.memory import WorldMemory
from world_state.store import EventStore

SEED = 900_001
BEFORE_THE_PLAN, CARRYING, LOWERING = Kill(0.05), Kill(9.5, gap=2.0), Kill(4.75)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """One run, killed before the plan, its successor while it carries, and the next while it lowers."""
    out = tmp_path_factory.mktemp("killed") / "run"
    return out, run_with_kills(SEED, (BEFORE_THE_PLAN, CARRYING, LOWERING), out=out)


def test_the_thing_ends_in_the_bowl(killed):
    out, row = killed
    assert row["success"], (row, out.with_suffix(".log").read_text())
    assert row["score"]["target_in_bowl"]
    assert row["failures"] == []


def test_the_kills_fell_where_they_were_meant_to(killed):
    first, second, third = killed[1]["kills"]
    assert (first["subgoal"], first["noted"]) == ("", 0)
    assert (second["leaf"], second["subgoal"]) == ("tokens: place_in bowl", "place_in bowl")
    assert (third["leaf"], third["noted"]) == ("fine: lower", 1)


def test_what_was_carried_is_felt_and_carried_on_without_another_grasp(killed):
    out, row = killed
    kills = [kill["stamp"] for kill in row["kills"]]
    with EventStore(out / "events.db") as store:
        holding = [event for event in store.events("holding") if event.stamp > kills[1]]
        grasps = [event for event in store.events("intent") if event.cause == "about to grasp"]
    assert len(grasps) == 1
    assert not any(event.cause == "grasped" for event in holding), "it was never let go of"


def test_the_report_says_when_it_was_resumed_and_after_what(killed):
    out, _ = killed
    report = json.loads((out / "report.json").read_text())
    assert [(one["done"], one["pending"]) for one in report["resumed"]] == [
        ("", ""), (report["plan"].split("; ")[0], "place_in bowl"),
        (report["plan"].split("; ")[0], "place_in bowl"),
    ]  # fmt: skip


def test_all_parts_of_the_record_are_there_and_shown(killed):
    out, row = killed
    names = {path.name for path in out.glob("telemetry*.mcap")}
    assert names == {"telemetry.mcap", *(f"telemetry.part{k}.mcap" for k in (2, 3, 4))}
    run = load_run(out)
    assert run.telemetry is not None
    stamps = run.telemetry.arrays["stamp"]
    assert (np.diff(stamps) > 0).all(), "the arm's clock goes on"
    assert stamps[-1] > row["kills"][-1]["stamp"]
    assert main(["view", str(out)]) == 0
    assert "resumed" in (out / "report.html").read_text()


def test_memory_ages_by_the_arms_clock_which_goes_on(killed):
    out, row = killed
    with EventStore(out / "events.db") as store:
        stamps = [event.stamp for event in store.events()]
        phrase = json.loads((out / "report.json").read_text())["plan"].split("; ")[0].removeprefix("pick ")
        memory = WorldMemory.from_events(store, clock=Now(stamps[-1] + 10.0))
    assert memory.age(phrase) == pytest.approx(10.0, abs=1.0)
    assert memory.is_in(phrase, "bowl")
    assert row["kills"][1]["stamp"] < max(stamps)


def test_a_run_that_has_ended_is_not_resumed(killed, capsys):
    assert main(["run", "--resume", str(killed[0])]) == 2
    assert "has ended" in capsys.readouterr().err


def test_rows_of_an_earlier_try_are_kept(tmp_path):
    partial = tmp_path / "rows.jsonl"
    row = {"seed": SEED, "alone": {"success": True}, "killed": {"success": True}}
    partial.write_text(json.dumps(row) + "\n")
    assert resumed([SEED], workers=1, partial=partial) == [row]


class Now:
    def __init__(self, stamp):
        self._stamp = stamp

    def now(self):
        return self._stamp

    def sleep_until(self, stamp):
        raise AssertionError("nobody sleeps here")
