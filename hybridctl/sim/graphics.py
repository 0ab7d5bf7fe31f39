"""Which OpenGL MuJoCo shall use; it decides when it is first imported, so this comes before."""

from __future__ import annotations

import ctypes
import os


def choose_backend() -> None:
    """Without a display, and where nobody chose, set MUJOCO_GL to what the system can load.

    EGL, then OSMesa; with neither, `disable`: asking MuJoCo for a library that is missing would make its
    very import fail, and the ray camera needs none.
    """
    if "MUJOCO_GL" in os.environ or os.environ.get("DISPLAY"):
        return
    for backend, library in (
        ("egl", "libEGL.so.1"),
        ("osmesa", "libOSMesa.so.8"),
        ("osmesa", "libOSMesa.so.6"),
    ):
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        os.environ["MUJOCO_GL"] = backend
        return
    os.environ["MUJOCO_GL"] = "disable"
