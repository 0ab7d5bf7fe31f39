"""`hybridctl tune`: see what gains do, compare two files, and search for better weights."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress

from hybridctl.commands.arguments import Commands, count, names, seed
from hybridctl.commands.console import ERRORS

if TYPE_CHECKING:
    from controllers.gains import Gains
    from controllers.robot_model import RobotModel
    from hybridctl.tuning.evaluation import Evaluation

TRIALS = 40


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    tune = commands.add_parser(
        "tune",
        help="see what gains do, compare two files, search for better weights",
        description="Run gains through steps, circles, a noisy stream of tokens and a crossing obstacle, and "
        "print what came of it. --auto searches for better weights (extra `tune`).",
    )
    tune.add_argument("file", nargs="?", type=Path, help="YAML file of gains (default: the one that ships)")
    tune.add_argument("--against", type=Path, metavar="OTHER", help="compare with this file")
    tune.add_argument("--skill", help="use this skill's overrides: approach, insert, carry or pull")
    tune.add_argument("--plant", choices=("servos", "ideal"), default="servos", help="(default: servos)")
    tune.add_argument("--scenarios", type=names, metavar="A,B", help="(default: all)")
    tune.add_argument("--seed", type=seed, default=0, help="below 1000000 (default: 0)")
    tune.add_argument("--plots", type=Path, metavar="FOLDER", help="write a plot of each scenario, as SVG")
    tune.add_argument("--auto", action="store_true", help="search for better weights")
    tune.add_argument("--trials", type=count, help=f"with --auto, how many in all (default: {TRIALS})")
    tune.add_argument("--out", type=Path, metavar="NEW.yaml", help="with --auto, where the best go")
    tune.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    tune.set_defaults(run=_tune)


def _tune(arguments: argparse.Namespace) -> int:
    from controllers.gains import gains_path, load_gains
    from controllers.robot_model import RobotModel
    from hybridctl.tuning.evaluation import TuningError, check_request
    from hybridctl.tuning.plots import write_plots
    from hybridctl.tuning.scenarios import SCENARIOS
    from hybridctl.tuning.tables import comparison

    _check_usage(arguments, TuningError)
    arguments.scenarios = arguments.scenarios or tuple(SCENARIOS)
    check_request(arguments.scenarios, arguments.seed)
    files = [arguments.file, *([arguments.against] if arguments.against else [])]
    gains = {str(gains_path(file)): load_gains(file) for file in files}
    model = RobotModel.load("panda")
    found = None
    if arguments.auto:
        found = _search(arguments, model, next(iter(gains.values())))
        gains[str(arguments.out)] = load_gains(arguments.out)
    if arguments.skill:
        gains = {name: one.for_skill(arguments.skill) for name, one in gains.items()}
    results: dict[str, Evaluation] = {}
    with Progress(console=ERRORS, transient=True) as progress:
        bar = progress.add_task("scenarios", total=len(gains) * len(arguments.scenarios))
        for name, one in gains.items():
            results[name] = _evaluate(arguments, model, one, done=lambda: progress.advance(bar))
    paths = []
    if arguments.plots is not None:
        paths = write_plots(arguments.plots, {n: (gains[n], results[n]) for n in gains}, model=model)
    if arguments.json:
        print(json.dumps(_report(arguments, results, found, paths), indent=2))
        return 0
    console = Console(highlight=False)
    short = {name: Path(name).name for name in results}
    if len(set(short.values())) < len(short):
        short = {name: name for name in results}
    console.print(comparison({short[name]: each for name, each in results.items()}))
    if found is not None:
        console.print(
            f"objective {found['before']:.3f} before, {found['score']:.3f} after {found['trials']} trials; "
            f"written to {arguments.out}",
            markup=False,
        )
    for path in paths:
        console.print(f"plot: {path}", markup=False)
    return 0


def _check_usage(arguments: argparse.Namespace, wrong: type[Exception]) -> None:
    if arguments.auto and arguments.out is None:
        raise wrong("--auto writes a new gains file: say where by --out NEW.yaml")
    if not arguments.auto and (arguments.out is not None or arguments.trials is not None):
        raise wrong("--out and --trials go with --auto")
    if arguments.auto and arguments.against is not None:
        raise wrong("--auto compares with the file that it began with: leave --against away")
    if arguments.auto and arguments.skill is not None:
        raise wrong("--auto searches the weights for all skills: leave --skill away")


def _search(arguments: argparse.Namespace, model: RobotModel, gains: Gains) -> dict[str, Any]:
    """Search, write the best gains and return what came of it."""
    from controllers.gains import gains_path
    from hybridctl.tuning.evaluation import TuningError
    from hybridctl.tuning.gains_writer import write_gains
    from hybridctl.tuning.measures import OBJECTIVE
    from hybridctl.tuning.search import search, study_path

    out: Path = arguments.out
    base = gains_path(arguments.file)
    if out.exists() and not study_path(out).exists():
        raise TuningError(f"{out} exists: choose another --out")
    if not out.resolve().parent.is_dir():
        raise TuningError(f"there is no folder {out.resolve().parent} for --out")
    trials = arguments.trials or TRIALS
    with Progress(console=ERRORS, transient=True) as progress:
        bar = progress.add_task("trials", total=trials)

        def tried(best: float) -> None:
            progress.update(bar, advance=1, description=f"trials, best objective {best:.3f}")

        found = search(
            gains,
            lambda one: _evaluate(arguments, model, one).score,
            trials=trials,
            seed=arguments.seed,
            out=out,
            setting={"scenarios": arguments.scenarios, "plant": arguments.plant, "objective": OBJECTIVE},
            tried=tried,
        )
    write_gains(
        out,
        found.gains,
        like=base,
        header=(
            f"Made by: hybridctl tune {base} --auto --trials {found.trials} --seed {arguments.seed} "
            f"--plant {arguments.plant} --scenarios {','.join(arguments.scenarios)} --out {out}",
            f"Objective: {found.score:.4f}, from {found.before:.4f} of {base.name}; {found.trials} trials "
            f"with seed {arguments.seed}.",
            f"It is the sum over scenarios of {', '.join(f'{k}/{v:g}' for k, v in OBJECTIVE.items())}.",
        ),
    )
    return {"score": found.score, "before": found.before, "trials": found.trials, "out": str(out)}


def _evaluate(
    arguments: argparse.Namespace, model: RobotModel, gains: Gains, done: Any = lambda: None
) -> Evaluation:
    from hybridctl.tuning.evaluation import evaluate

    return evaluate(
        gains,
        model=model,
        plant=arguments.plant,
        scenarios=arguments.scenarios,
        seed=arguments.seed,
        done=done,
    )


def _report(
    arguments: argparse.Namespace,
    results: dict[str, Evaluation],
    found: dict[str, Any] | None,
    paths: list[Path],
) -> dict[str, Any]:
    return {
        "plant": arguments.plant,
        "seed": arguments.seed,
        "skill": arguments.skill,
        "files": {n: {"objective": each.score, "scenarios": each.measures} for n, each in results.items()},
        "search": found,
        "plots": [str(path) for path in paths],
    }
