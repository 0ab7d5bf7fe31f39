"""A run that was killed and resumed is recorded in parts and shown as one."""

import shutil

import numpy as np
import pytest

from hybridctl.record import Recorder
from hybridctl.record.html import render
from hybridctl.record.parts import joined, part_name, parts_of
from hybridctl.record.reading import load_telemetry
from hybridctl.record.run_folder import load_run


@pytest.fixture
def resumed(run_folder, tmp_path):
    """A run that was killed, its telemetry cut short, and a second part beside it."""
    folder = shutil.copytree(run_folder, tmp_path / "run")
    whole = (folder / "telemetry.mcap").read_bytes()
    (folder / "telemetry.part2.mcap").write_bytes(whole)
    (folder / "telemetry.mcap").write_bytes(whole[: len(whole) * 2 // 3])
    return folder


def test_parts_are_named_beside_the_first():
    assert part_name("video.mp4", 1) == "video.mp4"
    assert part_name("video.mp4", 3) == "video.part3.mp4"


def test_a_recorder_that_resumes_writes_beside_what_is_there(resumed):
    before = {path.name: path.read_bytes() for path in resumed.glob("telemetry*")}
    (resumed / "video.mp4").write_bytes(b"film")
    with Recorder(resumed, instruction="tidy up", video=False, resume=True):
        pass
    assert parts_of(resumed) == [1, 2, 3]
    assert {name: (resumed / name).read_bytes() for name in before} == before
    assert (resumed / "video.mp4").read_bytes() == b"film"


def test_a_part_that_left_only_its_video_is_not_overwritten(tmp_path):
    (tmp_path / "video.mp4").write_bytes(b"film")
    with Recorder(tmp_path, instruction="tidy up", video=False, resume=True):
        pass
    assert parts_of(tmp_path) == [1, 2]


def test_the_parts_are_shown_as_one_run_that_says_where_it_was_cut(resumed):
    first = load_telemetry(resumed / "telemetry.mcap")
    second = load_telemetry(resumed / "telemetry.part2.mcap")
    run = load_run(resumed)
    assert run.telemetry is not None
    assert len(run.telemetry.arrays["q"]) == len(first.arrays["q"]) + len(second.arrays["q"])
    assert run.telemetry.tree == first.tree + second.tree
    assert run.telemetry.events == first.events + second.events
    assert run.telemetry.complete
    assert [problem.split(" ", 1)[0] for problem in run.problems] == ["telemetry.mcap"]
    assert "Path of the tool" in render(run)


def test_a_first_part_that_is_broken_from_its_first_bytes_does_not_hide_the_second(resumed):
    (resumed / "telemetry.mcap").write_bytes(b"")
    run = load_run(resumed)
    assert run.telemetry is not None
    assert len(run.telemetry.arrays["q"])


def test_the_last_video_is_played_and_the_first_is_linked(resumed):
    (resumed / "video.mp4").write_bytes(b"x")
    (resumed / "video.part2.mp4").write_bytes(b"x")
    page = render(load_run(resumed))
    assert '<video src="video.part2.mp4"' in page
    assert '<a href="video.mp4">' in page


def test_a_number_that_one_part_lacks_is_not_a_number_there(run_folder):
    whole = load_telemetry(run_folder / "telemetry.mcap")
    slack = next(name for name in whole.arrays if name.startswith("slack_"))
    lacking = load_telemetry(run_folder / "telemetry.mcap")
    del lacking.arrays[slack]
    both, n = joined(lacking, whole), len(whole.arrays["stamp"])
    assert np.isnan(both.arrays[slack][:n]).all()
    np.testing.assert_array_equal(both.arrays[slack][n:], whole.arrays[slack])
    assert both.tightest == whole.tightest
    assert {len(v) for k, v in both.arrays.items() if not k.startswith("margin")} == {2 * n}
