"""The main job end to end on the shipped model, seen through rendered pixels only."""

import io
import json
import subprocess
import sys

import av
import numpy as np
import pytest
from rich.console import Console

from hybridctl.data.lerobot_layout import DatasetError
from hybridctl.data.lerobot_reader import open_dataset
from hybridctl.main_job import run_main_job
from hybridctl.record import read_telemetry
from world_state.memory import WorldMemory
from world_state.store import EventStore

SEED = 2_000_000


def run(folder, **options):
    console = Console(file=io.StringIO())
    defaults = {"seed": SEED, "out": folder, "renderer": "ray", "video": False, "console": console}
    return run_main_job("put the red block in the bowl", **(defaults | options))


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    return folder, run(folder, video=True)


def test_the_red_block_ends_in_the_bowl(first):
    _, report = first
    assert report["success"]
    assert report["score"]["target_in_bowl"]
    assert report["plan"] == "pick red block; place_in bowl"


def test_tokens_drive_most_of_the_way(first):
    assert first[1]["token_share_of_approach"] > 0.5
    assert first[1]["token_motion_share"] > 0.3


def test_no_limit_is_broken(first):
    assert first[1]["violations"] == {}


def test_two_runs_of_one_seed_are_identical(first, tmp_path):
    folder, report = first
    again = run(tmp_path)
    timed = {"wall_seconds", "mpc_ms_median", "vla_ms_median"}
    assert {k: v for k, v in report.items() if k not in timed} == {
        k: v for k, v in again.items() if k not in timed
    }
    a, b = read_telemetry(folder), read_telemetry(tmp_path)
    assert a.keys() == b.keys()
    for name in a:
        if name != "solve_ms":
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_the_run_folder_holds_what_happened(first):
    folder, report = first
    assert json.loads((folder / "report.json").read_text())["instruction"] == report["instruction"]
    with EventStore(folder / "events.db") as store:
        kinds = [event.kind for event in store.events()]
        memory = WorldMemory.from_events(store, clock=_Now(report["sim_seconds"]))
    assert {"seen", "holding", "intent", "tree.plan", "tree.act", "tree.look"} <= set(kinds)
    assert memory.is_in("red block", "bowl")
    assert len(read_telemetry(folder)["q"]) == pytest.approx(100 * report["sim_seconds"], abs=2)
    assert "Path of the tool" in (folder / "report.html").read_text()
    with av.open(str(folder / "video.mp4")) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) > 5 * report["sim_seconds"]
    assert np.abs(frames[0].astype(float) - frames[len(frames) // 2]).mean() > 0.5  # it moves


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A run that is done and one that is not, both recorded into one dataset."""
    folder = tmp_path_factory.mktemp("recorded")
    reports = [
        run(folder / str(limit), dataset=folder / "dataset", time_limit=limit, keep_failures=True)
        for limit in (60.0, 1.0)
    ]
    return folder, reports


def test_a_run_is_recorded_as_an_episode_of_a_dataset(recorded):
    folder, (done, failed) = recorded
    assert (done["success"], failed["success"]) == (True, False)
    assert done["episode"] == {"dataset": str(folder / "dataset"), "index": 0, "problem": ""}
    assert failed["episode"]["index"] == 1
    with open_dataset(folder / "dataset") as dataset:
        assert dataset.tasks == ("put the red block in the bowl",)
        assert [e.length for e in dataset.episodes] == [
            pytest.approx(10 * report["sim_seconds"], abs=2) for report in (done, failed)
        ]
        assert [bool(list(dataset.frames(e))[-1]["next.success"]) for e in (0, 1)] == [True, False]
        assert "tokens: pick red block" in dataset.subtasks
        frame = dataset.frame(0)
        assert frame["observation.images.scene"].shape == (128, 128, 3)
        assert frame["observation.images.viewer"].std() > 5
        telemetry = read_telemetry(folder / "60.0")
        np.testing.assert_allclose(dataset.frame(20)["observation.state"][:7], telemetry["q"][200], atol=1e-5)


def test_recording_does_not_change_the_run(first, recorded):
    a, b = read_telemetry(first[0]), read_telemetry(recorded[0] / "60.0")
    np.testing.assert_array_equal(a["q"], b["q"])


def test_a_run_that_failed_is_not_recorded_unless_wanted(tmp_path):
    report = run(tmp_path / "run", dataset=tmp_path / "dataset", time_limit=0.5)
    assert report["episode"] == {"dataset": str(tmp_path / "dataset"), "index": None, "problem": ""}
    assert list((tmp_path / "dataset").iterdir()) == []


def test_a_folder_of_something_else_is_refused_before_anything_happens(tmp_path, monkeypatch):
    (tmp_path / "thesis.txt").write_text("mine")
    monkeypatch.setattr("hybridctl.main_job.run_instruction", _must_not)
    with pytest.raises(DatasetError, match="choose an empty folder"):
        run(tmp_path / "run", dataset=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_episode_that_cannot_be_written_does_not_cost_the_report(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left on device")

    monkeypatch.setattr("hybridctl.data.lerobot_files.write_texts", full)
    report = run(tmp_path / "run", dataset=tmp_path / "d", time_limit=0.3, keep_failures=True)
    assert report["episode"]["index"] is None
    assert "no space left" in report["episode"]["problem"]
    assert json.loads((tmp_path / "run/report.json").read_text())["episode"] == report["episode"]


def test_a_run_on_an_arm_apart_is_recorded_with_the_camera_that_the_wire_offers(tmp_path):
    command = [sys.executable, "-m", "hybridctl.sim.server", "--port", "0", "--renderer", "ray"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1]
        report = run(
            tmp_path / "run", arm=address, dataset=tmp_path / "d", time_limit=1.0, keep_failures=True
        )
    finally:
        server.terminate()
        server.communicate(timeout=10)
    assert report["episode"]["index"] == 0
    with open_dataset(tmp_path / "d") as dataset:
        assert dataset.info.video_keys == ("observation.images.scene",)
        assert dataset.episodes[0].length == pytest.approx(10, abs=1)
        assert dataset.frame(5)["observation.images.scene"].std() > 5


def _must_not(*_, **__):
    raise AssertionError("the arm would have moved")


class _Now:
    def __init__(self, stamp):
        self._stamp = stamp

    def now(self):
        return self._stamp

    def sleep_until(self, stamp):
        raise AssertionError("nobody sleeps here")
