"""`hybridctl …`: the command line. Exit status 0 done, 1 the task failed, 2 bad usage or configuration."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console

DEFAULT_INSTRUCTION = "put the red block in the bowl"
DEMO_SEED = 2_000_000
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        _errors.print("interrupted")
        return 1
    except _configuration_errors() as error:
        _errors.print(f"hybridctl: {error}", style="red", markup=False)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hybridctl",
        description="A vision-language-action model moves an arm by a behavior tree, a memory and an MPC.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_view(commands)
    _add_check(commands)
    _add_bench(commands)
    _add_collect(commands)
    _add_train(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run",
        help="follow an instruction on the simulated arm",
        description="Follow an instruction on the simulated arm, seen only through rendered pixels. "
        "Writes a run folder with events.db, telemetry.mcap, video.mp4, report.json and report.html.",
    )
    run.add_argument(
        "instruction", nargs="?", default=DEFAULT_INSTRUCTION, help=f"(default: {DEFAULT_INSTRUCTION})"
    )
    run.add_argument(
        "--seed", type=_seed, default=DEMO_SEED, help=f"seed of the scene (default: {DEMO_SEED})"
    )
    run.add_argument("--out", type=Path, help="run folder (default: runs/DATE-TIME)")
    run.add_argument(
        "--arm",
        default="sim",
        help="sim (in this process), or sim://HOST:PORT of `python -m hybridctl.sim.server` (default: sim)",
    )
    run.add_argument("--gains", type=Path, help="YAML file of controller gains (default: the one that ships)")
    run.add_argument("--policy", type=Path, help="model folder (default: the model that ships)")
    run.add_argument("--renderer", choices=("auto", "gl", "ray"), default="auto", help="(default: auto)")
    run.add_argument("--time-limit", type=_positive, default=60.0, help="simulated seconds (default: 60)")
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

    if arguments.keep_failures and arguments.dataset is None:
        raise DatasetError("--keep-failures keeps episodes of failed runs: say where by --dataset FOLDER")
    out = arguments.out or Path("runs") / datetime.now().strftime("%Y%m%d-%H%M%S")
    report = run_main_job(
        arguments.instruction,
        seed=arguments.seed,
        out=out,
        arm=arguments.arm,
        gains_file=arguments.gains,
        policy_folder=arguments.policy,
        renderer=arguments.renderer,
        time_limit=arguments.time_limit,
        video=not arguments.no_video,
        dataset=arguments.dataset,
        keep_failures=arguments.keep_failures,
        console=_errors,
    )
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        Console(highlight=False).print(summary(report, out))
    return 0 if report["success"] else 1


def _add_view(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser("check", help="say whether a part of yours meets the contract")
    parts = check.add_subparsers(required=True, metavar="PART")
    robot = parts.add_parser(
        "robot",
        help="an arm: moves it, so keep clear",
        description="Check an arm against the Arm protocol. THE ARM MOVES: keep clear, hold the emergency "
        "stop. It also sends set-points far out of range, which a driver must clip.",
    )
    robot.add_argument("address", help="sim, or sim://HOST:PORT")
    robot.set_defaults(run=_check_robot)


def _check_robot(arguments: argparse.Namespace) -> int:
    from hybridctl.checks import check_robot

    findings = check_robot(arguments.address)
    console = Console(highlight=False)
    for finding in findings:
        word = "[green]ok  [/]" if finding.passed else "[red]FAIL[/]"
        console.print(f"{word} {finding.name}: {finding.detail}")
    return 0 if all(finding.passed for finding in findings) else 1


def _add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from hybridctl.bench.report import BENCHES

    bench = commands.add_parser(
        "bench",
        help="measure a figure that the README quotes",
        description="Measure. A full run writes benchmarks/NAME.json; --quick gives what fits in 50 s.",
    )
    bench.add_argument("name", choices=sorted(BENCHES), help="what to measure")
    bench.add_argument("--quick", action="store_true", help="what fits in 50 s; writes no file")
    bench.add_argument("--seeds", type=_seed_range, help="evaluation seeds FIRST:LAST, from 1000000 on")
    bench.add_argument("--workers", type=_count, default=2, help="processes (default: 2)")
    bench.add_argument("--policy", type=Path, help="model folder (default: the model that ships)")
    bench.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    bench.set_defaults(run=_bench)


def _bench(arguments: argparse.Namespace) -> int:
    from hybridctl.bench.report import run_bench, table

    result = run_bench(
        arguments.name,
        quick=arguments.quick,
        seeds=arguments.seeds,
        workers=arguments.workers,
        policy_folder=arguments.policy,
    )
    if arguments.json:
        print(json.dumps(result, indent=2))
    else:
        Console(highlight=False).print(table(result))
    return 0


def _add_collect(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    collect = commands.add_parser(
        "collect",
        help="render labelled scenes to train on",
        description="Render scenes with the arm on the scripted expert's paths, labelled from the simulator.",
    )
    collect.add_argument("--out", type=Path, default=Path("data/scenes"), help="(default: data/scenes)")
    collect.add_argument(
        "--seeds", type=_seed_range, default=(0, 40_000), help="FIRST:LAST (default: 0:40000)"
    )
    collect.add_argument("--workers", type=_count, default=2, help="processes (default: 2)")
    collect.add_argument("--renderers", default="gl,ray", help="comma-separated, in turn (default: gl,ray)")
    collect.add_argument(
        "--episodes",
        type=_count,
        metavar="N",
        help="instead record N episodes of the scripted expert in the LeRobot v3 layout (extra `datasets`)",
    )
    collect.set_defaults(run=_collect)


def _collect(arguments: argparse.Namespace) -> int:
    from hybridctl.data.collect import collect

    renderers = tuple(arguments.renderers.split(","))
    if arguments.episodes is not None:
        from hybridctl.demonstrations import collect_episodes

        renderer = renderers[0] if len(renderers) == 1 else "auto"
        collect_episodes(arguments.out, count=arguments.episodes, seeds=arguments.seeds, renderer=renderer)
        return 0
    collect(arguments.out, seeds=arguments.seeds, workers=arguments.workers, renderers=renderers)
    return 0


def _add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    train = commands.add_parser(
        "train",
        help="train the embedded model on collected scenes",
        description="Train the embedded model. Metrics on held-out scenes go to OUT/metrics.jsonl.",
    )
    train.add_argument("recipe", type=Path, nargs="?", help="YAML file (default: the recipe that ships)")
    train.add_argument("--data", type=Path, default=Path("data/scenes"), help="(default: data/scenes)")
    train.add_argument("--out", type=Path, default=Path("checkpoints/run"), help="(default: checkpoints/run)")
    train.add_argument("--processes", type=_count, default=2, help="(default: 2)")
    train.add_argument("--start-from", type=Path, help="checkpoint folder to begin with")
    train.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> int:
    from hybridctl.training.recipe import load_recipe
    from hybridctl.training.train import train

    train(
        load_recipe(arguments.recipe),
        data=arguments.data,
        out=arguments.out,
        processes=arguments.processes,
        start_from=arguments.start_from,
    )
    return 0


def _configuration_errors() -> tuple[type[Exception], ...]:
    """Return what is the user's to mend: one line and exit status 2. Imported late, to keep `--help` fast."""
    from controllers.errors import ControllerError, GainsError
    from hybridctl.arms.errors import AddressError, ConnectionLost, WireError
    from hybridctl.bench.report import BenchError
    from hybridctl.data.collect import SeedError
    from hybridctl.data.lerobot_layout import DatasetError
    from hybridctl.record import RunFolderError
    from hybridctl.sim.cameras import RenderError
    from hybridctl.sim.scene import SceneError
    from hybridctl.training.recipe import RecipeError
    from hybridctl.vla.errors import CheckpointError
    from hybridctl.vla.policy import InstructionError
    from world_state.errors import StoreError

    return (
        AddressError, BenchError, CheckpointError, ConnectionLost, ControllerError, DatasetError, GainsError,
        InstructionError, OSError, RecipeError, RenderError, RunFolderError, SceneError, SeedError,
        StoreError, UnicodeError, WireError,
    )  # fmt: skip


def _seed(text: str) -> int:
    value = int(text) if text.lstrip("-").isdigit() else -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed, expected an integer of 0 or more")
    return value


def _count(text: str) -> int:
    value = int(text) if text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no count of 1 or more")
    return value


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def _seed_range(text: str) -> tuple[int, int]:
    first, separator, last = text.partition(":")
    if not separator or not first.isdigit() or not last.isdigit() or int(last) <= int(first):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no range of seeds, expected FIRST:LAST, as 1000000:1000100"
        )
    return int(first), int(last)


if __name__ == "__main__":
    sys.exit(main())
