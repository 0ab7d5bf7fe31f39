"""The colours that video and report share; each reads on a light and on a dark ground."""

from __future__ import annotations

SOURCE_COLORS = {
    "tokens": "#3b82f6",
    "fine": "#f59e0b",
    "skill": "#10b981",
    "home": "#a78bfa",
    "none": "#94a3b8",
}
"""Who drives the tool; an unknown source is drawn as `none`."""

SERIES_COLORS = ("#3b82f6", "#ef4444", "#10b981", "#f59e0b", "#a78bfa", "#06b6d4", "#ec4899", "#84cc16")
"""Joints, limits, slots: in turn."""

FAILURE_COLOR = "#ef4444"
HELD_COLOR = "#10b981"
UNSURE_COLOR = "#f59e0b"
