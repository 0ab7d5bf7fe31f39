"""Opens a run's report in the browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

from hybridctl.record.html import write_html


def view(folder: str | Path, *, browse: Callable[[str], bool] = webbrowser.open) -> Path:
    """Make report.html anew, open it, and return its path; without a display, print where it lies.

    Args:
        folder: The run folder.
        browse: Opens a URL and says whether it could.

    Raises:
        RunFolderError: the folder does not exist or holds none of a run's files.
    """
    path = write_html(folder).resolve()
    if not (has_display() and browse(path.as_uri())):
        print(path)
    return path


def has_display() -> bool:
    """Return whether a browser window can be shown here."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
