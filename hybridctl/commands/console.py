"""Where commands say how it goes: standard error, so that standard output is the result alone."""

from __future__ import annotations

from rich.console import Console

ERRORS = Console(stderr=True, highlight=False, soft_wrap=True)
