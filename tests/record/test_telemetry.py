"""telemetry.mcap as the mcap library reads it, and what a killed program leaves."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter

import av
import numpy as np
import pytest
from mcap.reader import NonSeekingReader, make_reader

from hybridctl.record.reading import load_telemetry
from hybridctl.record.schemas import TOPICS
from hybridctl.record.telemetry import FLUSH_EVERY, TelemetryError, TelemetryWriter, timestamp


def test_topics_counts_and_schemas(run_folder, periods):
    with (run_folder / "telemetry.mcap").open("rb") as stream:
        summary = make_reader(stream).get_summary()
    counts = {summary.channels[i].topic: n for i, n in summary.statistics.channel_message_counts.items()}
    every_period = dict.fromkeys(
        ("/arm/joints", "/arm/gripper", "/arm/command", "/controller", "/tool"), len(periods)
    )
    assert {k: counts[k] for k in every_period} == every_period
    assert counts["/margins"] == pytest.approx(len(periods) / 5, abs=1)
    assert counts["/tree"] == 3
    assert (counts["/event/plan"], counts["/event/act"], counts["/event/look"], counts["/log"]) == (
        1,
        3,
        1,
        6,
    )
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
            (message.log_time, json.loads(message.data))
            for _, _, message in make_reader(stream).iter_messages(topics=["/arm/joints"])
        ]
    for period, (when, message) in zip(periods, messages, strict=True):
        assert when == round(1e9 * period.state.stamp)
        assert [joint["position"] for joint in message["joints"]] == period.state.q.tolist()
        assert [joint["effort"] for joint in message["joints"]] == period.state.tau.tolist()


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


def test_timestamp_carries_into_the_next_second():
    assert timestamp(1.9999999999) == {"sec": 2, "nsec": 0}
    assert timestamp(0.15) == {"sec": 0, "nsec": 150_000_000}


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
        assert sum(1 for _ in video.decode(video=0)) >= 20


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
