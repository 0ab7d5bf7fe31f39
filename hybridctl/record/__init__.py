"""The run folder: telemetry, video, report.json and report.html, beside the memory's event store."""

from hybridctl.record.caption import with_caption
from hybridctl.record.html import write_html
from hybridctl.record.reading import RunFolderError, read_telemetry
from hybridctl.record.recorder import EVENTS_NAME, Frame, Recorder
from hybridctl.record.video import FRAMES_PER_SECOND, VideoWriter
from hybridctl.record.view import view

__all__ = [
    "EVENTS_NAME",
    "FRAMES_PER_SECOND",
    "Frame",
    "Recorder",
    "RunFolderError",
    "VideoWriter",
    "read_telemetry",
    "view",
    "with_caption",
    "write_html",
]
