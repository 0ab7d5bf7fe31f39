"""`hybridctl demo`: see a task carried out by the scripted expert, with a run folder of it."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path

from rich.console import Console

from hybridctl.commands.arguments import Commands, seed
from hybridctl.commands.console import ERRORS


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    demo = commands.add_parser(
        "demo",
        help="see a task carried out by the scripted expert",
        description="The scripted expert carries out a task from simulator truth, through the same "
        "controller as everything else. Writes a run folder with telemetry, video and report.",
    )
    demo.add_argument("task", help="name of a task: `hybridctl tasks` lists them")
    demo.add_argument("--seed", type=seed, default=0, help="seed of the scene (default: 0)")
    demo.add_argument("--split", default="seen", help="`hybridctl tasks` lists them (default: seen)")
    demo.add_argument("--language", default="en", help="en, zh, es or de (default: en)")
    demo.add_argument("--perturb", action="store_true", help="somebody disturbs the arm or the things")
    demo.add_argument("--out", type=Path, help="run folder (default: runs/DATE-TIME)")
    demo.add_argument("--renderer", choices=("auto", "gl", "ray"), default="auto", help="(default: auto)")
    demo.add_argument("--no-video", action="store_true", help="write no video")
    demo.add_argument("--json", action="store_true", help="print the report as JSON on standard output")
    demo.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    from hybridctl.data.perturbations import perturbed
    from hybridctl.demonstrations import record_demonstration
    from hybridctl.sim.tasks.registry import make_task

    task = make_task(arguments.task, arguments.seed, split=arguments.split, language=arguments.language)
    if arguments.perturb:
        task = perturbed(task, arguments.seed)
    out = arguments.out or Path("runs") / datetime.now().strftime("%Y%m%d-%H%M%S")
    report = record_demonstration(
        task, out, renderer=arguments.renderer, video=not arguments.no_video, console=ERRORS
    )
    if arguments.json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return 0 if report["success"] else 1
    console = Console(highlight=False)
    word = "[green]done[/]" if report["success"] else "[red]failed[/]"
    console.print(f"{word}: {report['instruction']}", soft_wrap=True)
    for condition, held in report["score"]["met"].items():
        console.print(f"  {'yes' if held else 'NO '} {condition}", markup=False)
    for failure in report["failures"]:
        console.print(f"  on the way: {failure['leaf']}: {failure['why']}", markup=False, soft_wrap=True)
    seconds, limits = report["sim_seconds"], sum(report["violations"].values())
    console.print(f"  {seconds:.1f} s simulated, limit violations {limits}, recorded in {out}")
    return 0 if report["success"] else 1
