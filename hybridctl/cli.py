"""`hybridctl …`: the command line. Exit status 0 done, 1 the task failed, 2 bad usage or configuration."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hybridctl.commands import bench, check, collect, demo, memory, run, tasks, train, tune, view
from hybridctl.commands.console import ERRORS


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        ERRORS.print("interrupted")
        return 1
    except _configuration_errors() as error:
        ERRORS.print(f"hybridctl: {error}", style="red", markup=False)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hybridctl",
        description="A vision-language-action model moves an arm by a behavior tree, a memory and an MPC.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (run, demo, tasks, view, memory, check, bench, tune, collect, train):
        command.add(commands)
    return parser


def _configuration_errors() -> tuple[type[Exception], ...]:
    """Return what is the user's to mend: one line and exit status 2. Imported late, to keep `--help` fast."""
    from controllers.errors import ControllerError, GainsError
    from hybridctl.arms.errors import AddressError, ConnectionLost, WireError
    from hybridctl.bench.report import BenchError
    from hybridctl.data.collect import SeedError
    from hybridctl.data.lerobot_layout import DatasetError
    from hybridctl.messages.policy import PolicyError
    from hybridctl.record import RunFolderError
    from hybridctl.resume import ResumeError
    from hybridctl.sim.cameras import RenderError
    from hybridctl.sim.scene import SceneError
    from hybridctl.training.recipe import RecipeError
    from hybridctl.tuning.evaluation import TuningError
    from hybridctl.vla.errors import CheckpointError
    from hybridctl.vla.policy import InstructionError
    from world_state.errors import StoreError

    return (
        AddressError, BenchError, CheckpointError, ConnectionLost, ControllerError, DatasetError, GainsError,
        InstructionError, OSError, PolicyError, RecipeError, RenderError, ResumeError, RunFolderError,
        SceneError, SeedError, StoreError, TuningError, UnicodeError, WireError,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
