"""A run folder says whether it can be resumed, and only one process at a time runs in it."""

import subprocess
import sys
import time

import pytest

from behaviors.progress import ENDED, PLANNED, PREFIX, RESUMED, STARTED
from hybridctl.arms.wall_clock import WallClock
from hybridctl.cli import main
from hybridctl.resume import ResumeError, cut_short, only_process, resumptions
from world_state.store import EventStore

ABOUT = {"arm": "sim://127.0.0.1:7000", "serial": "abc", "gains": None, "policy": None}
BEGINNING = ((STARTED, {"instruction": "tidy up", "about": ABOUT}), (PLANNED, {"plan": "pick red block"}))

HOLDER = """
import sys, time
from pathlib import Path
from hybridctl.resume import only_process
with only_process(Path(sys.argv[1])):
    print("in", flush=True)
    time.sleep(60)
"""
KILLED = """
import sys, time
from pathlib import Path
from hybridctl.arms.wall_clock import WallClock
from world_state.store import EventStore
clock = WallClock()
time.sleep(0.5)
store = EventStore(Path(sys.argv[1]))
stamp, wall = clock.now(), time.time()
store.append("seen", stamp=stamp, cause="", measurement={"wall": wall}, belief={})
store.flush()
print("noted", flush=True)
time.sleep(60)
"""


def write(folder, *events):
    folder.mkdir(exist_ok=True)
    with EventStore(folder / "events.db") as store:
        for k, (kind, data) in enumerate(events):
            store.append(PREFIX + kind, stamp=2.0 + k, cause="", measurement=data, belief={})
    return folder


def start(program, argument, word):
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(argument)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == f"{word}\n"
    return process


def kill(process):
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_run_that_was_cut_short_says_what_it_was_and_when(tmp_path):
    found = cut_short(write(tmp_path / "x", *BEGINNING))
    assert found.progress.instruction == "tidy up"
    assert str(found.progress.plan) == "pick red block"
    assert (found.about, found.stamp) == (ABOUT, 3.0)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((*BEGINNING, (ENDED, {"status": "SUCCESS"})), r"has ended \(SUCCESS\): there is nothing to resume"),
        ((), "does not say what its run was asked to do"),
        (((STARTED, {"instruction": "x", "about": {**ABOUT, "arm": "sim"}}),), "was on --arm sim"),
        ((BEGINNING[0], (PLANNED, {})), "written by another version of hybridctl"),
    ],
)
def test_what_cannot_be_resumed_says_why(tmp_path, events, words):
    with pytest.raises(ResumeError, match=words):
        cut_short(write(tmp_path / "x", *events))


def test_a_run_with_a_report_has_ended(tmp_path):
    write(tmp_path / "x", *BEGINNING)
    (tmp_path / "x" / "report.json").write_text("{}")
    with pytest.raises(ResumeError, match="its report is there"):
        cut_short(tmp_path / "x")


def test_what_is_no_run_folder_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name, words in (("no", "is not there"), ("file", "is a file"), ("empty", "holds no events.db")):
        with pytest.raises(ResumeError, match=words):
            cut_short(tmp_path / name)
    assert not (tmp_path / "no").exists()
    assert list((tmp_path / "empty").iterdir()) == []


def test_another_arm_is_refused(tmp_path):
    found = cut_short(write(tmp_path / "x", *BEGINNING))
    found.check_arm(ABOUT["arm"], serial="abc")
    with pytest.raises(ResumeError, match=r"is on sim:.*7000, not on sim:.*other"):
        found.check_arm("sim://other:1", serial="abc")
    with pytest.raises(ResumeError, match="it was started anew"):
        found.check_arm(ABOUT["arm"], serial="def")


def test_a_run_that_does_not_say_on_which_arm_it_was_is_resumed_by_its_own_program(tmp_path, capsys):
    folder = write(tmp_path / "x", (STARTED, {"instruction": "tidy up", "about": {}}), BEGINNING[1])
    found = cut_short(folder)
    with pytest.raises(ResumeError, match="does not say which arm"):
        found.check_arm("sim://127.0.0.1:7000", serial="abc")
    for more in ([], ["--arm", "sim://127.0.0.1:1"]):
        assert main(["run", "--resume", str(folder), *more]) == 2
        assert capsys.readouterr().err.count("\n") <= 4


def test_a_clock_that_begins_anew_is_refused(tmp_path):
    found = cut_short(write(tmp_path / "x", *BEGINNING))
    with pytest.raises(ResumeError, match=r"the last event of .* was at 3.00 s"):
        found.check_clock(WallClock())
    found.check_clock(WallClock.going_on(stamp=found.stamp, wall_time=time.time()))


def test_each_resumption_is_told_with_its_time(tmp_path):
    folder = write(tmp_path / "x", *BEGINNING, (RESUMED, {"done": "", "pending": "pick red block"}))
    with EventStore(folder / "events.db") as store:
        (one,) = resumptions(store)
    assert (one["stamp"], one["pending"]) == (4.0, "pick red block")
    assert "wall_time" in one


def test_a_live_process_keeps_others_out_and_a_killed_one_does_not(tmp_path):
    holder = start(HOLDER, tmp_path, "in")
    try:
        with pytest.raises(ResumeError, match="a live process runs in"), only_process(tmp_path):
            pass
    finally:
        kill(holder)
    with only_process(tmp_path):
        pass
    with only_process(tmp_path):
        pass


def test_on_wall_time_a_killed_processs_stamps_have_aged_by_the_time_in_which_nobody_ran(tmp_path):
    kill(start(KILLED, tmp_path / "events.db", "noted"))
    time.sleep(0.7)
    with EventStore(tmp_path / "events.db") as store:
        (event,) = store.events()
    wall = event.measurement["wall"]
    clock = WallClock.going_on(stamp=event.stamp, wall_time=wall)
    age = clock.now() - event.stamp
    assert age > 0.7
    assert age == pytest.approx(time.time() - wall, abs=0.05)
