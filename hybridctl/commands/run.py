"""`hybridctl run`: follow an instruction on an arm."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path

from rich.console import Console

from hybridctl.commands.arguments import Commands, positive, seed
from hybridctl.commands.console import ERRORS
from hybridctl.sim.camera_errors import read_camera_errors

DEFAULT_INSTRUCTION = "put the red block in the bowl"
DEMO_SEED = 2_000_000


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    run = commands.add_parser(
        "run",
        help="follow an instruction on the simulated arm",
        description="Follow an instruction on the simulated arm, seen only through rendered pixels. "
        "Writes a run folder with events.db, telemetry.mcap, video.mp4, report.json and report.html.",
    )
    run.add_argument(
        "instruction", nargs="?", default=DEFAULT_INSTRUCTION, help=f"(default: {DEFAULT_INSTRUCTION})"
    )
    run.add_argument("--seed", type=seed, default=DEMO_SEED, help=f"seed of the scene (default: {DEMO_SEED})")
    run.add_argument("--out", type=Path, help="run folder (default: runs/DATE-TIME)")
    run.add_argument(
        "--arm",
        default="sim",
        help="sim (in this process), or sim://HOST:PORT of `python -m hybridctl.sim.server` (default: sim)",
    )
    run.add_argument("--gains", type=Path, help="YAML file of controller gains (default: the one that ships)")
    run.add_argument(
        "--watch-gains", action="store_true", help="take edits of the gains file while the arm moves"
    )
    run.add_argument("--policy", type=Path, help="model folder (default: the model that ships)")
    run.add_argument("--renderer", choices=("auto", "gl", "ray"), default="auto", help="(default: auto)")
    run.add_argument(
        "--camera-errors", type=read_camera_errors, metavar="MM,DEG,MM",
        help="on --arm sim: error of the reported camera pose in place and angle, and depth noise at 1 m",
    )  # fmt: skip
    run.add_argument("--time-limit", type=positive, default=60.0, help="simulated seconds (default: 60)")
    run.add_argument("--no-video", action="store_true", help="write no video")
    run.add_argument(
        "--dataset",
        type=Path,
        metavar="FOLDER",
        help="append the run as an episode in the LeRobot v3 layout, if it was done (extra `datasets`)",
    )
    run.add_argument(
        "--keep-failures",
        action="store_true",
        help="append it also if it failed; next.success tells them apart",
    )
    run.add_argument("--json", action="store_true", help="print the report as JSON on standard output")
    run.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from hybridctl.data.lerobot_layout import DatasetError
    from hybridctl.main_job import run_main_job, summary
    from hybridctl.sim.scene import SceneError

    if arguments.keep_failures and arguments.dataset is None:
        raise DatasetError("--keep-failures keeps episodes of failed runs: say where by --dataset FOLDER")
    if arguments.camera_errors is not None and arguments.arm != "sim":
        raise SceneError("--camera-errors is for --arm sim: give it to `python -m hybridctl.sim.server`")
    out = arguments.out or Path("runs") / datetime.now().strftime("%Y%m%d-%H%M%S")
    report = run_main_job(
        arguments.instruction,
        seed=arguments.seed,
        out=out,
        arm=arguments.arm,
        gains_file=arguments.gains,
        watch_gains=arguments.watch_gains,
        policy_folder=arguments.policy,
        renderer=arguments.renderer,
        camera_errors=arguments.camera_errors,
        time_limit=arguments.time_limit,
        video=not arguments.no_video,
        dataset=arguments.dataset,
        keep_failures=arguments.keep_failures,
        console=ERRORS,
    )
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        Console(highlight=False).print(summary(report, out))
    return 0 if report["success"] else 1
