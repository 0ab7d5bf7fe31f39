"""`hybridctl run`: follow an instruction on an arm."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from hybridctl.commands.arguments import Commands, positive, seed
from hybridctl.commands.console import ERRORS
from hybridctl.sim.camera_errors import read_camera_errors

if TYPE_CHECKING:
    from hybridctl.resume import CutShort

DEFAULT_INSTRUCTION = "put the red block in the bowl"
DEMO_SEED = 2_000_000


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    run = commands.add_parser(
        "run",
        help="follow an instruction on the simulated arm",
        description="Follow an instruction on the simulated arm, seen only through rendered pixels. "
        "Writes a run folder with events.db, telemetry.mcap, video.mp4, report.json and report.html. "
        "A run on sim://HOST:PORT whose process was killed goes on by --resume FOLDER: memory, plan and "
        "pending subgoal are there, and it looks again before it acts.",
    )
    run.add_argument("instruction", nargs="?", help=f"(default: {DEFAULT_INSTRUCTION})")
    run.add_argument("--seed", type=seed, default=DEMO_SEED, help=f"seed of the scene (default: {DEMO_SEED})")
    run.add_argument("--out", type=Path, help="run folder (default: runs/DATE-TIME)")
    run.add_argument(
        "--arm",
        help="sim (in this process), or sim://HOST:PORT of `python -m hybridctl.sim.server` (default: sim)",
    )
    run.add_argument(
        "--resume", type=Path, metavar="FOLDER",
        help="go on with a run that was killed, on its arm; instruction, gains and model are the run's own "
        "unless given",
    )  # fmt: skip
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
    from hybridctl.sim.scene import SceneError

    if arguments.keep_failures and arguments.dataset is None:
        raise DatasetError("--keep-failures keeps episodes of failed runs: say where by --dataset FOLDER")
    if arguments.camera_errors is not None and arguments.arm not in (None, "sim"):
        raise SceneError("--camera-errors is for --arm sim: give it to `python -m hybridctl.sim.server`")
    if arguments.resume is not None:
        return _resume(arguments)
    arguments.out = arguments.out or Path("runs") / datetime.now().strftime("%Y%m%d-%H%M%S")
    if arguments.arm is None:
        arguments.arm = "sim"
    if arguments.instruction is None:
        arguments.instruction = DEFAULT_INSTRUCTION
    return _follow(arguments, resume=None)


def _resume(arguments: argparse.Namespace) -> int:
    from hybridctl.resume import ResumeError, cut_short, only_process, require_run

    folder = arguments.resume
    for option, given in (("--out", arguments.out), ("--dataset", arguments.dataset)):
        if given is not None:
            raise ResumeError(f"{option} is for new runs: --resume goes on in {folder}, with no dataset")
    require_run(folder)
    with only_process(folder):
        found = cut_short(folder)
        asked = found.progress.instruction
        if arguments.instruction not in (None, asked):
            raise ResumeError(f"the run in {folder} follows {asked!r}: leave the instruction out")
        arguments.instruction, arguments.out = asked, folder
        arguments.arm = arguments.arm or found.arm
        for option in ("gains", "policy"):
            if getattr(arguments, option) is None and found.about.get(option) is not None:
                setattr(arguments, option, Path(found.about[option]))
        return _follow(arguments, resume=found)


def _follow(arguments: argparse.Namespace, *, resume: CutShort | None) -> int:
    from hybridctl.main_job import run_main_job, summary

    report = run_main_job(
        arguments.instruction,
        seed=arguments.seed,
        out=arguments.out,
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
        resume=resume,
        console=ERRORS,
    )
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        Console(highlight=False).print(summary(report, arguments.out))
    return 0 if report["success"] else 1
