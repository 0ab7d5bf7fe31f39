"""`hybridctl tasks`: which tasks, splits and languages there are, and what they look like."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hybridctl.commands.arguments import Commands, seed


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    tasks = commands.add_parser(
        "tasks",
        help="list the simulated tasks, or draw them on one sheet",
        description="List the simulated tasks with an instruction of each, and the splits. "
        "See one carried out by `hybridctl demo TASK`.",
    )
    tasks.add_argument("--seed", type=seed, default=0, help="of the instructions and scenes (default: 0)")
    tasks.add_argument("--language", default="en", help="en, zh, es or de (default: en)")
    tasks.add_argument("--sheet", type=Path, metavar="PNG", help="draw a frame of every task and split there")
    tasks.add_argument("--renderer", choices=("auto", "gl", "ray"), default="auto", help="(default: auto)")
    tasks.set_defaults(run=_tasks)


def _tasks(arguments: argparse.Namespace) -> int:
    from hybridctl.sim.splits import SPLITS
    from hybridctl.sim.tasks.registry import TASKS, make_task

    console = Console(highlight=False)
    if arguments.sheet is not None:
        from hybridctl.contact_sheet import draw_sheet

        draw_sheet(
            arguments.sheet,
            seed=arguments.seed,
            language=arguments.language,
            renderer=arguments.renderer,
        )
        console.print(f"drawn: {arguments.sheet}")
        return 0
    table = Table(title="tasks", title_justify="left")
    for column in ("task", "instruction", "plan"):
        table.add_column(column, overflow="fold")
    for name in TASKS:
        task = make_task(name, arguments.seed, language=arguments.language)
        table.add_row(name, task.instruction, str(task.plan))
    console.print(table)
    console.print(f"splits: {', '.join(SPLITS)}")
    return 0
