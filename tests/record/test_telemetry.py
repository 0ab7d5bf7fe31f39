"""telemetry.mcap as the mcap library reads it, and what a killed program leaves."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest
from mcap.reader import NonSeekingReader, make_reader
from mcap.records import Message
from mcap.stream_reader import StreamReader

from hybridctl.record import FRAMES_PER_SECOND
from hybridctl.record.film import ROOM
from hybridctl.record.reading import load_telemetry
from hybridctl.record.schemas import TOPICS
from hybridctl.record.telemetry import FLUSH_EVERY, TelemetryError, TelemetryWriter
from hybridctl.record.video import FRAGMENT


def test_topics_counts_and_schemas(run_folder, periods):
    with (run_folder / "telemetry.mcap").open("rb") as stream:
        summary = make_reader(stream).get_summary()
    counts = {summary.channels[i].topic: n for i, n in summary.statistics.channel_message_counts.items()}
    every_period = dict.fromkeys(
        ("/arm/joints", "/arm/gripper", "/arm/command", "/controller", "/tool"), len(periods)
    )
    assert {k: counts[k] for k in every_period} == every_period
    assert counts["/margins"] == pytest.approx(len(periods) / 5, abs=1)
    known = sum(period.state.wrench is not None for period in periods)
    assert counts["/arm/wrench"] == counts["/arm/external_torque"] == known
    assert counts["/tree"] == 3
    events = ("/event/plan", "/event/act", "/event/look", "/event/contact", "/log")
    assert [counts[topic] for topic in events] == [1, 3, 1, 1, 7]
    schemas = {c.topic: summary.schemas[c.schema_id] for c in summary.channels.values()}
    assert schemas["/tool"].name == "foxglove.PoseInFrame"
    assert schemas["/arm/joints"].name == "foxglove.JointStates"
    assert schemas["/log"].name == "foxglove.Log"
    assert schemas["/event/act"].name == "hybridctl.ActEvent"
    assert all(schema.encoding == "jsonschema" for schema in schemas.values())
    assert all(channel.message_encoding == "json" for channel in summary.channels.values())


def test_messages_have_the_keys_that_their_schemas_name(run_folder):
    with (run_folder / "telemetry.mcap").open("rb") as stream:
        for schema, channel, message in make_reader(stream).iter_messages():
            properties = json.loads(schema.data)["properties"]
            assert set(json.loads(message.data)) <= set(properties), channel.topic


def test_values_are_those_recorded(run_folder, periods):
    with (run_folder / "telemetry.mcap").open("rb") as stream:
        messages = [
            (message.publish_time, json.loads(message.data))
            for _, _, message in make_reader(stream).iter_messages(topics=["/arm/joints"])
        ]
    for period, (when, message) in zip(periods, messages, strict=True):
        assert when == round(1e9 * period.state.stamp)
        assert message["timestamp"]["sec"] + 1e-9 * message["timestamp"]["nsec"] == pytest.approx(1e-9 * when)
        assert [joint["position"] for joint in message["joints"]] == period.state.q.tolist()
        assert [joint["effort"] for joint in message["joints"]] == period.state.tau.tolist()


def test_log_times_never_run_back_and_chunks_are_whole(run_folder):
    """What `mcap doctor` checks: checksums, indexes that agree with the data, times in order."""
    path = run_folder / "telemetry.mcap"
    times, chunked = [], Counter()
    with path.open("rb") as stream:
        for record in StreamReader(stream, validate_crcs=True).records:
            if isinstance(record, Message):
                times.append(record.log_time)
                chunked[record.channel_id] += 1
    assert times == sorted(times)
    with path.open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        statistics = reader.get_summary().statistics
        assert sum(1 for _ in reader.iter_messages()) == statistics.message_count == len(times)
    assert statistics.channel_message_counts == dict(chunked)
    assert (statistics.message_start_time, statistics.message_end_time) == (times[0], times[-1])


def test_a_late_message_keeps_its_stamp(tmp_path):
    writer = TelemetryWriter(tmp_path / "t.mcap", about={})
    for stamp in (1.0, 0.9):
        writer.write("/tree", stamp, {"stamp": stamp, "status": "RUNNING", "tip": ""})
    writer.close()
    with (tmp_path / "t.mcap").open("rb") as stream:
        found = [(m.log_time, m.publish_time) for _, _, m in make_reader(stream).iter_messages()]
    assert found == [(1_000_000_000, 1_000_000_000), (1_000_000_000, 900_000_000)]


def test_threads_may_write_at_once(tmp_path):
    writer = TelemetryWriter(tmp_path / "t.mcap", about={})

    def write(topic):
        for k in range(300):
            writer.write(topic, 0.01 * k, {"stamp": 0.01 * k, "cause": "", "data": {"text": "x" * 100}})
            writer.flush_if_due(0.01 * k)

    topics = [f"/event/kind_{i}" for i in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, topics))
    writer.close()
    assert Counter(event.kind for event in load_telemetry(tmp_path / "t.mcap").events) == {
        f"kind_{i}": 300 for i in range(4)
    }


def test_numbers_that_json_cannot_keep_are_refused(tmp_path):
    writer = TelemetryWriter(tmp_path / "t.mcap", about={})
    with pytest.raises(TelemetryError, match=r"/tree at 1\.500 s"):
        writer.write("/tree", 1.5, {"stamp": float("nan")})
    writer.close()


def test_an_event_of_a_new_kind_gets_a_channel(tmp_path):
    writer = TelemetryWriter(tmp_path / "t.mcap", about={})
    writer.write("/event/ask", 0.5, {"stamp": 0.5, "cause": "which one?", "data": {"answer": 3}})
    writer.close()
    (event,) = load_telemetry(tmp_path / "t.mcap").events
    assert (event.kind, event.cause, event.data) == ("ask", "which one?", {"answer": 3})


def test_every_topic_has_a_description_of_each_field():
    for topic, kind in TOPICS.items():
        assert kind.schema["type"] == "object", topic
        assert kind.schema["properties"], topic


ENDLESS_RUN = """
import itertools, sys
from pathlib import Path
import numpy as np
from controllers.controller import ControlResult
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.record import Recorder

picture = np.full((90, 120, 3), 80, np.uint8)
recorder = Recorder(Path(sys.argv[1]), instruction="endless", frame=lambda: picture)
for k in itertools.count():
    q = np.full(7, 0.001 * k)
    state = ArmState(q=q, dq=q, tau=q, gripper_width=0.04, gripper_force=0.0, stamp=0.01 * k)
    command = JointCommand(q=q, dq=q, gripper_width=0.04, stamp=0.01 * k)
    recorder.on_control(state, ControlResult(command, "tracking", {}, 0.5, {}), np.eye(4), "tokens")
    print(k, flush=True)
"""


def test_a_killed_program_leaves_what_it_recorded(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS_RUN, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as program:
        last = 0
        deadline = time.monotonic() + 30
        for line in program.stdout:
            last = int(line)
            if last >= 800 or time.monotonic() > deadline:
                break
        program.send_signal(signal.SIGKILL)
        assert program.wait() == -signal.SIGKILL
    telemetry = load_telemetry(tmp_path / "telemetry.mcap")
    stamps = telemetry.arrays["stamp"]
    assert not telemetry.complete
    assert stamps[-1] >= 0.01 * last - FLUSH_EVERY - 0.01
    np.testing.assert_array_equal(telemetry.arrays["q"][:, 0], 0.001 * np.arange(len(stamps)))
    assert _counted_by_mcap(tmp_path / "telemetry.mcap")["/controller"] >= len(stamps)
    with av.open(str(tmp_path / "video.mp4")) as video:
        frames = sum(1 for _ in video.decode(video=0))
    # What is lost: the fragment that was being written, and the frames that waited for the encoder.
    assert frames / FRAMES_PER_SECOND >= 0.01 * last - FRAGMENT - (ROOM + 2) / FRAMES_PER_SECOND


def _counted_by_mcap(path):
    """Count with the library's own reader until the file breaks off."""
    counts = Counter()
    with path.open("rb") as stream:
        try:
            for _, channel, _ in NonSeekingReader(stream).iter_messages(log_time_order=False):
                counts[channel.topic] += 1
        except Exception as error:
            print(f"breaks off: {error!r}")
    return counts
