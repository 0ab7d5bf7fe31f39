"""The recorder on a real run, and on a folder that was used before."""

import json

import av
import numpy as np
import pytest

from hybridctl.assembly import run_instruction
from hybridctl.record import Recorder, read_telemetry, write_html
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
    assert np.abs(frames[0].astype(float) - frames[-1])[:300].mean() > 0.1  # the picture moves


def test_a_folder_used_before_shows_nothing_of_the_earlier_run(tmp_path, periods):
    for name in ("video.mp4", "report.json", "report.html"):
        (tmp_path / name).write_text("of an earlier run")
    with Recorder(tmp_path, instruction="again") as recorder:
        first = periods[0]
        recorder.on_control(first.state, first.result, first.T_base_tool, first.source)
    assert [path.name for path in tmp_path.iterdir()] == ["telemetry.mcap"]


def test_report_json_takes_numpy_values_and_refuses_what_it_cannot_hold(tmp_path):
    with Recorder(tmp_path, instruction="x") as recorder:
        recorder.on_tree(0.0, "RUNNING", "plan")
        path = recorder.write_report({"a": np.float64(1.5), "b": np.arange(2)})
        assert json.loads(path.read_text()) == {"a": 1.5, "b": [0, 1], "tree": [[0.0, "RUNNING", "plan"]]}
        with pytest.raises(TypeError, match="cannot hold a object"):
            recorder.write_report({"a": object()})
    recorder.close()
