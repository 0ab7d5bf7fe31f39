"""Writes telemetry.mcap: JSON messages with schemas, handed to the operating system twice a second."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock
from typing import Any

from mcap.writer import CompressionType, Writer

from hybridctl.record.foxglove import nanoseconds
from hybridctl.record.schemas import EVENT, TOPICS, event_topic

FLUSH_EVERY = 0.5
"""A killed program loses at most this much telemetry [s]."""


class TelemetryError(ValueError):
    """A message cannot be written as telemetry."""


class TelemetryWriter:
    """An MCAP file that stays readable as far as it got, however the program ends.

    What was flushed is with the operating system, so it survives the program's death; it does not survive
    a power cut, which is what the event store is for. Any thread may write.
    """

    def __init__(self, path: Path, *, about: dict[str, str]) -> None:
        """Create the file, replacing an older one.

        Args:
            path: Where to write.
            about: What the run is, as plain text; metadata record `run`.
        """
        self._stream = path.open("wb")
        self._writer = Writer(self._stream, compression=CompressionType.ZSTD)
        self._writer.start(profile="", library="hybridctl")
        self._writer.add_metadata("run", about)
        self._channels: dict[str, int] = {}
        self._encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
        self._flushed: float | None = None
        self._latest = 0  # [ns]
        self._lock = Lock()

    def describe(self, name: str, values: dict[str, Any]) -> None:
        """Add a metadata record, its values as JSON."""
        record = {key: self._encode(value) for key, value in values.items()}
        with self._lock:
            self._writer.add_metadata(name, record)

    def write(self, topic: str, stamp: float, message: dict[str, Any]) -> None:
        """Add a message; its log time is when it came in, which never runs back, its publish time the stamp.

        Args:
            topic: A topic of `schemas`.
            stamp: Clock time [s].
            message: JSON values.

        Raises:
            TelemetryError: a value is NaN, infinite or no JSON.
        """
        try:
            data = self._encode(message)
        except (TypeError, ValueError) as error:
            raise TelemetryError(f"{topic} at {stamp:.3f} s holds what JSON cannot keep: {error}") from error
        when = nanoseconds(stamp)
        with self._lock:
            self._latest = max(self._latest, when)
            self._writer.add_message(self._channel(topic), self._latest, data.encode(), when)

    def flush_if_due(self, stamp: float) -> None:
        """Hand what was written to the operating system every FLUSH_EVERY seconds."""
        if self._flushed is None:
            self._flushed = stamp
        if stamp - self._flushed >= FLUSH_EVERY:
            with self._lock:
                self._writer.flush()  # type: ignore[no-untyped-call]
            self._flushed = stamp

    def close(self) -> None:
        """Write the index and close the file; calling it again does nothing."""
        if not self._stream.closed:
            self._writer.finish()  # type: ignore[no-untyped-call]
            self._stream.close()

    def _channel(self, topic: str) -> int:
        found = self._channels.get(topic)
        if found is None:
            kind = event_topic(topic.removeprefix(EVENT)) if topic.startswith(EVENT) else TOPICS[topic]
            schema = json.dumps({"title": kind.name, **kind.schema}).encode()
            schema_id = self._writer.register_schema(kind.name, "jsonschema", schema)
            found = self._channels[topic] = self._writer.register_channel(topic, "json", schema_id)
        return found
