"""`hybridctl check`: say whether a part of yours meets the contract."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from hybridctl.commands.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
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
    gains = parts.add_parser(
        "gains",
        help="a gains file",
        description="Check a gains file, and say what follows from it: how far the MPC looks ahead, how fast "
        "it cruises, how far it brakes. Exit status 2 with file, key, value and range where it is wrong.",
    )
    gains.add_argument("file", nargs="?", type=Path, help="YAML file (default: the one that ships)")
    gains.add_argument("--robot", default="panda", help="name or MJCF file of its robot (default: panda)")
    gains.add_argument("--schema", action="store_true", help="print the JSON schema for editors instead")
    gains.set_defaults(run=_check_gains)


def _check_robot(arguments: argparse.Namespace) -> int:
    from hybridctl.checks import check_robot

    findings = check_robot(arguments.address)
    console = Console(highlight=False)
    for finding in findings:
        word = "[green]ok  [/]" if finding.passed else "[red]FAIL[/]"
        console.print(f"{word} {finding.name}: {finding.detail}")
    return 0 if all(finding.passed for finding in findings) else 1


def _check_gains(arguments: argparse.Namespace) -> int:
    from controllers.gains import gains_path, load_gains
    from controllers.robot_model import RobotModel
    from hybridctl.gains_check import gains_schema, summary

    if arguments.schema:
        sys.stdout.write(gains_schema())
        return 0
    gains = load_gains(arguments.file)
    table = summary(RobotModel.load(arguments.robot), gains)
    table.title = f"{gains_path(arguments.file)}: every key is right"
    Console(highlight=False).print(table)
    return 0
