"""The run folder: telemetry, video, report.json and report.html, beside the memory's event store."""

from hybridctl.record.film import Frame
from hybridctl.record.html import write_html
from hybridctl.record.reading import RunFolderError, read_telemetry
from hybridctl.record.recorded_camera import RecordedCamera
from hybridctl.record.recorder import EVENTS_NAME, REPORT_NAME, Recorder, refuse_used_folder
from hybridctl.record.tables import resumed_line
from hybridctl.record.video import FRAMES_PER_SECOND, VideoWriter
from hybridctl.record.view import view

__all__ = [
    "EVENTS_NAME",
    "FRAMES_PER_SECOND",
    "REPORT_NAME",
    "Frame",
    "RecordedCamera",
    "Recorder",
    "RunFolderError",
    "VideoWriter",
    "read_telemetry",
    "refuse_used_folder",
    "resumed_line",
    "view",
    "write_html",
]
