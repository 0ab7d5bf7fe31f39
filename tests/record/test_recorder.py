"""The recorder on a real run, and on a folder that was used before."""

import json
from threading import Event

import av
import numpy as np
import pytest

from hybridctl.assembly import run_instruction
from hybridctl.record import Recorder, read_telemetry, write_html
from hybridctl.record.caption import PANEL, with_overlay
from hybridctl.record.film import ROOM
from hybridctl.record.reading import load_telemetry


@pytest.fixture(scope="module")
def real_run(simulator, tmp_path_factory):
    from hybridctl.data.expert_policy import ExpertPolicy
    from hybridctl.sim.tasks.put_in_bowl import PutInBowl
    from hybridctl.vla.action_tokens import ActionTokenizer
    from hybridctl.vla.statistics import EMBEDDED_STATISTICS

    task = PutInBowl(900_001)
    simulator.reset(task.scene)
    expert = ExpertPolicy(simulator.world, ActionTokenizer(EMBEDDED_STATISTICS.action_spec()))
    folder = tmp_path_factory.mktemp("real")
    with Recorder(folder, instruction=task.instruction, frame=simulator.viewer_frame) as recorder:
        result = run_instruction(
            task.instruction, arm=simulator.arm, camera=simulator.camera, clock=simulator.world,
            policy=expert, recorder=recorder, time_limit=1.6,
        )  # fmt: skip
    recorder.write_report(
        {"instruction": task.instruction, "success": False, "status": result.outcome.status}
    )
    return folder, result


def test_a_real_run_is_recorded_period_by_period(real_run):
    folder, result = real_run
    arrays = read_telemetry(folder)
    assert len(arrays["stamp"]) == len(result.outcome.solve_ms)
    np.testing.assert_array_equal(arrays["solve_ms"], result.outcome.solve_ms)
    np.testing.assert_allclose(np.diff(arrays["stamp"]), 0.01, atol=1e-9)
    assert {"tokens", "home"} <= set(arrays["source"])
    assert (arrays["margin_table"] > 0).all()


def test_a_real_runs_events_are_those_of_the_event_store(real_run):
    import sqlite3

    folder, _ = real_run
    query = "SELECT kind, stamp, measurement FROM events WHERE kind LIKE 'tree.%' ORDER BY id"
    with sqlite3.connect(folder / "events.db") as database:
        stored = [(k.removeprefix("tree."), s, json.loads(m)) for k, s, m in database.execute(query)]
    events = load_telemetry(folder / "telemetry.mcap").events
    assert [(e.kind, e.stamp, e.data) for e in events] == stored
    assert "act" in {event.kind for event in events}


def test_a_real_run_has_a_page_and_a_video(real_run):
    folder, _ = real_run
    assert 'data-series="tokens"' in write_html(folder).read_text()
    with av.open(str(folder / "video.mp4")) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) == pytest.approx(12.5 * read_telemetry(folder)["stamp"][-1], abs=2)
    assert np.abs(frames[0].astype(float) - frames[-1])[-300:].mean() > 0.1  # the picture moves


def test_a_folder_used_before_shows_nothing_of_the_earlier_run(tmp_path, periods):
    for name in ("video.mp4", "report.json", "report.html"):
        (tmp_path / name).write_text("of an earlier run")
    with Recorder(tmp_path, instruction="again", video=False) as recorder:
        first = periods[0]
        recorder.on_control(first.state, first.result, first.T_base_tool, first.source)
    assert [path.name for path in tmp_path.iterdir()] == ["telemetry.mcap"]


def test_report_json_takes_numpy_values_and_refuses_what_it_cannot_hold(tmp_path):
    with Recorder(tmp_path, instruction="x", video=False) as recorder:
        recorder.on_tree(0.0, "RUNNING", "plan")
        path = recorder.write_report({"a": np.float64(1.5), "b": np.arange(2)})
        assert json.loads(path.read_text()) == {
            "a": 1.5, "b": [0, 1], "tree": [[0.0, "RUNNING", "plan"]],
            "record": {"video": None, "pictures_dropped": 0, "problems": []},
        }  # fmt: skip
        with pytest.raises(TypeError, match="cannot hold a object"):
            recorder.write_report({"a": object()})
    recorder.close()


def film(folder, periods, *, frame, **options):
    """Record the made-up periods and return the report's part on the record, and the video's frames."""
    with Recorder(folder, instruction="x", frame=frame, **options) as recorder:
        for period in periods:
            recorder.on_control(period.state, period.result, period.T_base_tool, period.source)
    report = json.loads(recorder.write_report({"success": True, "status": "SUCCESS"}).read_text())["record"]
    with av.open(str(folder / "video.mp4")) as video:
        return report, sum(1 for _ in video.decode(video=0))


def test_in_lockstep_no_frame_is_lost(tmp_path, periods):
    report, frames = film(tmp_path, periods, frame=lambda: np.zeros((360, 480, 3), np.uint8))
    assert frames == report["video"]["frames"] == 15  # 1.2 s, each 0.08 s
    assert report["video"]["dropped"] == 0
    assert report["problems"] == []


def test_in_real_time_a_full_queue_costs_frames_and_says_so(tmp_path, periods, monkeypatch):
    let_go = Event()
    drawn = with_overlay

    def slow(rgb, caption):
        assert let_go.wait(30)
        return drawn(rgb, caption)

    monkeypatch.setattr("hybridctl.record.film.with_overlay", slow)
    with Recorder(
        tmp_path, instruction="x", frame=lambda: np.zeros((90, 120, 3), np.uint8), realtime=True
    ) as r:
        for period in periods:  # returns, although the encoder stands still
            r.on_control(period.state, period.result, period.T_base_tool, period.source)
        let_go.set()
    film = json.loads(r.write_report({}).read_text())["record"]["video"]
    assert film["frames"] in (ROOM, ROOM + 1)  # those that waited, and the one in work
    assert film["frames"] + film["dropped"] == 15
    assert (
        f"{film['frames']} frames, {film['dropped']} dropped: the encoder was behind"
        in write_html(tmp_path).read_text()
    )


def test_an_encoder_that_fails_costs_the_video_and_not_the_run(tmp_path, periods):
    with Recorder(tmp_path, instruction="x", frame=lambda: np.zeros((90, 120, 3), np.uint8)) as recorder:
        (tmp_path / "video.mp4").symlink_to("/dev/full")
        for period in periods:
            recorder.on_control(period.state, period.result, period.T_base_tool, period.source)
    recorder.write_report({"status": "SUCCESS"})
    (problem,) = json.loads((tmp_path / "report.json").read_text())["record"]["problems"]
    assert "No space left on device" in problem
    assert len(read_telemetry(tmp_path)["stamp"]) == len(periods)
    (tmp_path / "video.mp4").unlink()
    assert "No space left on device" in write_html(tmp_path).read_text()


def test_a_picture_that_cannot_be_taken_costs_the_video_and_not_the_run(tmp_path, periods):
    pictures = iter([np.zeros((90, 120, 3), np.uint8)] * 3)
    report, frames = film(tmp_path, periods, frame=lambda: next(pictures))
    assert frames == 3
    assert report["problems"] == ["The video ends early, its picture could not be taken: StopIteration: ."]


def test_without_a_picture_for_people_the_video_shows_what_the_camera_saw(tmp_path, periods, observations):
    with Recorder(tmp_path, instruction="x") as recorder:
        for k, period in enumerate(periods):
            if k >= 20 and k % 10 == 0:
                recorder.on_observation(observations[k // 10])
            recorder.on_control(period.state, period.result, period.T_base_tool, period.source)
    assert load_telemetry(tmp_path / "telemetry.mcap").video_start == 0.2
    with av.open(str(tmp_path / "video.mp4")) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) == 13
    shown = [frame[PANEL + 50, 100].mean() for frame in frames]
    np.testing.assert_allclose((shown[0], shown[-1]), (2 * 20, 11 * 20), atol=4)
    assert len({round(level / 20) for level in shown}) == 10
