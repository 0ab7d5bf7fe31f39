"""`hybridctl view`: open a run's report."""

from __future__ import annotations

import argparse
from pathlib import Path

from hybridctl.commands.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    view = commands.add_parser(
        "view",
        help="open the report of a run",
        description="Make report.html of a run folder anew and open it; without a display, print its path.",
    )
    view.add_argument("folder", type=Path, help="run folder, as runs/20260101-120000")
    view.set_defaults(run=_view)


def _view(arguments: argparse.Namespace) -> int:
    from hybridctl.record import view

    view(arguments.folder)
    return 0
